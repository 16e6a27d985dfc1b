-- Figures of both windows over time, whole site. A moment counts once all its shards have told theirs.
CREATE VIEW site_curve AS
SELECT
    site_id,
    window,
    at,
    sum(rollups.online) AS online,
    sum(rollups.visitors) AS visitors,
    sum(rollups.visits) AS visits,
    sum(rollups.pageviews) AS pageviews,
    sum(rollups.stay_ms) AS stay_ms,
    sum(rollups.converting_visits) AS converting_visits,
    sum(rollups.orders) AS orders,
    sum(rollups.units) AS units,
    sum(rollups.revenue) AS revenue
FROM rollups FINAL
GROUP BY site_id, window, at
HAVING count() = max(rollups.shards)
