-- Hooks of a site that are not deleted, oldest first: all ({hook_id} ''), or one.
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
WHERE site_id = {site_id:String} AND ({hook_id:String} = '' OR hook_id = {hook_id:String}) AND NOT deleted
ORDER BY created, hook_id
