-- Key hashes of a shard's other visitors: they are looked up when they come back.
SELECT key_hash
FROM visitors FINAL
WHERE shard = {shard:UInt16} AND last_seen < fromUnixTimestamp64Milli({since:Int64}, 'UTC')
