CREATE MATERIALIZED VIEW products_from_events TO products AS
SELECT
    site_id,
    item.1 AS item_id,
    item.2 AS item_name,
    item.3 AS category,
    item.4 AS brand,
    item.5 AS price,
    occurred_at AS seen_at
FROM events
ARRAY JOIN arrayZip(items.item_id, items.item_name, items.category, items.brand, items.price) AS item
WHERE NOT bot AND item.2 != ''
