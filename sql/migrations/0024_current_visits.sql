-- For analysts: every visit once, at any moment, and whose it is. A visit is of one device. It is either still in the row of its stint,
-- or folded away into `visits`; a flush that was cut short may have written it to both, so a folded one counts only once the row of
-- its stint has let go of it. Those of a stint that is gone are told again by the stint its events belong to now.
-- Orders of a folded visit are those of its stint whose time lies in it.
CREATE OR REPLACE VIEW current_visits AS
SELECT
    folded.site_id AS site_id,
    folded.visitor_id AS visitor_id,
    owner.stint_start AS stint_start,
    owner.member_id AS member_id,
    if(owner.member_id = '', concat('visitor:', folded.visitor_id), concat('member:', owner.member_id)) AS person_id,
    folded.start AS start,
    folded.end AS end,
    dateDiff('millisecond', folded.start, folded.end) AS stay_ms,
    folded.pageviews AS pageviews,
    folded.cart_adds AS cart_adds,
    toUInt32(arrayCount(
        (at, counted) -> counted = 1 AND at BETWEEN folded.start AND folded.end,
        owner.order_at, owner.order_counted)) AS orders,
    toInt64(arraySum(
        (at, counted, amount) -> if(counted = 1 AND at BETWEEN folded.start AND folded.end, amount, 0),
        owner.order_at, owner.order_counted, owner.order_units)) AS units,
    toInt64(arraySum(
        (at, counted, amount) -> if(counted = 1 AND at BETWEEN folded.start AND folded.end, amount, 0),
        owner.order_at, owner.order_counted, owner.order_revenue)) AS revenue,
    folded.landing_page AS landing_page,
    folded.referrer AS referrer,
    folded.search_keyword AS search_keyword,
    toString(folded.channel) AS channel,
    folded.utm_source AS utm_source,
    folded.utm_medium AS utm_medium,
    folded.utm_campaign AS utm_campaign,
    folded.utm_term AS utm_term,
    folded.utm_content AS utm_content
FROM
    (SELECT * FROM visits FINAL) AS folded
    INNER JOIN
    (
        SELECT site_id, visitor_id, stint_start, member_id, last_seen, order_at, order_counted, order_units, order_revenue
        FROM visitors FINAL
        WHERE visitor_id != '' AND NOT gone
    ) AS owner
    ON folded.site_id = owner.site_id AND folded.visitor_id = owner.visitor_id AND folded.stint_start = owner.stint_start
WHERE folded.end < owner.last_seen - INTERVAL 8 DAY
UNION ALL
SELECT
    site_id,
    visitor_id,
    stint_start,
    member_id,
    if(member_id = '', concat('visitor:', visitor_id), concat('member:', member_id)) AS person_id,
    visit.1 AS start,
    visit.2 AS end,
    dateDiff('millisecond', visit.1, visit.2) AS stay_ms,
    visit.3 AS pageviews,
    visit.4 AS cart_adds,
    visit.5 AS orders,
    visit.6 AS units,
    visit.7 AS revenue,
    visit.8 AS landing_page,
    visit.9 AS referrer,
    visit.10 AS search_keyword,
    visit.11 AS channel,
    visit.12 AS utm_source,
    visit.13 AS utm_medium,
    visit.14 AS utm_campaign,
    visit.15 AS utm_term,
    visit.16 AS utm_content
FROM visitors FINAL
ARRAY JOIN arrayZip(
    visit_start, visit_end, visit_pageviews, visit_cart_adds, visit_orders, visit_units, visit_revenue,
    visit_landing_page, visit_referrer, visit_search_keyword, visit_channel,
    visit_utm_source, visit_utm_medium, visit_utm_campaign, visit_utm_term, visit_utm_content) AS visit
WHERE visitor_id != '' AND NOT gone
