-- Key hashes of the transactions some shards keep.
SELECT DISTINCT shard, key_hash
FROM orders
WHERE shard IN {shards:Array(UInt16)}
