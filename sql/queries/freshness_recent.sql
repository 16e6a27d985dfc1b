-- The newest commit of each partition that has one since a moment; the index on `at` skips what is older.
SELECT partition, toUnixTimestamp64Milli(max(at)) AS committed_at
FROM commits
WHERE at >= fromUnixTimestamp64Milli({since:Int64}, 'UTC') AND at <= fromUnixTimestamp64Milli({until:Int64}, 'UTC')
GROUP BY partition
