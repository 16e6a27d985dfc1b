-- Entries and exits of some people.
SELECT transition_id, visitor_id, member_id, toUnixTimestamp64Milli(at) AS at_ms
FROM transitions
WHERE site_id = {site_id:String} AND person_id IN {people:Array(String)}
