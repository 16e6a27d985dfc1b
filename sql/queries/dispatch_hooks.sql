-- Hooks of all sites that are not deleted.
SELECT
    site_id,
    hook_id,
    version,
    url,
    events,
    every_segment,
    segments,
    again,
    not_within_seconds,
    delay_seconds,
    active,
    disabled_reason,
    secret,
    old_secret,
    toUnixTimestamp64Milli(old_secret_until) AS old_until,
    toUnixTimestamp64Milli(created_at) AS created,
    toUnixTimestamp64Milli(changed_at) AS changed
FROM hooks FINAL
WHERE NOT deleted
ORDER BY site_id, created, hook_id
