-- A page of raw events of some stints, newest first, after (after, after_id, after_visitor). A stint is a visitor (`devices`: a place in
-- `visitor_ids`, from 1) and a stretch of time, `begins` to before `ends`. An event comes once, whatever was written again after a crash;
-- FINAL would read all events where the index skips what is others'.
SELECT
    event_id,
    name,
    visitor_id,
    toUnixTimestamp64Milli(occurred_at) AS occurred,
    toUnixTimestamp64Milli(received_at) AS received,
    pageview,
    server,
    bot,
    url,
    title,
    referrer,
    channel,
    search_term,
    environment,
    transaction_id,
    value,
    currency,
    arrayZip(items.item_id, items.item_name, items.quantity, items.price) AS lines
FROM events
WHERE
    site_id = {site_id:String}
    AND visitor_id IN {visitor_ids:Array(String)}
    AND arrayExists(
        (device, begin, end) ->
            {visitor_ids:Array(String)}[device] = visitor_id
            AND occurred_at >= fromUnixTimestamp64Milli(begin, 'UTC')
            AND occurred_at < fromUnixTimestamp64Milli(end, 'UTC'),
        {devices:Array(UInt32)}, {begins:Array(Int64)}, {ends:Array(Int64)})
    AND ({name:String} = '' OR name = {name:String})
    AND occurred_at >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')
    AND occurred_at < fromUnixTimestamp64Milli({until:Int64}, 'UTC')
    AND occurred_at <= fromUnixTimestamp64Milli({after:Int64}, 'UTC')
    AND (occurred_at, event_id, visitor_id)
        < (fromUnixTimestamp64Milli({after:Int64}, 'UTC'), {after_id:String}, {after_visitor:String})
ORDER BY occurred_at DESC, event_id DESC, visitor_id DESC
LIMIT 1 BY occurred_at, event_id, visitor_id
LIMIT {size:UInt32}
