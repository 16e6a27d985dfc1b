-- Entries of a site, newest first, after one of them.
SELECT audit_id, toUnixTimestamp64Milli(at) AS moment, who_kind, who, what, which, before, after, address
FROM audit FINAL
WHERE site_id = {site_id:String}
    AND (toUnixTimestamp64Milli(at), audit_id) < ({after:Int64}, {after_id:String})
ORDER BY at DESC, audit_id DESC
LIMIT {size:UInt32}
