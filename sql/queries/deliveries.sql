-- Deliveries of a hook, newest first, after {after} and {after_id}: of a status, or all ({status} '').
SELECT
    site_id,
    hook_id,
    webhook_id,
    version,
    partition,
    transition_id,
    type,
    segment_id,
    person_id,
    member_id,
    visitor_id,
    entry,
    toUnixTimestamp64Milli(at) AS at_ms,
    status,
    reason,
    recheck,
    attempts,
    toUnixTimestamp64Milli(next_attempt_at) AS next_ms,
    last_status,
    last_error,
    body,
    toUnixTimestamp64Milli(created_at) AS created_ms,
    toUnixTimestamp64Milli(changed_at) AS changed_ms
FROM deliveries FINAL
WHERE site_id = {site_id:String} AND hook_id = {hook_id:String}
    AND ({status:String} = '' OR status = {status:String})
    AND ({webhook_id:String} = '' OR webhook_id = {webhook_id:String})
    AND (toUnixTimestamp64Milli(created_at), webhook_id) < ({after:Int64}, {after_id:String})
ORDER BY created_at DESC, webhook_id DESC
LIMIT {size:UInt32}
