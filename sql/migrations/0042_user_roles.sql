-- What a person who signs in may do at a site. One row a change; the newest counts.
CREATE TABLE user_roles
(
    user_id String,
    site_id LowCardinality(String),
    role    LowCardinality(String),  -- viewer, editor, admin; '' for none any more
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (user_id, site_id)
