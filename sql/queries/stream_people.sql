-- Who of these members and of these visitors is a person of the window and in the segment, newest activity first.
SELECT
    if(row.member_id = '', concat('visitor:', row.visitor_id), concat('member:', row.member_id)) AS person_id,
    row.version AS version,
    toUnixTimestamp64Milli(row.segments_at) AS judged_at,
    toUnixTimestamp64Milli(row.last_seen) AS seen_at
FROM visitors AS row FINAL
PREWHERE
    row.site_id = {site_id:String}
    AND (row.visitor_id IN {visitor_ids:Array(String)} OR (row.visitor_id = '' AND row.person IN {member_ids:Array(String)}))
WHERE
    row.member_id = row.person AND NOT row.gone
    AND row.last_seen >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')
    AND /* segment */ true
ORDER BY row.last_seen DESC, person_id
