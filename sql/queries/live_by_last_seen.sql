-- A page of Live, newest activity first, after the place (after_seen, after_id). PREWHERE: see live_report.sql.
SELECT row.visitor_id AS visitor_id, toUnixTimestamp64Milli(row.last_seen) AS seen_at
FROM visitors AS row FINAL
PREWHERE row.site_id = {site_id:String} AND row.last_seen >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')
WHERE
    /* segment */ true
    AND ({after_seen:Int64} < 0
        OR row.last_seen < fromUnixTimestamp64Milli({after_seen:Int64}, 'UTC')
        OR (row.last_seen = fromUnixTimestamp64Milli({after_seen:Int64}, 'UTC') AND row.visitor_id > {after_id:String}))
    AND ({part:String} = '' OR position(row.visitor_id, {part:String}) > 0)
ORDER BY row.last_seen DESC, row.visitor_id
LIMIT {size:UInt32}
