-- What was told of members, record by record, as the log has it: the row of a person can be made again from it.
CREATE TABLE member_data
(
    site_id     LowCardinality(String),
    member_id   String,
    shard       UInt16,
    log_offset  UInt64,
    received_at DateTime64(3, 'UTC'),
    as_of       DateTime64(3, 'UTC'),
    told        String CODEC(ZSTD(1))    -- JSON: values by attribute (ingest/members.py)
)
ENGINE = ReplacingMergeTree
ORDER BY (site_id, member_id, shard, log_offset)
