SELECT held.key_id AS key_id, held.site_id AS site_id, toString(held.kind) AS kind, site.currency AS currency, site.timezone AS timezone
FROM (SELECT * FROM site_keys FINAL WHERE key_hash = {key_hash:String}) AS held
INNER JOIN (SELECT * FROM sites FINAL WHERE deleted = 0) AS site ON site.site_id = held.site_id
WHERE held.revoked_at IS NULL
