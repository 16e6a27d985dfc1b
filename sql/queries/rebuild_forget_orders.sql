-- Rebuilt orders that nothing is left of, with all their older versions.
ALTER TABLE orders_rebuilt DELETE
WHERE (site_id, transaction_id) IN (SELECT site_id, transaction_id FROM orders_rebuilt FINAL WHERE facts = '[]')
SETTINGS mutations_sync = 2
