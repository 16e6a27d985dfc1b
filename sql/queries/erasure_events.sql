-- Events of visitors, and those that name a member, each once; times as epoch ms. Properties only of who tells traits.
SELECT DISTINCT
    shard,
    log_offset,
    visitor_id,
    event_id,
    name,
    member_id,
    bot,
    toUnixTimestamp64Milli(occurred_at) AS at,
    if(name IN ('purchase', 'refund'), transaction_id, '') AS transaction,
    if(name = 'identify', properties, '') AS told
FROM events
WHERE site_id = {site_id:String}
    AND (visitor_id IN {visitors:Array(String)} OR (member_id = {member_id:String} AND member_id != ''))
