-- Rebuilt folded visits of stints that are gone in the end (before rebuild_forget_visitors.sql).
ALTER TABLE visits_rebuilt DELETE
WHERE (site_id, visitor_id, stint_start) IN
    (SELECT site_id, visitor_id, stint_start FROM visitors_rebuilt FINAL WHERE gone AND visitor_id != '')
SETTINGS mutations_sync = 2
