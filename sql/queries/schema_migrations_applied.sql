SELECT name, checksum, toUnixTimestamp64Milli(applied_at) AS applied_at FROM schema_migrations FINAL ORDER BY name
