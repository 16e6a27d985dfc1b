SELECT
    toString(key_hash) AS key_hash,
    toString(kind) AS kind,
    toUnixTimestamp64Milli(created_at) AS created_at,
    toUnixTimestamp64Milli(revoked_at) AS revoked_at,
    version
FROM site_keys FINAL
WHERE site_id = {site_id:String} AND key_id = {key_id:String}
