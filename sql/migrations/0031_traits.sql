-- Attributes of members that a site declares of its own (docs/members.md), with what came before: the greatest version counts.
CREATE TABLE traits
(
    site_id    LowCardinality(String),
    name       String,
    type       LowCardinality(String),       -- string, number, date, boolean
    label_ko   String,
    label_en   String,
    created_at DateTime64(3, 'UTC'),
    version    UInt64,
    deleted    Bool
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (site_id, name)
