-- The tag is 16 bits of the row's hash: see erasure_delete_visitors.sql.
ALTER TABLE orders
DELETE WHERE site_id = {site_id:String}
    AND (shard, version, toUInt16(key_hash % 65536)) IN {places:Array(Tuple(UInt16, UInt64, UInt16))}
SETTINGS mutations_sync = 2, use_query_condition_cache = 0
