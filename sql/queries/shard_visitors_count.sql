-- How many rows `shard_visitors` has.
SELECT count() AS visitors FROM visitors FINAL
WHERE shard IN {shards:Array(UInt16)}
    AND NOT gone
    AND (last_seen >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')
        OR (visitor_id != ''
            AND (site_id, visitor_id) GLOBAL IN
            (
                SELECT site_id, visitor_id FROM visitors FINAL
                WHERE shard IN {shards:Array(UInt16)}
                    AND stint_start > fromUnixTimestamp64Milli(0, 'UTC')
                    AND NOT gone
                    AND last_seen >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')
            )))
