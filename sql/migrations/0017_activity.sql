-- For analysts: events and units a minute, by event name, environment, source and product. Sum over rows of one key.
CREATE VIEW activity AS
SELECT
    one.1 AS site_id,
    one.2 AS minute,
    one.3 AS by,
    one.4 AS value,
    one.5 AS events,
    one.6 AS units
FROM commits FINAL
ARRAY JOIN arrayZip(
    activity_site, activity_minute, activity_by, activity_value, activity_events, activity_units) AS one
