-- Which of some conditions hold for one visitor, in their order.
SELECT [/* conditions */ true] AS truths
FROM visitors AS row FINAL
WHERE row.site_id = {site_id:String} AND row.visitor_id = {visitor_id:String}
