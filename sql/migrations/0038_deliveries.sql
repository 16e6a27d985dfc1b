-- The ledger of hooks: what each was told or is to be told of, and what became of it (docs/hooks.md). One row a change; the newest
-- counts. A row that waits is sent by the process that has its partition of the log of transitions.
CREATE TABLE deliveries
(
    site_id         LowCardinality(String),
    hook_id         String,
    webhook_id      String,                        -- msg_..., made of transition and hook
    version         UInt64,
    partition       UInt16,                        -- of the log of transitions
    transition_id   String,
    type            LowCardinality(String),        -- segment.entered, segment.exited, hook.test
    segment_id      String,
    person_id       String,
    member_id       String,
    visitor_id      String,
    entry           UInt32,
    at              DateTime64(3, 'UTC'),          -- of the transition
    status          LowCardinality(String),        -- waiting, delivered, failed, skipped
    reason          LowCardinality(String),        -- why it was skipped, or failed before its attempts were used up
    recheck         Bool,                          -- whether membership is looked at again before it is sent
    attempts        UInt16,
    next_attempt_at DateTime64(3, 'UTC'),          -- of one that waits
    last_status     UInt16,                        -- HTTP status of the last attempt; 0: no answer
    last_error      String,
    body            String CODEC(ZSTD(1)),
    created_at      DateTime64(3, 'UTC'),
    changed_at      DateTime64(3, 'UTC'),
    INDEX people person_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX states status TYPE set(8) GRANULARITY 1
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (site_id, hook_id, webhook_id)
SETTINGS index_granularity = 1024
