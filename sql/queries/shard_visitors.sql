-- Rows of some shards seen since a time: a process's memory when it starts. Stints of a visitor stay together: of one who has
-- several all are here if one is. `latest_seen` never goes back from one version of a row to the next.
SELECT * FROM visitors FINAL
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
