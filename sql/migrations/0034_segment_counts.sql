-- How many people are in each saved segment, by shard, every few seconds: health, progress and curve. `evaluated` of `people` in memory were
-- judged by this version when the row was written.
CREATE TABLE segment_counts
(
    site_id         LowCardinality(String),
    segment_id      String,
    at              DateTime64(3, 'UTC'),
    shard           UInt16,
    segment_version UInt32,
    members         UInt64,
    people          UInt64,
    evaluated       UInt64,
    as_of           DateTime64(3, 'UTC'),          -- changes until then are judged
    problem         String                         -- why it cannot be judged; '' if it can
)
ENGINE = ReplacingMergeTree
ORDER BY (site_id, segment_id, at, shard)
TTL toDateTime(at) + INTERVAL 30 DAY
