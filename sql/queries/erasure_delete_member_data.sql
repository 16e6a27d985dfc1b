-- By place in the log: see erasure_delete_visitors.sql.
ALTER TABLE member_data
DELETE WHERE site_id = {site_id:String} AND (shard, log_offset) IN {places:Array(Tuple(UInt16, UInt64))}
SETTINGS mutations_sync = 2, use_query_condition_cache = 0
