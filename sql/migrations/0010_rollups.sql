-- Figures of both windows by site and shard, every few seconds; sum over the shards of one `at` (view `site_curve`).
CREATE TABLE rollups
(
    site_id           LowCardinality(String),
    window            Enum8('24h' = 1, '7d' = 2),
    at                DateTime64(3, 'UTC'),
    shard             UInt16,
    shards            UInt16,           -- how many shards there are
    online            UInt64,
    visitors          UInt64,
    visits            UInt64,
    pageviews         UInt64,
    stay_ms           UInt64,
    converting_visits UInt64,
    orders            UInt64,
    units             Int64,
    revenue           Int64
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (site_id, window, at, shard)
TTL toDateTime(at) + INTERVAL 400 DAY
