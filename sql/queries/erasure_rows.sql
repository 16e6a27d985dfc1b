-- Every version of the rows of visitors and of a member's person, with what tells it from other rows without naming anybody.
SELECT
    visitor_id,
    person,
    member_id,
    gone,
    shard,
    version,
    toUnixTimestamp64Milli(stint_start) AS begin,
    toUnixTimestamp64Milli(first_seen) AS first,
    toUnixTimestamp64Milli(last_seen) AS last,
    toUInt16(key_hash % 65536) AS tag
FROM visitors
WHERE site_id = {site_id:String}
    AND (visitor_id IN {visitors:Array(String)} OR (visitor_id = '' AND person = {member_id:String} AND person != ''))
