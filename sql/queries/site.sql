SELECT site_id, name, currency, timezone, toUnixTimestamp64Milli(created_at) AS created_at
FROM sites FINAL
WHERE site_id = {site_id:String} AND deleted = 0
