-- Orders of a shard whose live and rebuilt rows differ, or that have only one of them. Facts are a set: their order is no difference.
SELECT site_id, transaction_id
FROM
(
    SELECT site_id, transaction_id, version,
        cityHash64(
            formatRowNoNewline('TSV', * EXCEPT (version, facts)),
            arraySort(arrayMap(
                one -> (JSONExtractString(one, 'visitor_id'), JSONExtractString(one, 'event_id')),
                JSONExtractArrayRaw(facts)))) AS content
    FROM orders FINAL
    WHERE shard = {shard:UInt16}
    UNION ALL
    SELECT site_id, transaction_id, version,
        cityHash64(
            formatRowNoNewline('TSV', * EXCEPT (version, facts)),
            arraySort(arrayMap(
                one -> (JSONExtractString(one, 'visitor_id'), JSONExtractString(one, 'event_id')),
                JSONExtractArrayRaw(facts)))) AS content
    FROM orders_rebuilt FINAL
    WHERE shard = {shard:UInt16}
)
GROUP BY site_id, transaction_id
HAVING (count() = 1 OR uniqExact(content) > 1) AND max(version) <= {committed:UInt64}
ORDER BY site_id, transaction_id
