-- What hooks were told of some people.
SELECT DISTINCT webhook_id, visitor_id, member_id, toUnixTimestamp64Milli(at) AS at_ms
FROM deliveries
WHERE site_id = {site_id:String} AND person_id IN {people:Array(String)}
