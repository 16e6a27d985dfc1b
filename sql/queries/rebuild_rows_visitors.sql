-- Rows of some visitors' stints (arrays of one length) and of some people, live or rebuilt.
SELECT * EXCEPT (
    version, order_version, latest_seen, part_version, part_row,
    in_segments, segment_id, segment_version, segment_since, segment_entries, segments_at, segments_basis, segments_due)
FROM {table:Identifier} FINAL
WHERE NOT gone
    AND (site_id, visitor_id, person) IN
        (SELECT arrayJoin(arrayZip({sites:Array(String)}, {ids:Array(String)}, {people:Array(String)})))
