-- What is known of some transactions (two arrays of one length).
SELECT site_id, transaction_id, version, facts
FROM orders FINAL
WHERE (site_id, transaction_id) IN (SELECT arrayJoin(arrayZip({sites:Array(String)}, {transactions:Array(String)})))
