-- How many rows `shard_visitors` has.
SELECT count() AS visitors
FROM visitors FINAL
WHERE shard IN {shards:Array(UInt16)} AND last_seen >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')
