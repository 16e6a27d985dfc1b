-- Rows of some visitors and members of a site: which segments each is in, as he was judged last, and to whom a visitor belongs.
SELECT visitor_id, person, member_id, in_segments, toUnixTimestamp64Milli(segments_at) AS judged_at
FROM visitors FINAL
WHERE site_id = {site_id:String} AND NOT gone
    AND (visitor_id IN {visitors:Array(String)} OR (visitor_id = '' AND person IN {members:Array(String)}))
