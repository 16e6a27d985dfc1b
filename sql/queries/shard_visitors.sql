-- Rows of a shard's visitors seen since a time: a worker's memory when it starts.
SELECT * FROM visitors FINAL WHERE shard = {shard:UInt16} AND last_seen >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')
