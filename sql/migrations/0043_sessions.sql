-- Who is signed in. Only the hash of a session's token is kept; the row of one that ended has the greatest version there is.
CREATE TABLE sessions
(
    token_hash       String,                -- SHA-256, lower-case hex
    user_id          String,
    password_version UInt64,                -- of the user when he signed in
    created_at       DateTime64(3, 'UTC'),
    seen_at          DateTime64(3, 'UTC'),  -- last used, to some minutes
    ended            Bool,
    version          UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY token_hash
TTL toDateTime(created_at) + INTERVAL 5 YEAR
