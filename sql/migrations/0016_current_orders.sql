-- For analysts: every order once, copies merged and refunds taken off. `counted` is false for a fully refunded one.
CREATE VIEW current_orders AS
SELECT
    site_id,
    transaction_id,
    visitor_id,
    occurred_at,
    currency,
    value,
    refunded,
    revenue,
    units,
    counted,
    item_id,
    item_category,
    item_units
FROM orders FINAL
WHERE visitor_id != ''
