ALTER TABLE segments
UPDATE expression = {expression:String}
WHERE site_id = {site_id:String} AND segment_id = {segment_id:String} AND version = {version:UInt32}
SETTINGS mutations_sync = 2, use_query_condition_cache = 0
