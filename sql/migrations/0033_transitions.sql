-- Entries into saved segments and exits from them, for analysts and for the API. An id stands here once, whatever is repeated after a crash.
CREATE TABLE transitions
(
    site_id         LowCardinality(String),
    segment_id      String,
    transition_id   String,
    segment_version UInt32,
    type            LowCardinality(String),        -- entered, exited
    person_id       String,                        -- member:M or visitor:V
    member_id       String,
    visitor_id      String,
    entry           UInt32,                        -- number of the entry of this person into this segment, from 1; 0: it came with a merge
    at              DateTime64(3, 'UTC'),
    since           DateTime64(3, 'UTC'),          -- of an exit: when he had entered
    reason          LowCardinality(String),        -- event, time, merge, edit, current, created, late, deleted
    fires           Bool,                          -- whether hooks are told
    shard           UInt16
)
ENGINE = ReplacingMergeTree
ORDER BY (site_id, segment_id, transition_id)
