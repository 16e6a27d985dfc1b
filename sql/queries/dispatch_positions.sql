-- How far each partition of the log of transitions was read.
SELECT partition, argMax(position, version) AS position
FROM dispatch_positions
GROUP BY partition
ORDER BY partition
