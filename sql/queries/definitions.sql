-- All versions of all segments, with the time zones of their sites; and the traits that are declared, as arrays of one length.
SELECT
    segments.site_id AS site_id, segment_id, version, expression, toUnixTimestamp64Milli(segments.created_at) AS created_at, deleted,
    fire_for_current, timezone, trait_name, trait_type
FROM (SELECT * FROM segments FINAL) AS segments
INNER JOIN
(
    SELECT site_id, timezone FROM sites FINAL
) AS sites ON segments.site_id = sites.site_id
LEFT JOIN
(
    SELECT site_id, groupArray(name) AS trait_name, groupArray(type) AS trait_type FROM traits FINAL WHERE deleted = 0 GROUP BY site_id
) AS traits ON segments.site_id = traits.site_id
ORDER BY site_id, segment_id, version
