-- Every version of the rows of transactions.
SELECT transaction_id, shard, version, facts, toUInt16(key_hash % 65536) AS tag
FROM orders
WHERE site_id = {site_id:String} AND transaction_id IN {transactions:Array(String)}
