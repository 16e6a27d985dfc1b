-- Which of some conditions hold for one row of `visitors`, and the values they are about (as JSON), in their order.
SELECT [/* conditions */ true] AS truths, [/* values */ ''] AS told
FROM visitors AS row FINAL
WHERE
    row.site_id = {site_id:String}
    AND row.visitor_id = {visitor_id:String}
    AND row.stint_start = fromUnixTimestamp64Milli({began_at:Int64}, 'UTC')
    AND row.person = {person:String}
    AND NOT row.gone
