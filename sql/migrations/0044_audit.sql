-- Who changed what (docs/accounts.md). It names no visitor and no member.
CREATE TABLE audit
(
    site_id  LowCardinality(String),
    at       DateTime64(3, 'UTC'),
    audit_id String,                  -- random
    who_kind LowCardinality(String),  -- user, key
    who      String,                  -- the user's e-mail or the key's id
    what     LowCardinality(String),  -- segment.created, hook.changed ...
    which    String,                  -- id of what was changed; of an erasure its receipt's
    before   String,                  -- JSON, short; '' if there was nothing
    after    String,                  -- the same
    address  String                   -- the call came from there
)
ENGINE = ReplacingMergeTree
ORDER BY (site_id, at, audit_id)
TTL toDateTime(at) + INTERVAL 5 YEAR
