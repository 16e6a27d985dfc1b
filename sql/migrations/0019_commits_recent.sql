-- Freshness asks for the commits of the last minutes: let it skip the granules of older ones.
ALTER TABLE commits ADD INDEX IF NOT EXISTS commits_recent at TYPE minmax GRANULARITY 1
