-- Every version of every segment of a site.
SELECT segment_id, version, expression
FROM segments FINAL
WHERE site_id = {site_id:String}
