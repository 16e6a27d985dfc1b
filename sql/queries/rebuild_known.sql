-- Key hashes of a shard's rebuilt visitors.
SELECT DISTINCT key_hash
FROM visitors_rebuilt
WHERE shard = {shard:UInt16}
