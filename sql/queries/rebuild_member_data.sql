-- What was told of members of a shard, up to an offset of its log, record by record; times as epoch ms.
SELECT site_id, member_id, told, toUnixTimestamp64Milli(received_at) AS received_at, toUnixTimestamp64Milli(as_of) AS as_of
FROM member_data FINAL
WHERE shard = {shard:UInt16} AND log_offset <= {upto:UInt64}
ORDER BY log_offset
