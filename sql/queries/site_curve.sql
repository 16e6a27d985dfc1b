-- Figures of a site over time: of each step the last moment.
SELECT
    toUnixTimestamp64Milli(at) AS moment,
    online,
    visitors,
    visits,
    pageviews,
    stay_ms,
    converting_visits,
    orders,
    units,
    revenue
FROM
(
    SELECT *
    FROM site_curve
    WHERE
        site_id = {site_id:String}
        AND window = {window:String}
        AND at > fromUnixTimestamp64Milli({since:Int64}, 'UTC')
        AND at <= fromUnixTimestamp64Milli({until:Int64}, 'UTC')
    ORDER BY at DESC
    LIMIT 1 BY intDiv(toUnixTimestamp64Milli(at) - {since:Int64} - 1, {step:Int64})
)
ORDER BY moment
