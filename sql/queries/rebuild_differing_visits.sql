-- Folded visits of a shard that differ, or are in one table only. They count once their stint's row has let go of them
-- (as in current_visits); visitors ahead of the commit are left out.
WITH owners AS
(
    SELECT site_id, visitor_id, stint_start, last_seen
    FROM visitors FINAL
    WHERE shard = {shard:UInt16} AND version <= {committed:UInt64} AND person = '' AND NOT gone
)
SELECT site_id, visitor_id, toUnixTimestamp64Milli(start) AS start_ms
FROM
(
    SELECT visit.site_id AS site_id, visit.visitor_id AS visitor_id, visit.start AS start, visit.content AS content
    FROM
        (
            SELECT site_id, visitor_id, stint_start, start, end, cityHash64(formatRowNoNewline('TSV', *)) AS content
            FROM visits FINAL
        ) AS visit
        INNER JOIN owners
        ON visit.site_id = owners.site_id AND visit.visitor_id = owners.visitor_id AND visit.stint_start = owners.stint_start
    WHERE visit.end < owners.last_seen - INTERVAL 8 DAY
    UNION ALL
    SELECT visit.site_id AS site_id, visit.visitor_id AS visitor_id, visit.start AS start, visit.content AS content
    FROM
        (
            SELECT site_id, visitor_id, stint_start, start, end, cityHash64(formatRowNoNewline('TSV', *)) AS content
            FROM visits_rebuilt FINAL
        ) AS visit
        INNER JOIN owners
        ON visit.site_id = owners.site_id AND visit.visitor_id = owners.visitor_id AND visit.stint_start = owners.stint_start
    WHERE visit.end < owners.last_seen - INTERVAL 8 DAY
)
GROUP BY site_id, visitor_id, start
HAVING count() = 1 OR uniqExact(content) > 1
ORDER BY site_id, visitor_id, start
