-- Rows of visitors, all their stints, by site_id and visitor_id (two arrays of one length).
SELECT * FROM visitors FINAL
WHERE (site_id, visitor_id) IN (SELECT arrayJoin(arrayZip({sites:Array(String)}, {visitors:Array(String)})))
