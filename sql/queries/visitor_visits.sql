-- Visits of one visitor, newest first.
SELECT
    toUnixTimestamp64Milli(start) AS started_at,
    toUnixTimestamp64Milli(end) AS ended_at,
    (pageviews, cart_adds, orders, units, revenue) AS figures,
    (landing_page, referrer, search_keyword, channel, utm_source, utm_medium, utm_campaign, utm_term, utm_content)
        AS acquisition
FROM current_visits
WHERE site_id = {site_id:String} AND visitor_id = {visitor_id:String}
ORDER BY started_at DESC
LIMIT {size:UInt32}
