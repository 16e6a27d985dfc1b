-- What is known of a member of a site: his person's row. Times are epoch milliseconds.
SELECT profile, visits, toUnixTimestamp64Milli(first_seen) AS first_seen_at, toUnixTimestamp64Milli(last_seen) AS last_seen_at,
    toUnixTimestamp64Milli(login_at) AS login_at
FROM visitors FINAL
PREWHERE site_id = {site_id:String} AND visitor_id = '' AND person = {member_id:String}
WHERE NOT gone
