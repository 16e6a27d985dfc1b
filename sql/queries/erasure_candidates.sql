-- Visitors that ever were a member's: as rows of stints said, and as the person's row tells its parts.
SELECT DISTINCT visitor_id
FROM visitors
WHERE site_id = {site_id:String} AND visitor_id != '' AND person = '' AND member_id = {member_id:String}
UNION DISTINCT
SELECT DISTINCT arrayJoin(part_visitor) AS visitor_id
FROM visitors
WHERE site_id = {site_id:String} AND visitor_id = '' AND person = {member_id:String} AND person != ''
