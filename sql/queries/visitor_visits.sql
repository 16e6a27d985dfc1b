-- Visits of one person, newest first; `visitor_ids` are his devices.
SELECT
    toUnixTimestamp64Milli(start) AS started_at,
    toUnixTimestamp64Milli(end) AS ended_at,
    visitor_id,
    (pageviews, cart_adds, orders, units, revenue) AS figures,
    (landing_page, referrer, search_keyword, channel, utm_source, utm_medium, utm_campaign, utm_term, utm_content)
        AS acquisition
FROM current_visits
WHERE site_id = {site_id:String} AND visitor_id IN {visitor_ids:Array(String)} AND person_id = {person_id:String}
ORDER BY started_at DESC, visitor_id
LIMIT {size:UInt32}
