-- Deliveries of some hooks that wait and are due, up to {size} of each. Rows of those that waited once are looked for first, by their
-- state; then all versions of these tell which wait still.
SELECT site_id, hook_id, webhook_id
FROM deliveries
WHERE hook_id IN {hook_ids:Array(String)} AND (site_id, hook_id, webhook_id) GLOBAL IN
    (
        SELECT site_id, hook_id, webhook_id
        FROM deliveries
        WHERE status = 'waiting'
            AND hook_id IN {hook_ids:Array(String)}
            AND partition IN {shards:Array(UInt16)}
            AND next_attempt_at <= fromUnixTimestamp64Milli({now:Int64}, 'UTC')
    )
GROUP BY site_id, hook_id, webhook_id
HAVING argMax(status, version) = 'waiting' AND argMax(next_attempt_at, version) <= fromUnixTimestamp64Milli({now:Int64}, 'UTC')
ORDER BY argMax(next_attempt_at, version), webhook_id
LIMIT {size:UInt32} BY hook_id
