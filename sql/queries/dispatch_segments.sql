-- Saved segments of all sites that are not deleted.
SELECT site_id, segment_id
FROM segments
GROUP BY site_id, segment_id
HAVING argMax(deleted, version) = 0
