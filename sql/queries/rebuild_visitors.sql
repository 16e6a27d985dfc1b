-- Rebuilt rows of visitors by site_id and visitor_id (two arrays of one length).
SELECT * FROM visitors_rebuilt FINAL
WHERE (site_id, visitor_id) IN (SELECT arrayJoin(arrayZip({sites:Array(String)}, {visitors:Array(String)})))
