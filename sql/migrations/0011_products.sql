-- Names of products as last told by an event.
CREATE TABLE products
(
    site_id   LowCardinality(String),
    item_id   String,
    item_name String,
    category  String,
    brand     String,
    price     Nullable(Int64),
    seen_at   DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(seen_at)
ORDER BY (site_id, item_id)
