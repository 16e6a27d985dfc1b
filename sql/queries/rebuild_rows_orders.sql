-- Rows of some orders (two arrays of one length), live or rebuilt; of the facts, whose they are.
SELECT
    * EXCEPT (version, facts),
    arraySort(arrayMap(
        one -> concat(JSONExtractString(one, 'visitor_id'), ' ', JSONExtractString(one, 'event_id')),
        JSONExtractArrayRaw(facts))) AS facts
FROM {table:Identifier} FINAL
WHERE (site_id, transaction_id) IN (SELECT arrayJoin(arrayZip({sites:Array(String)}, {ids:Array(String)})))
