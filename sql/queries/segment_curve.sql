-- Members of a saved segment over time: of each step the last moment of which all shards have told.
SELECT
    toUnixTimestamp64Milli(at) AS moment,
    version,
    members
FROM
(
    SELECT counted.at AS at, counted.version AS version, counted.members AS members
    FROM
    (
        SELECT segment_counts.at AS at, max(segment_version) AS version, sum(segment_counts.members) AS members, count() AS told
        FROM segment_counts FINAL
        WHERE
            site_id = {site_id:String}
            AND segment_id = {segment_id:String}
            AND segment_counts.at > fromUnixTimestamp64Milli({since:Int64}, 'UTC')
            AND segment_counts.at <= fromUnixTimestamp64Milli({until:Int64}, 'UTC')
        GROUP BY segment_counts.at
    ) AS counted
    INNER JOIN
    (
        SELECT rollups.at AS at, max(rollups.shards) AS shards
        FROM rollups
        WHERE
            site_id = {site_id:String}
            AND window = '24h'
            AND rollups.at > fromUnixTimestamp64Milli({since:Int64}, 'UTC')
            AND rollups.at <= fromUnixTimestamp64Milli({until:Int64}, 'UTC')
        GROUP BY rollups.at
    ) AS expected
    ON counted.at = expected.at
    WHERE counted.told = expected.shards
    ORDER BY at DESC
    LIMIT 1 BY intDiv(toUnixTimestamp64Milli(at) - {since:Int64} - 1, {step:Int64})
)
ORDER BY moment
