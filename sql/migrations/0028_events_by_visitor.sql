-- A visitor's events stand in few places of a shard's log: where a late login makes him again from them, skip all others.
ALTER TABLE events ADD INDEX IF NOT EXISTS visitors visitor_id TYPE bloom_filter(0.01) GRANULARITY 1
