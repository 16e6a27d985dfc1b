-- Key hashes of the transactions a shard keeps.
SELECT DISTINCT key_hash
FROM orders
WHERE shard = {shard:UInt16}
