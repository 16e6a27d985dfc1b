-- What an erasure knew while it was under way.
ALTER TABLE erasures
DELETE WHERE site_id = {site_id:String} AND receipt_id = {receipt_id:String} AND version < {version:UInt64}
SETTINGS mutations_sync = 2, use_query_condition_cache = 0
