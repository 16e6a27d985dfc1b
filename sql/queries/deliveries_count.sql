-- How many deliveries of a hook have a status, of transitions since a moment.
SELECT count() AS found
FROM deliveries FINAL
WHERE site_id = {site_id:String} AND hook_id = {hook_id:String} AND ({from_status:String} = '' OR status = {from_status:String})
    AND ({webhook_id:String} = '' OR webhook_id = {webhook_id:String})
    AND at >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')
