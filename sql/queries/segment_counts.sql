-- What the shards told last, since a moment, of one saved segment or ('') of all, by version: a shard counts for the version it told last.
-- `shards` says how many there are.
SELECT
    segment_id,
    segment_version,
    count() AS told,
    (
        SELECT max(rollups.shards)
        FROM rollups
        WHERE site_id = {site_id:String} AND window = '24h' AND at >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')
    ) AS shards,
    sum(latest.members) AS members,
    sum(latest.people) AS people,
    sum(latest.evaluated) AS evaluated,
    toUnixTimestamp64Milli(min(latest.at)) AS told_at,
    toUnixTimestamp64Milli(min(latest.as_of)) AS judged_until,
    max(latest.problem) AS problem
FROM
(
    SELECT segment_id, segment_version, at, members, people, evaluated, as_of, problem
    FROM segment_counts
    WHERE
        site_id = {site_id:String}
        AND ({segment_id:String} = '' OR segment_id = {segment_id:String})
        AND at >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')
    ORDER BY at DESC
    LIMIT 1 BY segment_id, shard
) AS latest
GROUP BY segment_id, segment_version
