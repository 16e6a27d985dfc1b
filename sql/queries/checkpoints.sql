-- How far the log of each partition has been applied, and when that was said last.
SELECT partition, max(to_offset) AS to_offset, toUnixTimestamp64Milli(max(at)) AS at
FROM commits
GROUP BY partition
ORDER BY partition
