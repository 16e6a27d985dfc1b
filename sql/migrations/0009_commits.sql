-- One row a flush: a worker starts from the greatest to_offset of its partition. Additive aggregates travel inside, so that
-- they are written once or not at all.
CREATE TABLE commits
(
    partition   UInt16,
    from_offset UInt64,
    to_offset   UInt64,
    at          DateTime64(3, 'UTC'),
    activity_site   Array(String),
    activity_minute Array(DateTime('UTC')),
    activity_by     Array(LowCardinality(String)),  -- event, environment, source, product
    activity_value  Array(String),
    activity_events Array(UInt64),
    activity_units  Array(Int64)
)
ENGINE = ReplacingMergeTree(to_offset)
ORDER BY (partition, from_offset)
