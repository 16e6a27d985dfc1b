-- A page of Live, newest activity first, after the place (after_seen, after_id). PREWHERE and WHERE: see live_report.sql.
SELECT
    if(row.member_id = '', concat('visitor:', row.visitor_id), concat('member:', row.member_id)) AS person_id,
    row.member_id AS member_id,
    row.visitor_id AS visitor_id,
    toUnixTimestamp64Milli(row.last_seen) AS seen_at
FROM visitors AS row FINAL
PREWHERE row.site_id = {site_id:String} AND row.latest_seen >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')
WHERE
    row.member_id = row.person AND NOT row.gone
    AND row.last_seen >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')
    AND /* segment */ true
    AND ({after_seen:Int64} < 0
        OR row.last_seen < fromUnixTimestamp64Milli({after_seen:Int64}, 'UTC')
        OR (row.last_seen = fromUnixTimestamp64Milli({after_seen:Int64}, 'UTC') AND person_id > {after_id:String}))
    AND ({part:String} = ''
        OR position(row.member_id, {part:String}) > 0
        OR position(row.visitor_id, {part:String}) > 0
        OR arrayExists(
            (device, told) -> told != '' AND position(device, {part:String}) > 0, row.part_visitor, row.part_row))
ORDER BY row.last_seen DESC, person_id
LIMIT {size:UInt32}
