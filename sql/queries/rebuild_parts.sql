-- Rebuilt rows of members' stints of a shard: the parts of their people.
SELECT * FROM visitors_rebuilt FINAL
WHERE shard = {shard:UInt16} AND person = '' AND member_id != '' AND NOT gone
