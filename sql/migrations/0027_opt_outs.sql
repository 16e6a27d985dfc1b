-- Addresses that nothing may be sent to, as keyed hashes (api/opt_outs.py): who has the table alone cannot tell whose they are.
CREATE TABLE opt_outs
(
    site_id      LowCardinality(String),
    channel      LowCardinality(String),     -- phone
    address_hash FixedString(64),            -- lower-case hex
    reason       LowCardinality(String),     -- erasure
    at           DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(at)
ORDER BY (site_id, channel, address_hash)
