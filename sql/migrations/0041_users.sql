-- People who sign in (docs/accounts.md). One row a change; the newest counts.
CREATE TABLE users
(
    user_id          String,                  -- random
    email            String,                  -- normalised
    name             String,
    language         LowCardinality(String),  -- ko, en
    password         String,                  -- scrypt with its parameters and salt (api/accounts/passwords.py)
    password_version UInt64,                  -- changes with the password; sessions of another one are over
    created_at       DateTime64(3, 'UTC'),
    version          UInt64,
    deleted          Bool
)
ENGINE = ReplacingMergeTree(version)
ORDER BY user_id
