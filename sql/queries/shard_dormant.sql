-- Key hashes of a shard's other visitors: they are looked up when they come back.
SELECT reinterpretAsUInt64(substring(MD5(concat(site_id, '/', visitor_id)), 1, 8)) AS key_hash
FROM visitors FINAL
WHERE shard = {shard:UInt16} AND last_seen < fromUnixTimestamp64Milli({since:Int64}, 'UTC')
