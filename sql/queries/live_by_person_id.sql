-- A page of Live or of a segment's members, by person_id, after (after_visitor, after_member), one of which is ''. That is the order of
-- the table's key: people of members have no visitor_id and come first. PREWHERE and WHERE: see live_report.sql.
SELECT
    if(row.member_id = '', concat('visitor:', row.visitor_id), concat('member:', row.member_id)) AS person_id,
    row.member_id AS member_id,
    row.visitor_id AS visitor_id,
    toUnixTimestamp64Milli(row.last_seen) AS seen_at
FROM visitors AS row FINAL
PREWHERE
    row.site_id = {site_id:String}
    AND row.visitor_id >= {after_visitor:String}
    AND (row.visitor_id > {after_visitor:String} OR row.person > {after_member:String})
    AND row.latest_seen >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')
WHERE
    row.member_id = row.person AND NOT row.gone
    AND row.last_seen >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')
    AND /* segment */ true
    AND ({part:String} = ''
        OR position(row.member_id, {part:String}) > 0
        OR position(row.visitor_id, {part:String}) > 0
        OR arrayExists(
            (device, told) -> told != '' AND position(device, {part:String}) > 0, row.part_visitor, row.part_row))
ORDER BY row.visitor_id, row.person
LIMIT {size:UInt32}
