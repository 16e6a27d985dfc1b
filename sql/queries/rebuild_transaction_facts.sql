-- What is known of some transactions (two arrays of one length), as rebuilt.
SELECT site_id, transaction_id, version, facts
FROM orders_rebuilt FINAL
WHERE (site_id, transaction_id) IN (SELECT arrayJoin(arrayZip({sites:Array(String)}, {transactions:Array(String)})))
