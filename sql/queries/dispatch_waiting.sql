-- How many deliveries wait.
SELECT count() AS waiting
FROM
(
    SELECT site_id, hook_id, webhook_id
    FROM deliveries
    WHERE (site_id, hook_id, webhook_id) GLOBAL IN
        (
            SELECT site_id, hook_id, webhook_id
            FROM deliveries
            WHERE status = 'waiting'
        )
    GROUP BY site_id, hook_id, webhook_id
    HAVING argMax(status, version) = 'waiting'
)
