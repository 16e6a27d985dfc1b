SELECT site_id, name, currency, timezone, toUnixTimestamp64Milli(created_at) AS created_at
FROM sites FINAL
WHERE deleted = 0
ORDER BY site_id
