-- Gives deliveries of a hook that have a status another one, from the beginning: to be sent (again), or not any more.
INSERT INTO deliveries
SELECT * REPLACE (
    {status:String} AS status,
    {reason:String} AS reason,
    greatest(version + 1, {version:UInt64}) AS version,
    false AS recheck,
    if({status:String} = 'waiting', 0, attempts) AS attempts,
    fromUnixTimestamp64Milli({now:Int64}, 'UTC') AS next_attempt_at,
    fromUnixTimestamp64Milli({now:Int64}, 'UTC') AS changed_at)
FROM
(
    SELECT *
    FROM deliveries FINAL
    WHERE site_id = {site_id:String} AND hook_id = {hook_id:String} AND ({from_status:String} = '' OR status = {from_status:String})
        AND ({webhook_id:String} = '' OR webhook_id = {webhook_id:String})
        AND at >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')
)
