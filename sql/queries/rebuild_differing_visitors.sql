-- Visitors of a shard whose live and rebuilt rows differ, or who have only one of them.
SELECT site_id, visitor_id
FROM
(
    SELECT site_id, visitor_id, version,
        cityHash64(formatRowNoNewline('TSV', * EXCEPT (version, order_version))) AS content
    FROM visitors FINAL
    WHERE shard = {shard:UInt16}
    UNION ALL
    SELECT site_id, visitor_id, version,
        cityHash64(formatRowNoNewline('TSV', * EXCEPT (version, order_version))) AS content
    FROM visitors_rebuilt FINAL
    WHERE shard = {shard:UInt16}
)
GROUP BY site_id, visitor_id
HAVING (count() = 1 OR uniqExact(content) > 1) AND max(version) <= {committed:UInt64}
ORDER BY site_id, visitor_id
