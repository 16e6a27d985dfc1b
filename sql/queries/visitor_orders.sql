-- Orders in one row of `visitors`, newest first, with what the order itself says of money; `visitor_ids` are its devices. An order that
-- two devices of a person sent copies of is told once, as its owner has it.
SELECT
    owned.transaction_id AS transaction_id,
    owned.ordered_at AS ordered_at,
    owned.counted AS counted,
    owned.units AS units,
    owned.revenue AS revenue,
    owned.lines AS lines,
    nullIf(merged.currency, '') AS currency,
    if(merged.transaction_id = '', NULL, merged.value) AS value,
    if(merged.transaction_id = '', NULL, merged.refunded) AS refunded
FROM
(
    SELECT
        entry.1 AS transaction_id,
        toUnixTimestamp64Milli(entry.2) AS ordered_at,
        entry.3 AS counted,
        entry.4 AS units,
        entry.5 AS revenue,
        arrayMap(
            line -> (line.2, line.3, line.4),
            arrayFilter(
                line -> line.1 + 1 = entry.6,
                arrayZip(bought_order, bought_item, bought_category, bought_units))) AS lines
    FROM visitors FINAL
    ARRAY JOIN arrayZip(order_id, order_at, order_counted, order_units, order_revenue, arrayEnumerate(order_id)) AS entry
    WHERE
        site_id = {site_id:String}
        AND visitor_id = {visitor_id:String}
        AND stint_start = fromUnixTimestamp64Milli({began_at:Int64}, 'UTC')
        AND person = {person:String}
        AND NOT gone
    ORDER BY counted DESC, ordered_at DESC
    LIMIT 1 BY transaction_id
) AS owned
LEFT JOIN
(
    SELECT transaction_id, currency, value, refunded
    FROM orders FINAL
    WHERE site_id = {site_id:String} AND visitor_id IN {visitor_ids:Array(String)}
) AS merged
ON owned.transaction_id = merged.transaction_id
ORDER BY ordered_at DESC, transaction_id
LIMIT {size:UInt32}
