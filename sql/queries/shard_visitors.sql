-- Rows of some shards' visitors seen since a time: a process's memory when it starts.
SELECT * FROM visitors FINAL WHERE shard IN {shards:Array(UInt16)} AND last_seen >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')
