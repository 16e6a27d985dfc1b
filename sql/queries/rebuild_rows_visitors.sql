-- Rows of some visitors' stints (arrays of one length) and of some people, live or rebuilt.
SELECT * EXCEPT (version, order_version, latest_seen, part_version, part_row) FROM {table:Identifier} FINAL
WHERE NOT gone
    AND (site_id, visitor_id, person) IN
        (SELECT arrayJoin(arrayZip({sites:Array(String)}, {ids:Array(String)}, {people:Array(String)})))
