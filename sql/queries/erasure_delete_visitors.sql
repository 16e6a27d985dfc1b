-- Statements that delete name nobody: ClickHouse keeps their text in files. The tag is 16 bits of the row's hash.
ALTER TABLE visitors
DELETE WHERE site_id = {site_id:String}
    AND (
        shard, version, toUnixTimestamp64Milli(stint_start), toUnixTimestamp64Milli(first_seen), toUnixTimestamp64Milli(last_seen),
        toUInt16(key_hash % 65536)
    ) IN {places:Array(Tuple(UInt16, UInt64, Int64, Int64, Int64, UInt16))}
SETTINGS mutations_sync = 2, use_query_condition_cache = 0
