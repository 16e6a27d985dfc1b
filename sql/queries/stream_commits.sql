-- How far each partition is written, and until when everything received is in it, of those that committed since a moment.
SELECT partition, max(to_offset) AS to_offset, toUnixTimestamp64Milli(max(at)) AS committed_at
FROM commits
WHERE at >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')
GROUP BY partition
ORDER BY partition
