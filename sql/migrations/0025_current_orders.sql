-- For analysts: every order once, copies merged and refunds taken off, and whose it is: the owner's stint that holds its time.
-- `counted` is false for a fully refunded one.
CREATE OR REPLACE VIEW current_orders AS
SELECT
    placed.site_id AS site_id,
    placed.transaction_id AS transaction_id,
    placed.visitor_id AS visitor_id,
    arrayLast(stint -> stint.1 <= placed.occurred_at, owner.stints).2 AS member_id,
    if(member_id = '', concat('visitor:', placed.visitor_id), concat('member:', member_id)) AS person_id,
    placed.occurred_at AS occurred_at,
    placed.currency AS currency,
    placed.value AS value,
    placed.refunded AS refunded,
    placed.revenue AS revenue,
    placed.units AS units,
    placed.counted AS counted,
    placed.item_id AS item_id,
    placed.item_category AS item_category,
    placed.item_units AS item_units
FROM
    (SELECT * FROM orders FINAL WHERE visitor_id != '') AS placed
    LEFT JOIN
    (
        SELECT site_id, visitor_id, arraySort(groupArray((stint_start, member_id))) AS stints
        FROM visitors FINAL
        WHERE visitor_id != '' AND NOT gone
        GROUP BY site_id, visitor_id
    ) AS owner
    ON placed.site_id = owner.site_id AND placed.visitor_id = owner.visitor_id
