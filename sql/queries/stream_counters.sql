-- Both windows of Live in one scan: people of the site and of a segment, and who of them is online. PREWHERE and WHERE: see live_report.sql.
SELECT
    countIf(last_seen >= fromUnixTimestamp64Milli({online_since:Int64}, 'UTC')) AS site_online,
    countIf(last_seen >= fromUnixTimestamp64Milli({day_since:Int64}, 'UTC')) AS site_day,
    count() AS site_week,
    countIf(member AND last_seen >= fromUnixTimestamp64Milli({online_since:Int64}, 'UTC')) AS online,
    countIf(member AND last_seen >= fromUnixTimestamp64Milli({day_since:Int64}, 'UTC')) AS day,
    countIf(member) AS week
FROM
(
    SELECT /* segment */ true AS member, row.last_seen AS last_seen
    FROM visitors AS row FINAL
    PREWHERE row.site_id = {site_id:String} AND row.latest_seen >= fromUnixTimestamp64Milli({week_since:Int64}, 'UTC')
    WHERE
        row.member_id = row.person AND NOT row.gone
        AND row.last_seen >= fromUnixTimestamp64Milli({week_since:Int64}, 'UTC')
)
