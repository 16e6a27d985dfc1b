-- Sums of a Live Report in one scan: one row for the members of the segment, one for everyone else (none if there are none).
-- A visit is in the window by its last activity and counts whole; its orders are in visit_orders, net of refunds.
-- PREWHERE is right before FINAL here: a visitor's last_seen never goes back from one version to the next.
WITH arrayMap(end -> end >= fromUnixTimestamp64Milli({since:Int64}, 'UTC'), row.visit_end) AS in_window
SELECT
    toBool(/* segment */ true) AS member,
    count() AS visitors,
    sumArray(in_window) AS visits,
    sumIfArray(row.visit_pageviews, in_window) AS pageviews,
    sumIfArray(
        arrayMap(
            (start, end) -> toUnixTimestamp64Milli(end) - toUnixTimestamp64Milli(start),
            row.visit_start, row.visit_end),
        in_window) AS stay_ms,
    sumArray(arrayMap((placed, inside) -> placed > 0 AND inside, row.visit_orders, in_window)) AS converting_visits,
    sumIfArray(row.visit_orders, in_window) AS orders,
    sumIfArray(row.visit_units, in_window) AS units,
    sumIfArray(row.visit_revenue, in_window) AS revenue
FROM visitors AS row FINAL
PREWHERE row.site_id = {site_id:String} AND row.last_seen >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')
GROUP BY member
