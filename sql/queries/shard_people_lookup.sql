-- Rows of people by site_id and member id (two arrays of one length).
SELECT * FROM visitors FINAL
WHERE visitor_id = ''
    AND (site_id, person) IN (SELECT arrayJoin(arrayZip({sites:Array(String)}, {members:Array(String)})))
