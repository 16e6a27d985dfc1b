-- When hooks were told last, or are about to be told, of some people's entries or exits.
SELECT hook_id, segment AS segment_id, person AS person_id, event AS type, max(told) AS told_at
FROM
(
    SELECT
        hook_id,
        webhook_id,
        any(segment_id) AS segment,
        any(person_id) AS person,
        any(type) AS event,
        any(toUnixTimestamp64Milli(at)) AS told,
        argMax(status, version) AS last
    FROM deliveries
    WHERE site_id IN {site_ids:Array(String)} AND hook_id IN {hook_ids:Array(String)} AND person_id IN {people:Array(String)}
    GROUP BY hook_id, webhook_id
)
WHERE last != 'skipped' AND event != 'hook.test'
GROUP BY hook_id, segment, person, event
