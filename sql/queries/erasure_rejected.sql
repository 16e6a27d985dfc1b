-- What was refused and holds one of some texts; also what nobody knows the site of. '' is in everything.
SELECT site_id, shard, log_offset, toUnixTimestamp64Milli(received_at) AS at, detail, event
FROM rejected_events
WHERE site_id IN ({site_id:String}, '')
    AND arrayExists(needle -> position(event, needle) > 0 OR position(detail, needle) > 0, {needles:Array(String)})
