-- Sums of a Live Report in one scan: a row for the people in the segment (side 1), one for everyone else (side 0), none for none.
-- A visit is in the window by its last activity and counts whole; its orders are in visit_orders, net of refunds.
-- PREWHERE is asked of every version of a row, before FINAL: there may stand the key, and latest_seen, which never goes back from one
-- version to the next. What may change in any way (whose it is, whether it is gone, last_seen itself) is asked of the newest, after it.
-- A row is a person's (a visitor nobody knows, or a member with all his devices) where member_id = person. Elsewhere that stands in WHERE;
-- here rows of nobody are summed too, on side -1: to leave them out would copy all arrays of the others, a tenth of the query's time.
-- (And the end of the last visit stands for last_seen, which it is: one column less to read.)
WITH arrayMap(end -> end >= fromUnixTimestamp64Milli({since:Int64}, 'UTC'), row.visit_end) AS in_window
SELECT
    if(
        row.member_id = row.person AND NOT row.gone
            AND row.visit_end[-1] >= fromUnixTimestamp64Milli({since:Int64}, 'UTC'),
        toInt8(/* segment */ true), -1) AS side,
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
PREWHERE row.site_id = {site_id:String} AND row.latest_seen >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')
GROUP BY side
