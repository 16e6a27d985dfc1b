-- Parts of tables that were replaced by then and still lie on the disk (of this machine).
SELECT count() AS parts
FROM system.parts
WHERE database = currentDatabase() AND NOT active AND toUnixTimestamp(remove_time) <= {moment:UInt32}
    AND replaceRegexpOne(table, '_local$', '') IN
        ('events', 'visitors', 'visits', 'orders', 'rejected_events', 'segments', 'erasures', 'member_data', 'transitions', 'deliveries')
