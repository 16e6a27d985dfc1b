-- Key hashes of some shards' other visitors: they are looked up when they come back.
SELECT shard, key_hash
FROM visitors FINAL
WHERE shard IN {shards:Array(UInt16)} AND last_seen < fromUnixTimestamp64Milli({since:Int64}, 'UTC')
