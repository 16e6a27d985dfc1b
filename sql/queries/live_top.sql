-- The three product lists of a Live Report over the members of a segment, in one scan. `list` is purchased, carted or in_cart;
-- `orders` (of the window, that hold the item) breaks ties. bought_* has one line an order and item, of counted orders only.
-- kind: 0 bought in the window, 1 added in the window, 2 in the cart now, 9 none of them. PREWHERE and WHERE: see
-- live_report.sql.
SELECT list, place, item_id, units, orders, item_name
FROM
(
    SELECT
        entry.1 AS list,
        item_id,
        entry.2 AS units,
        orders,
        row_number() OVER (PARTITION BY list ORDER BY units DESC, orders DESC, item_id) AS place
    FROM
    (
        SELECT
            item_id,
            countIf(kind = 0) AS orders,
            sumIf(amount, kind = 0) AS purchased,
            sumIf(amount, kind = 1) AS carted,
            sumIf(amount, kind = 2) AS in_cart
        FROM
        (
            SELECT
                arrayConcat(row.bought_item, row.op_item, row.cart_item) AS items,
                arrayConcat(
                    arrayMap(
                        end -> toUInt8(if(end >= fromUnixTimestamp64Milli({since:Int64}, 'UTC'), 0, 9)),
                        row.bought_visit_end),
                    arrayMap(
                        (kind, end) ->
                            toUInt8(if(kind = 0 AND end >= fromUnixTimestamp64Milli({since:Int64}, 'UTC'), 1, 9)),
                        row.op_kind, row.op_visit_end),
                    arrayMap(quantity -> toUInt8(2), row.cart_quantity)) AS kinds,
                arrayConcat(row.bought_units, row.op_delta, row.cart_quantity) AS amounts
            FROM visitors AS row FINAL
            PREWHERE row.site_id = {site_id:String} AND row.latest_seen >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')
            WHERE
                row.member_id = row.person AND NOT row.gone
                AND row.last_seen >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')
                AND /* segment */ true
        )
        ARRAY JOIN items AS item_id, kinds AS kind, amounts AS amount
        WHERE amount > 0 AND kind < 9
        GROUP BY item_id
    )
    ARRAY JOIN [('purchased', purchased), ('carted', carted), ('in_cart', in_cart)] AS entry
    WHERE units > 0
) AS ranked
LEFT JOIN (SELECT item_id, item_name FROM products FINAL WHERE site_id = {site_id:String}) AS named
ON ranked.item_id = named.item_id
WHERE place <= {size:UInt8}
ORDER BY list, place
