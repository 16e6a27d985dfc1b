-- Stints of visitors as they are now, times as epoch ms; the days are the site's.
SELECT
    visitor_id,
    member_id,
    shard,
    version,
    toUnixTimestamp64Milli(stint_start) AS begin,
    toUnixTimestamp64Milli(stint_end) AS ended_at,
    toUnixTimestamp64Milli(first_seen) AS first,
    toUnixTimestamp64Milli(last_seen) AS last,
    toString(toDate(first_seen, {timezone:String})) AS first_day,
    toString(toDate(last_seen, {timezone:String})) AS last_day,
    visits,
    pageviews,
    orders,
    units,
    revenue
FROM visitors FINAL
WHERE site_id = {site_id:String} AND visitor_id IN {visitors:Array(String)} AND person = '' AND NOT gone
ORDER BY visitor_id, stint_start
