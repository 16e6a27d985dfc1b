SELECT
    key_id,
    site_id,
    toString(kind) AS kind,
    toUnixTimestamp64Milli(created_at) AS created_at,
    toUnixTimestamp64Milli(revoked_at) AS revoked_at
FROM site_keys FINAL
WHERE site_id = {site_id:String}
ORDER BY created_at, key_id
