-- What was told of a member up to the last record that erases him.
SELECT DISTINCT shard, log_offset, told
FROM member_data
WHERE site_id = {site_id:String} AND member_id = {member_id:String} AND member_id != '' AND log_offset <= {upto:UInt64}
