-- Hooks: where a site wants to be told of entries and exits (docs/hooks.md). One row a change; the newest counts.
CREATE TABLE hooks
(
    site_id            LowCardinality(String),
    hook_id            String,
    version            UInt64,
    url                String,
    events             Array(LowCardinality(String)),  -- segment.entered, segment.exited
    every_segment      Bool,
    segments           Array(String),                  -- ids, if not every one
    again              LowCardinality(String),         -- always, once, not_within
    not_within_seconds UInt32,
    delay_seconds      UInt32,
    active             Bool,
    disabled_reason    String,                         -- why Sonnim made it inactive; '' if it did not
    secret             String,                         -- whsec_...; '' of a deleted hook
    old_secret         String,                         -- signs beside the new one
    old_secret_until   DateTime64(3, 'UTC'),
    created_at         DateTime64(3, 'UTC'),
    changed_at         DateTime64(3, 'UTC'),
    deleted            Bool
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (site_id, hook_id)
