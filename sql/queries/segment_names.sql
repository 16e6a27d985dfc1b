-- Names of some saved segments that are not deleted.
SELECT segment_id, argMax(name, version) AS newest_name
FROM segments
WHERE site_id = {site_id:String} AND segment_id IN {segments:Array(String)}
GROUP BY segment_id
HAVING argMax(deleted, version) = 0
ORDER BY newest_name, segment_id
