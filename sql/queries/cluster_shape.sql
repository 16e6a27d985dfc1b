-- Shards of a cluster of ClickHouse's configuration, and how many replicas each has.
SELECT shard_num, count() AS replicas, min(internal_replication) AS internal_replication
FROM system.clusters
WHERE cluster = {cluster:String}
GROUP BY shard_num
ORDER BY shard_num
