SELECT segment_id, version, name, expression, created_at, deleted, fire_for_current
FROM
(
    SELECT segment_id, version, name, expression, toUnixTimestamp64Milli(created_at) AS created_at, deleted, fire_for_current
    FROM segments FINAL
    WHERE site_id = {site_id:String}
    ORDER BY version DESC
    LIMIT 1 BY segment_id
)
WHERE deleted = 0
ORDER BY name, segment_id
