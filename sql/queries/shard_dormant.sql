-- Key hashes of some shards' other rows, of visitors and of people: they are looked up when they come back.
SELECT shard, key_hash, visitor_id = '' AS of_person
FROM visitors FINAL
WHERE shard IN {shards:Array(UInt16)} AND last_seen < fromUnixTimestamp64Milli({since:Int64}, 'UTC')
