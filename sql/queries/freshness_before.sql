-- The newest commit of every partition there ever was. What lies in the future is a clock's that ran ahead: it tells nothing.
SELECT partition, toUnixTimestamp64Milli(max(at)) AS committed_at
FROM commits
WHERE at <= fromUnixTimestamp64Milli({until:Int64}, 'UTC')
GROUP BY partition
