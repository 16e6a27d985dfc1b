-- How many people of the window a segment has, beside the whole site. PREWHERE and WHERE: see live_report.sql.
SELECT
    count() AS site_visitors,
    countIf(member) AS visitors,
    countIf(member AND last_seen >= fromUnixTimestamp64Milli({online_since:Int64}, 'UTC')) AS online
FROM
(
    SELECT /* segment */ true AS member, row.last_seen AS last_seen
    FROM visitors AS row FINAL
    PREWHERE row.site_id = {site_id:String} AND row.latest_seen >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')
    WHERE
        row.member_id = row.person AND NOT row.gone
        AND row.last_seen >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')
)
