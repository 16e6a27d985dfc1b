-- What segments the people of a shard are in, into the rebuilt rows: that is no function of events alone, but of when they were judged.
INSERT INTO visitors_rebuilt
SELECT rebuilt.* REPLACE (
    live.in_segments AS in_segments, live.segment_id AS segment_id, live.segment_version AS segment_version,
    live.segment_since AS segment_since, live.segment_entries AS segment_entries, live.segments_at AS segments_at,
    live.segments_basis AS segments_basis, live.segments_due AS segments_due)
FROM
(
    SELECT * FROM visitors_rebuilt FINAL WHERE shard = {shard:UInt16}
) AS rebuilt
INNER JOIN
(
    SELECT
        site_id, visitor_id, stint_start, person, in_segments, segment_id, segment_version, segment_since, segment_entries, segments_at,
        segments_basis, segments_due
    FROM visitors FINAL
    WHERE shard = {shard:UInt16}
        AND (notEmpty(segment_id) OR greatest(segments_at, segments_basis, segments_due) > fromUnixTimestamp64Milli(0, 'UTC'))
) AS live
    ON rebuilt.site_id = live.site_id AND rebuilt.visitor_id = live.visitor_id
    AND rebuilt.stint_start = live.stint_start AND rebuilt.person = live.person
