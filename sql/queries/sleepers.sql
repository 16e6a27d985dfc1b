-- People who were not seen for long, so that no flow has them in memory, and who have to be judged: because of the time, or because
-- their site has definitions that may concern them (`sites` and `moments`: arrays of one length).
SELECT shard, site_id, visitor_id, person
FROM visitors FINAL
WHERE
    last_seen < fromUnixTimestamp64Milli({since:Int64}, 'UTC')
    AND member_id = person
    AND NOT gone
    AND (
        (segments_due > fromUnixTimestamp64Milli(0, 'UTC') AND segments_due <= fromUnixTimestamp64Milli({upto:Int64}, 'UTC'))
        OR toUnixTimestamp64Milli(segments_basis) < transform(toString(site_id), {sites:Array(String)}, {moments:Array(Int64)}, toInt64(0))
    )
LIMIT {most:UInt32} BY shard
