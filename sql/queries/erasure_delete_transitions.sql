-- By their ids, which name nobody: see erasure_delete_visitors.sql.
ALTER TABLE transitions
DELETE WHERE site_id = {site_id:String} AND transition_id IN {places:Array(String)}
SETTINGS mutations_sync = 2, use_query_condition_cache = 0
