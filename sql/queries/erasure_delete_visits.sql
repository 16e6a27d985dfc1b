-- The tag is 16 bits of a hash: see erasure_delete_visitors.sql.
ALTER TABLE visits
DELETE WHERE site_id = {site_id:String}
    AND (
        toUnixTimestamp64Milli(start), toUnixTimestamp64Milli(end), pageviews, toUInt16(sipHash64(visitor_id) % 65536)
    ) IN {places:Array(Tuple(Int64, Int64, UInt32, UInt16))}
SETTINGS mutations_sync = 2, use_query_condition_cache = 0
