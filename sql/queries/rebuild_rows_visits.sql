-- Folded visits of some visitors (two arrays of one length), live or rebuilt.
SELECT * FROM {table:Identifier} FINAL
WHERE (site_id, visitor_id) IN (SELECT arrayJoin(arrayZip({sites:Array(String)}, {ids:Array(String)})))
