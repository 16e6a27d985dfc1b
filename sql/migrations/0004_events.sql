-- Raw events as accepted, bots included, in the order of the log: they arrive sorted, which keeps writing and merging cheap.
-- A flush that is repeated after a crash writes a row again with the same key:
-- read `current_events` for a view without repeats.
CREATE TABLE events
(
    site_id        LowCardinality(String),
    visitor_id     String,
    event_id       String,
    name           LowCardinality(String),
    occurred_at    DateTime64(3, 'UTC'),
    received_at    DateTime64(3, 'UTC'),
    sent_at        Nullable(DateTime64(3, 'UTC')),
    member_id      String,
    bot            Bool,
    server         Bool,                -- sent with the secret key
    pageview       Bool,
    url            String,
    title          String,
    referrer       String,
    search_keyword String,
    channel        LowCardinality(String),
    utm_source     LowCardinality(String),
    utm_medium     LowCardinality(String),
    utm_campaign   String,
    utm_term       String,
    utm_content    String,
    search_term    String,
    environment    LowCardinality(String),
    os             LowCardinality(String),
    browser        LowCardinality(String),
    app_version    LowCardinality(String),
    user_agent     String,
    ip             String,
    locale         LowCardinality(String),
    transaction_id String,
    value          Nullable(Int64),
    currency       LowCardinality(String),
    items Nested
    (
        item_id    String,
        item_name  String,
        price      Nullable(Int64),
        quantity   Int64,
        brand      String,
        category   String,
        category2  String,
        category3  String,
        category4  String,
        category5  String,
        variant    String
    ),
    properties     String,              -- JSON object of everything else
    shard          UInt16,
    log_offset     UInt64,
    dedup_key      UInt64
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(received_at)
ORDER BY (site_id, shard, log_offset)
SETTINGS min_bytes_for_wide_part = 67108864
