-- Key hashes of the transactions a shard keeps.
SELECT DISTINCT reinterpretAsUInt64(substring(MD5(concat(site_id, '/', transaction_id)), 1, 8)) AS key_hash
FROM orders
WHERE shard = {shard:UInt16}
