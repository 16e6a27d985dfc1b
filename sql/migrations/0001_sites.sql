-- Definitions: one row a site and version; the newest version counts.
CREATE TABLE sites
(
    site_id    String,
    name       String,
    currency   LowCardinality(String),  -- ISO 4217: the one currency revenue is summed in
    timezone   LowCardinality(String),  -- IANA name
    created_at DateTime64(3, 'UTC'),
    deleted    UInt8 DEFAULT 0,
    version    UInt64                   -- epoch microseconds of the change
)
ENGINE = ReplacingMergeTree(version)
ORDER BY site_id
