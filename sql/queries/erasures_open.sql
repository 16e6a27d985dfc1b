-- Erasures that are under way, oldest first.
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
WHERE state != 'done'
ORDER BY requested_at, receipt_id
