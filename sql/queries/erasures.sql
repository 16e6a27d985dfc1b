-- Receipts of a site, newest first; one of them by its id, or all for ''.
SELECT
    site_id,
    receipt_id,
    version,
    state,
    toUnixTimestamp64Milli(requested_at) AS requested_at,
    toUnixTimestamp64Milli(erased_until) AS erased_until,
    toUnixTimestamp64Milli(finished_at) AS finished_at,
    runner,
    toUnixTimestamp64Milli(touched_at) AS touched_at,
    work,
    removed_from,
    removed_rows,
    opt_outs,
    visits,
    pageviews,
    orders,
    units,
    revenue,
    toString(first_day) AS first_day,
    toString(last_day) AS last_day
FROM erasures FINAL
WHERE site_id = {site_id:String} AND ({receipt_id:String} = '' OR receipt_id = {receipt_id:String})
ORDER BY requested_at DESC, receipt_id
LIMIT {most:UInt32}
