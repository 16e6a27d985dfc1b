-- Saved segments: the whole history of versions stays; the newest counts.
CREATE TABLE segments
(
    site_id    String,
    segment_id String,
    version    UInt32,                  -- 1, 2, 3 ... one an edit
    name       String,
    expression String,                  -- JSON
    created_at DateTime64(3, 'UTC'),    -- of this version
    deleted    UInt8 DEFAULT 0
)
ENGINE = ReplacingMergeTree
ORDER BY (site_id, segment_id, version)
