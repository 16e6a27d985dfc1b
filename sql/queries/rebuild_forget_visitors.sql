-- Rebuilt rows that are gone in the end, with all their older versions: a log that still tells of erased people brings nobody back.
ALTER TABLE visitors_rebuilt DELETE
WHERE (site_id, visitor_id, stint_start, person) IN
    (SELECT site_id, visitor_id, stint_start, person FROM visitors_rebuilt FINAL WHERE gone)
SETTINGS mutations_sync = 2
