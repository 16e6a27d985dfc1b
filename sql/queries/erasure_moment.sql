-- Now, in seconds, by ClickHouse's clock.
SELECT toUnixTimestamp(now()) AS moment
