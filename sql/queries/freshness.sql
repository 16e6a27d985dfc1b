-- The newest commit of every partition there ever was.
SELECT partition, toUnixTimestamp64Milli(max(at)) AS committed_at
FROM commits
GROUP BY partition
