SELECT segment_id, version, name, expression, toUnixTimestamp64Milli(created_at) AS created_at, deleted, fire_for_current
FROM segments FINAL
WHERE site_id = {site_id:String} AND segment_id = {segment_id:String}
ORDER BY version DESC
