-- People. A visitor's time line is cut into stints, each of one person (docs/architecture.md, "People"). Three kinds of rows:
-- a stint of nobody known (member_id = ''): the visitor is a person of his own; a stint of a member: a part of that member's
-- person; the person of a member (visitor_id = '', person = member_id): his parts united. So a row is a person's where
-- member_id = person AND NOT gone, and a visitor's where visitor_id != '' AND NOT gone.
ALTER TABLE visitors
    ADD COLUMN IF NOT EXISTS stint_start  DateTime64(3, 'UTC') AFTER visitor_id,  -- 0: from the beginning
    ADD COLUMN IF NOT EXISTS person       String AFTER stint_start,               -- member id in a person's row, '' in a visitor's
    ADD COLUMN IF NOT EXISTS member_id    String AFTER person,                    -- whom it belongs to, '' while nobody knows
    ADD COLUMN IF NOT EXISTS gone         Bool AFTER member_id,                   -- its events belong to another stint now, or were erased
    ADD COLUMN IF NOT EXISTS stint_end    DateTime64(3, 'UTC') AFTER gone,        -- first millisecond after the logout; 0: none
    ADD COLUMN IF NOT EXISTS login_at     DateTime64(3, 'UTC') AFTER stint_end,   -- last login in it; 0: none
    ADD COLUMN IF NOT EXISTS logout_at    DateTime64(3, 'UTC') AFTER login_at,    -- last logout that ended nothing; 0: none
    ADD COLUMN IF NOT EXISTS latest_seen  DateTime64(3, 'UTC') DEFAULT last_seen, -- greatest last_seen of any version of the row
    ADD COLUMN IF NOT EXISTS part_visitor Array(String),                          -- of a person: his stints, as their shards told them
    ADD COLUMN IF NOT EXISTS part_start   Array(DateTime64(3, 'UTC')),
    ADD COLUMN IF NOT EXISTS part_version Array(UInt64),
    ADD COLUMN IF NOT EXISTS part_row     Array(String) CODEC(ZSTD(1)),           -- JSON: the stint's row, its empty columns left out
    MODIFY ORDER BY (site_id, visitor_id, stint_start, person)
