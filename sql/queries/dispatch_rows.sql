-- Deliveries by their ids, as they are now.
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
WHERE site_id IN {site_ids:Array(String)} AND hook_id IN {hook_ids:Array(String)} AND webhook_id IN {ids:Array(String)}
ORDER BY next_attempt_at, webhook_id
