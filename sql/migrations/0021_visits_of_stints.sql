-- Which of its visitor's stints a visit belongs to (0020_stints.sql).
ALTER TABLE visits ADD COLUMN IF NOT EXISTS stint_start DateTime64(3, 'UTC') AFTER visitor_id
