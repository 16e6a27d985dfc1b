-- Erasures of people: the queue while they are under way, and their receipts for ever (docs/erasure.md). A receipt holds no id of
-- the person: `work` does until it is done, is emptied then, and the rows before it are deleted.
CREATE TABLE erasures
(
    site_id      LowCardinality(String),
    receipt_id   String,                     -- random
    version      UInt64,
    state        LowCardinality(String),     -- requested, erasing, settling, done
    requested_at DateTime64(3, 'UTC'),
    erased_until Nullable(DateTime64(3, 'UTC')),  -- what the person did before this moment was erased
    finished_at  Nullable(DateTime64(3, 'UTC')),
    runner       String,                     -- process that works on it
    touched_at   DateTime64(3, 'UTC'),       -- when that process said so last
    work         String,                     -- JSON: who is erased, and how far it is
    removed_from Array(LowCardinality(String)),
    removed_rows Array(UInt64),              -- from each of these
    opt_outs     UInt32,                     -- addresses kept as a hash (0027_opt_outs.sql)
    -- what the person had counted for, as taken away from the totals
    visits       UInt64,
    pageviews    UInt64,
    orders       UInt64,
    units        Int64,
    revenue      Int64,                      -- minor units of the site's currency
    first_day    Nullable(Date),             -- in the site's time zone
    last_day     Nullable(Date)
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (site_id, receipt_id)
