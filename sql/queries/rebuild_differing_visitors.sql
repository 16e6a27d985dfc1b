-- Stints and people of a shard whose live and rebuilt rows differ, or who have only one of them. Rows that are gone are none.
SELECT site_id, visitor_id, toUnixTimestamp64Milli(stint_start) AS stint_ms, person
FROM
(
    SELECT site_id, visitor_id, stint_start, person, version,
        cityHash64(formatRowNoNewline('TSV', * EXCEPT (
            version, order_version, latest_seen, part_version, part_row,
            in_segments, segment_id, segment_version, segment_since, segment_entries, segments_at, segments_basis, segments_due))) AS content
    FROM visitors FINAL
    WHERE shard = {shard:UInt16} AND NOT gone
    UNION ALL
    SELECT site_id, visitor_id, stint_start, person, version,
        cityHash64(formatRowNoNewline('TSV', * EXCEPT (
            version, order_version, latest_seen, part_version, part_row,
            in_segments, segment_id, segment_version, segment_since, segment_entries, segments_at, segments_basis, segments_due))) AS content
    FROM visitors_rebuilt FINAL
    WHERE shard = {shard:UInt16} AND NOT gone
)
GROUP BY site_id, visitor_id, stint_start, person
HAVING (count() = 1 OR uniqExact(content) > 1) AND max(version) <= {committed:UInt64}
ORDER BY site_id, visitor_id, stint_start, person
