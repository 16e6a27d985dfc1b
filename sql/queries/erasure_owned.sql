-- Transactions that visitors own or ever owned.
SELECT DISTINCT transaction_id
FROM orders
WHERE site_id = {site_id:String} AND visitor_id IN {visitors:Array(String)}
SETTINGS use_query_condition_cache = 0
