-- Deliveries of a site by hook: of those made since a moment how many have which status, and all that wait. A delivery is made once, and every
-- change of it is a row more: the newest counts.
SELECT
    hook_id,
    countIf(latest.status = 'delivered' AND latest.created >= {since:Int64}) AS delivered,
    countIf(latest.status = 'failed' AND latest.created >= {since:Int64}) AS failed,
    countIf(latest.status = 'skipped' AND latest.created >= {since:Int64}) AS skipped,
    countIf(latest.status = 'waiting') AS waiting,
    minIf(latest.created, latest.status = 'waiting') AS waiting_since,
    minIf(latest.next_at, latest.status = 'waiting') AS next_attempt_at,
    maxIf(latest.changed, latest.status = 'delivered') AS last_delivered_at
FROM
(
    SELECT
        hook_id,
        argMax(status, version) AS status,
        argMax(toUnixTimestamp64Milli(next_attempt_at), version) AS next_at,
        argMax(toUnixTimestamp64Milli(changed_at), version) AS changed,
        min(toUnixTimestamp64Milli(created_at)) AS created
    FROM deliveries
    WHERE
        site_id = {site_id:String}
        AND (
            created_at >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')
            OR (hook_id, webhook_id) GLOBAL IN
            (
                SELECT hook_id, webhook_id
                FROM deliveries
                WHERE site_id = {site_id:String} AND status = 'waiting'
            )
        )
    GROUP BY hook_id, webhook_id
) AS latest
GROUP BY hook_id
ORDER BY hook_id
