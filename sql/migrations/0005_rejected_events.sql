-- What was refused, by the door (shard 65535, log_offset = a hash of the item) or by the flow, with the reason and the text as it came.
CREATE TABLE rejected_events
(
    site_id     LowCardinality(String),
    received_at DateTime64(3, 'UTC'),
    reason      LowCardinality(String),
    detail      String,
    event       String,                 -- as it came, cut at 10,000 characters
    shard       UInt16,
    log_offset  UInt64
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(received_at)
ORDER BY (site_id, received_at, shard, log_offset)
