-- Entries into segments and exits from them, newest first, after (after, after_id); '' and 2 ask for everything. An id comes once.
SELECT
    transition_id,
    type,
    segment_id,
    segment_version,
    person_id,
    member_id,
    visitor_id,
    entry,
    toUnixTimestamp64Milli(at) AS happened_at,
    toUnixTimestamp64Milli(since) AS entered_at,
    reason,
    fires
FROM transitions FINAL
WHERE
    site_id = {site_id:String}
    AND segment_id IN {segments:Array(String)}
    AND ({person_id:String} = '' OR person_id = {person_id:String})
    AND ({type:String} = '' OR type = {type:String})
    AND ({reason:String} = '' OR reason = {reason:String})
    AND ({fires:UInt8} = 2 OR fires = ({fires:UInt8} = 1))
    AND at >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')
    AND at < fromUnixTimestamp64Milli({until:Int64}, 'UTC')
    AND (at, transition_id) < (fromUnixTimestamp64Milli({after:Int64}, 'UTC'), {after_id:String})
ORDER BY at DESC, transition_id DESC
LIMIT {size:UInt32}
