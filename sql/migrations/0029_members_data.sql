-- What a shop told of a member himself (docs/members.md), in the row of his person; in all other rows these are as if nothing was told.
-- Arrays of one prefix have one length. `profile` is what the other columns are made from: what was told of each attribute, and as of when.
ALTER TABLE visitors
    ADD COLUMN IF NOT EXISTS profile             String CODEC(ZSTD(1)),               -- JSON (flows/visitors/profiles.py), '' if nothing was told
    ADD COLUMN IF NOT EXISTS member_name         String,
    ADD COLUMN IF NOT EXISTS member_grade        LowCardinality(String),
    ADD COLUMN IF NOT EXISTS member_points       Nullable(Int64),
    ADD COLUMN IF NOT EXISTS member_joined_at    Nullable(DateTime64(3, 'UTC')),
    ADD COLUMN IF NOT EXISTS member_birthday     String,                              -- '1990-05-17', or '05-17' if nobody knows the year
    ADD COLUMN IF NOT EXISTS member_birthday_day UInt16,                              -- its day in a leap year, 1 to 366: 60 is February 29; 0: absent
    ADD COLUMN IF NOT EXISTS member_as_of        Nullable(DateTime64(3, 'UTC')),      -- greatest moment that anything was told as of
    ADD COLUMN IF NOT EXISTS kakao_friend        Nullable(UInt8),                     -- 0 or 1
    ADD COLUMN IF NOT EXISTS consent_channel     Array(String),                       -- sms, kakao, push, email, night
    ADD COLUMN IF NOT EXISTS consent_granted     Array(UInt8),                        -- 0 or 1
    ADD COLUMN IF NOT EXISTS consent_at          Array(DateTime64(3, 'UTC')),
    ADD COLUMN IF NOT EXISTS consent_source      Array(String),
    ADD COLUMN IF NOT EXISTS coupon_id           Array(String),
    ADD COLUMN IF NOT EXISTS coupon_name         Array(String),
    ADD COLUMN IF NOT EXISTS coupon_issued_at    Array(DateTime64(3, 'UTC')),         -- epoch 0: nobody said
    ADD COLUMN IF NOT EXISTS coupon_expires_at   Array(DateTime64(3, 'UTC')),         -- epoch 0: never
    ADD COLUMN IF NOT EXISTS coupon_used_at      Array(DateTime64(3, 'UTC')),         -- epoch 0: not used
    ADD COLUMN IF NOT EXISTS trait_name          Array(String),
    ADD COLUMN IF NOT EXISTS trait_text          Array(String),                       -- a string; 'true' or 'false'; else ''
    ADD COLUMN IF NOT EXISTS trait_number        Array(Float64),                      -- a number; else 0
    ADD COLUMN IF NOT EXISTS trait_at            Array(DateTime64(3, 'UTC'))          -- a date: midnight in the shop's zone; else epoch 0
