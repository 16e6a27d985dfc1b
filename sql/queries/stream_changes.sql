-- Keys of a site's rows that were written between two positions, those of new records (`fresh`) first, then those seen last. `after`, `upto` and
-- `judged` are, by partition (`shards`), the offsets of the two positions, and since when those are asked for that time alone has
-- changed: these keep their version. Superseded versions of a row are looked at too: they do no harm, and FINAL would be slow.
-- `changed` counts all of them, whatever `size` leaves out.
SELECT
    visitor_id,
    person,
    max(version) AS last_version,
    toUnixTimestamp64Milli(max(segments_at)) AS judged_at,
    max(version > transform(shard, {shards:Array(UInt16)}, {after:Array(UInt64)}, toUInt64(0))) AS fresh,
    max(latest_seen) AS seen,
    count() OVER () AS changed
FROM visitors
PREWHERE
    site_id = {site_id:String}
    AND version <= transform(shard, {shards:Array(UInt16)}, {upto:Array(UInt64)}, toUInt64(0))
    AND (
        version > transform(shard, {shards:Array(UInt16)}, {after:Array(UInt64)}, toUInt64(0))
        OR segments_at > fromUnixTimestamp64Milli(transform(shard, {shards:Array(UInt16)}, {judged:Array(Int64)}, toInt64(0)), 'UTC'))
GROUP BY visitor_id, person
ORDER BY fresh DESC, seen DESC, visitor_id, person
LIMIT {size:UInt32}
