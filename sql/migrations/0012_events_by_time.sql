-- Rows of a shard come in the order of the log, so a range of times is a range of granules.
ALTER TABLE events ADD INDEX IF NOT EXISTS times occurred_at TYPE minmax GRANULARITY 1
