-- Which of some deliveries stand in the ledger.
SELECT DISTINCT webhook_id
FROM deliveries
WHERE site_id IN {site_ids:Array(String)} AND hook_id IN {hook_ids:Array(String)} AND webhook_id IN {ids:Array(String)}
