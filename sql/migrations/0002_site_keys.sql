-- Keys are shown once and kept as SHA-256 hashes.
CREATE TABLE site_keys
(
    key_hash   FixedString(64),         -- lower-case hex
    site_id    String,
    key_id     String,                  -- public name of the key, printed in lists
    kind       Enum8('write' = 1, 'secret' = 2),
    created_at DateTime64(3, 'UTC'),
    revoked_at Nullable(DateTime64(3, 'UTC')),
    version    UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY key_hash
