-- Visits folded out of the visitor's row: no acceptable event can change them any more. Read `current_visits` for all visits.
CREATE TABLE visits
(
    site_id        LowCardinality(String),
    visitor_id     String,
    start          DateTime64(3, 'UTC'),
    end            DateTime64(3, 'UTC'),
    pageviews      UInt32,
    cart_adds      UInt32,
    landing_page   String,
    referrer       String,
    search_keyword String,
    channel        LowCardinality(String),
    utm_source     String,
    utm_medium     String,
    utm_campaign   String,
    utm_term       String,
    utm_content    String
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(start)
ORDER BY (site_id, visitor_id, start)
