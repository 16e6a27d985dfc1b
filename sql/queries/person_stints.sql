-- Stints of some visitors, in the order of their time: whose each is, when it begins, and the first millisecond after its logout or 0.
SELECT
    visitor_id,
    member_id,
    toUnixTimestamp64Milli(stint_start) AS begin,
    toUnixTimestamp64Milli(stint_end) AS ended_at
FROM visitors FINAL
WHERE site_id = {site_id:String} AND visitor_id IN {visitor_ids:Array(String)} AND person = '' AND NOT gone
ORDER BY visitor_id, begin
