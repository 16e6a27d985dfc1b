-- Visits of visitors that were folded away, with what tells one from others without naming anybody; times as epoch ms.
SELECT DISTINCT
    visitor_id,
    toUnixTimestamp64Milli(start) AS begin,
    toUnixTimestamp64Milli(end) AS ended_at,
    pageviews,
    toUInt16(sipHash64(visitor_id) % 65536) AS tag
FROM visits
WHERE site_id = {site_id:String} AND visitor_id IN {visitors:Array(String)}
