-- The processes that share the partitions of the log of transitions. One that has not said for a while that it lives has none.
CREATE TABLE dispatchers
(
    process_id String,
    beat       UInt64,
    alive      Bool,
    at         DateTime64(3, 'UTC') DEFAULT now64(3)  -- by ClickHouse's clock
)
ENGINE = ReplacingMergeTree(beat)
ORDER BY process_id
TTL toDateTime(at) + INTERVAL 1 DAY
