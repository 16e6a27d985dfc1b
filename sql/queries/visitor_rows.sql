-- The executable definition of a stint's row over raw events (docs/architecture.md, "People" and "Definitions"): the columns of table
-- `visitors` but shard, version, key_hash, order_version, latest_seen and part_*, for every stint of every visitor of the site
-- {site_id:String}, whatever its events' order and repeats. The rows of people are made from these: people_rows.sql.
WITH
    toDateTime64(0, 3, 'UTC') AS never,
    (SELECT toString(argMax(currency, version)) FROM sites WHERE site_id = {site_id:String}) AS site_currency,

    -- Events of the site, once each, without bots.
    single_events AS
    (
        SELECT
            visitor_id, event_id, toString(name) AS name, occurred_at, (occurred_at, event_id, visitor_id) AS moment, pageview,
            url, title, referrer, search_keyword, toString(channel) AS channel, toString(utm_source) AS utm_source,
            toString(utm_medium) AS utm_medium, utm_campaign, utm_term, utm_content, search_term,
            toString(environment) AS environment, toString(os) AS os, toString(browser) AS browser, toString(app_version) AS app_version,
            transaction_id, value, toString(currency) AS currency,
            `items.item_id` AS items, `items.price` AS prices, `items.quantity` AS quantities, `items.category` AS categories,
            name != 'logout' AND member_id != '' AS login, login OR name = 'logout' AS tie, if(login, member_id, '') AS logs_in
        FROM events
        WHERE site_id = {site_id:String} AND NOT bot
        LIMIT 1 BY visitor_id, event_id
    ),

    -- Ties of the visitor as (time, whether a login, event, member or ''), one a millisecond: the last one of it counts.
    tied_events AS
    (
        SELECT
            *,
            arraySort(groupArrayIf((occurred_at, login, event_id, logs_in), tie) OVER (PARTITION BY visitor_id)) AS every_tie,
            arrayFilter((this, place) -> this.1 != every_tie[place + 1].1, every_tie, arrayEnumerate(every_tie)) AS ties
        FROM single_events
    ),
    -- Stints as (start, member or '', whether a logout made it begin), from the ties one after the other.
    site_events AS
    (
        SELECT
            *,
            arrayFold(
                (cut, tie) -> multiIf(
                    cut[-1].2 = tie.4, cut,
                    tie.4 = '', arrayPushBack(cut, (tie.1 + INTERVAL 1 MILLISECOND, '', true)),
                    cut[-1].2 != '', arrayPushBack(cut, (tie.1, tie.4, false)),
                    length(cut) > 1 AND cut[-2].2 = tie.4, arrayPopBack(cut),
                    arrayPushBack(arrayPopBack(cut), (cut[-1].1, tie.4, cut[-1].3))),
                ties, [(never, '', false)]) AS cut,
            arrayLast(stint -> stint.1 <= occurred_at, cut) AS stint,
            stint.1 AS stint_start,
            arrayFirst(stint -> stint.1 > occurred_at, cut) AS following,
            if(following.3, following.1, never) AS stint_end
        FROM tied_events
    ),

    -- One row a stint: whose it is, times, device, page.
    seen AS
    (
        SELECT
            visitor_id,
            stint_start,
            any(stint.2) AS owner,
            any(stint_end) AS stint_end,
            maxIf(occurred_at, login) AS login_at,
            if(owner = '', maxIf(occurred_at, name = 'logout'), never) AS logout_at,
            min(occurred_at) AS first_seen,
            max(occurred_at) AS last_seen,
            argMaxIf((environment, os, browser, app_version, occurred_at, event_id), moment, environment != '') AS device,
            argMaxIf((url, title, if(name = 'view_item', items[1], ''), occurred_at, event_id), moment, url != '') AS page,
            countIf(name = 'add_to_cart') AS cart_adds,
            maxOrNullIf(occurred_at, name = 'view_item' AND notEmpty(items)) AS last_viewed_at,
            maxOrNullIf(occurred_at, name = 'add_to_cart') AS last_carted_at
        FROM site_events
        GROUP BY visitor_id, stint_start
    ),

    -- Visits: a gap of more than 30 minutes starts one.
    gaps AS
    (
        SELECT
            *,
            lagInFrame(occurred_at, 1, never) OVER
                (PARTITION BY visitor_id, stint_start ORDER BY occurred_at, event_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS before
        FROM site_events
    ),
    numbered AS
    (
        SELECT *, sum(occurred_at > before + INTERVAL 30 MINUTE) OVER (PARTITION BY visitor_id, stint_start ORDER BY occurred_at, event_id) AS number
        FROM gaps
    ),
    single_visits AS
    (
        SELECT
            visitor_id,
            stint_start,
            min(occurred_at) AS start,
            max(occurred_at) AS end,
            countIf(pageview) AS pageviews,
            countIf(name = 'add_to_cart') AS cart_adds,
            argMinIf(
                (url, referrer, search_keyword, channel, utm_source, utm_medium, utm_campaign, utm_term, utm_content, occurred_at, event_id),
                moment, url != '') AS entry
        FROM numbered
        GROUP BY visitor_id, stint_start, number
    ),
    visits_of AS
    (
        SELECT
            visitor_id,
            stint_start,
            arraySort(groupArray((start, end, pageviews, cart_adds, entry))) AS every_visit,
            arrayFilter(v -> v.2 >= every_visit[-1].2 - INTERVAL 8 DAY, every_visit) AS visit
        FROM single_visits
        GROUP BY visitor_id, stint_start
    ),

    -- Items of an event, one row an item: quantities summed, the last price told, the greatest category.
    event_items AS
    (
        SELECT
            visitor_id, stint_start, event_id, name, occurred_at, transaction_id, item,
            sum(quantity) AS units,
            argMaxIf(price, place, price IS NOT NULL) AS price,
            max(category) AS category
        FROM
        (
            SELECT visitor_id, stint_start, event_id, name, occurred_at, transaction_id, item, place, quantity, price AS price, category
            FROM site_events
            ARRAY JOIN items AS item, arrayEnumerate(items) AS place, quantities AS quantity, prices AS price, categories AS category
        ) AS line
        GROUP BY visitor_id, stint_start, event_id, name, occurred_at, transaction_id, item
    ),

    -- Orders: copies of one transaction merged.
    purchases AS
    (
        SELECT
            transaction_id,
            argMin((visitor_id, stint_start), moment) AS owner,
            min(occurred_at) AS at,
            argMaxIf((value, currency), moment, value IS NOT NULL) AS told,
            argMaxIf((visitor_id, event_id, currency), moment, notEmpty(items)) AS itemised,
            argMaxIf(arraySum((price, quantity) -> ifNull(price, 0) * quantity, prices, quantities), moment, notEmpty(items)) AS summed
        FROM site_events
        WHERE name = 'purchase' AND transaction_id != ''
        GROUP BY transaction_id
    ),
    order_lines AS
    (
        SELECT p.transaction_id AS transaction_id, i.item AS item, i.units AS units, i.price AS price, i.category AS category
        FROM purchases AS p
        INNER JOIN event_items AS i ON i.visitor_id = p.itemised.1 AND i.event_id = p.itemised.2
    ),
    -- Refunds: a line without a price has that of the order's item.
    refunds AS
    (
        SELECT transaction_id, max(whole) AS whole, sum(ifNull(told, amount)) AS amount
        FROM
        (
            SELECT r.visitor_id, r.event_id, r.transaction_id AS transaction_id, any(r.value) AS told, any(empty(r.items)) AS whole,
                sum(coalesce(r.price, l.price, 0) * r.quantity) AS amount
            FROM
            (
                SELECT visitor_id, event_id, transaction_id, value, items, item, price, quantity
                FROM site_events
                LEFT ARRAY JOIN items AS item, prices AS price, quantities AS quantity
                WHERE name = 'refund' AND transaction_id != ''
            ) AS r
            LEFT JOIN order_lines AS l ON l.transaction_id = r.transaction_id AND l.item = r.item
            GROUP BY r.visitor_id, r.event_id, r.transaction_id
        ) AS refund
        GROUP BY transaction_id
    ),
    refunded_items AS
    (
        SELECT transaction_id, item, sum(units) AS units
        FROM event_items
        WHERE name = 'refund'
        GROUP BY transaction_id, item
    ),
    net_lines AS
    (
        SELECT
            l.transaction_id AS transaction_id,
            arraySort(groupArray((l.item, l.category, greatest(0, l.units - r.units)))) AS lines,
            sum(l.units) AS units_before,
            sum(greatest(0, l.units - r.units)) AS units_left
        FROM order_lines AS l
        LEFT JOIN refunded_items AS r ON r.transaction_id = l.transaction_id AND r.item = l.item
        GROUP BY l.transaction_id
    ),
    single_orders AS
    (
        SELECT
            p.owner.1 AS visitor_id,
            p.owner.2 AS stint_start,
            p.transaction_id AS id,
            p.at AS at,
            NOT (r.whole OR (n.units_before > 0 AND n.units_left = 0)) AS counted,
            if(p.told.1 IS NULL, p.itemised.3, p.told.2) AS told_currency,
            counted AND told_currency IN ('', site_currency) AS in_revenue,
            if(in_revenue, greatest(0, ifNull(p.told.1, p.summed) - r.amount), 0) AS revenue,
            if(counted, n.units_left, 0) AS units,
            if(counted, n.lines, []) AS lines
        FROM purchases AS p
        LEFT JOIN refunds AS r ON r.transaction_id = p.transaction_id
        LEFT JOIN net_lines AS n ON n.transaction_id = p.transaction_id
    ),
    orders_of AS
    (
        SELECT
            visitor_id,
            stint_start,
            arraySort(groupArray((at, id, toUInt8(counted), units, revenue, lines))) AS every_order,
            arrayFilter(o -> o.3 = 1, every_order) AS counted_order,
            -- lines as (index of the order, line)
            arrayFlatten(
                arrayMap((o, place) -> arrayMap(line -> (toUInt32(place - 1), line), o.6), every_order, arrayEnumerate(every_order))) AS bought
        FROM single_orders
        GROUP BY visitor_id, stint_start
    ),
    bought_items AS
    (
        SELECT
            visitor_id,
            stint_start,
            line.1 AS item,
            argMaxIf(line.2, (at, id), line.2 != '') AS category,
            sum(line.3) AS units,
            maxIf(at, line.3 > 0) AS bought_at
        FROM single_orders
        ARRAY JOIN lines AS line
        GROUP BY visitor_id, stint_start, item
    ),

    -- Products: what the visitor's own events touched, and what its orders hold.
    touched_items AS
    (
        SELECT
            visitor_id, stint_start, item,
            max((if(category = '', never, occurred_at), category)) AS told,
            countIf(name = 'view_item') AS views,
            maxIf(occurred_at, name = 'view_item') AS viewed_at,
            sumIf(units, name = 'add_to_cart') AS adds,
            maxIf(occurred_at, name = 'add_to_cart') AS carted_at
        FROM event_items
        WHERE name IN ('view_item', 'add_to_cart', 'remove_from_cart', 'purchase')
        GROUP BY visitor_id, stint_start, item
    ),
    single_products AS
    (
        SELECT
            if(t.item = '', b.visitor_id, t.visitor_id) AS visitor_id,
            if(t.item = '', b.stint_start, t.stint_start) AS stint_start,
            if(t.item = '', b.item, t.item) AS item,
            if(t.told.2 = '', b.category, t.told.2) AS category,
            t.told.1 AS category_at, t.views AS views, t.viewed_at AS viewed_at, t.adds AS adds, t.carted_at AS carted_at,
            b.units AS units, b.bought_at AS bought_at, b.item != '' AS bought
        FROM touched_items AS t
        FULL JOIN bought_items AS b ON b.visitor_id = t.visitor_id AND b.stint_start = t.stint_start AND b.item = t.item
    ),
    products_of AS
    (
        SELECT
            visitor_id,
            stint_start,
            arraySort(groupArray((item, category, category_at, views, viewed_at, adds, carted_at, units, bought_at))) AS product
        FROM single_products
        INNER JOIN seen USING (visitor_id, stint_start)
        WHERE bought OR greatest(category_at, viewed_at, carted_at) >= last_seen - INTERVAL 60 DAY
        GROUP BY visitor_id, stint_start
    ),

    searches_of AS
    (
        SELECT visitor_id, stint_start, arraySort(groupArray((term, at))) AS search
        FROM
        (
            SELECT visitor_id, stint_start, search_term AS term, max(occurred_at) AS at
            FROM site_events
            WHERE name = 'search' AND search_term != ''
            GROUP BY visitor_id, stint_start, term
        ) AS latest
        INNER JOIN seen USING (visitor_id, stint_start)
        WHERE at >= last_seen - INTERVAL 60 DAY
        GROUP BY visitor_id, stint_start
    ),

    -- Cart operations: kind 0 adds or removes, kind 1 empties ('' is every item).
    ops AS
    (
        SELECT
            visitor_id, stint_start, item, occurred_at AS at, event_id AS event,
            if(name = 'purchase', 1, 0) AS kind,
            multiIf(name = 'add_to_cart', units, name = 'remove_from_cart', -units, 0) AS delta,
            if(name = 'purchase', -1, ifNull(price, -1)) AS price
        FROM event_items
        WHERE name IN ('add_to_cart', 'remove_from_cart', 'purchase')
        UNION ALL
        SELECT visitor_id, stint_start, '', occurred_at, event_id, 1, 0, -1
        FROM site_events
        WHERE name IN ('remove_from_cart', 'purchase') AND empty(items)
    ),
    ops_of AS
    (
        SELECT
            visitor_id,
            stint_start,
            any(last_seen) - INTERVAL 8 DAY AS horizon,
            groupArray((item, at, event, toUInt8(kind), toInt64(delta), toInt64(price))) AS every,
            arrayFilter(op -> op.2 < horizon, every) AS old,
            arrayFilter(op -> op.2 >= horizon, every) AS young
        FROM ops
        INNER JOIN seen USING (visitor_id, stint_start)
        GROUP BY visitor_id, stint_start
    ),
    -- What an item's old operations leave becomes one operation of kind 2. An item that is out of the cart is forgotten, its price too.
    folded AS
    (
        SELECT
            visitor_id,
            stint_start,
            arrayMap(
                wanted -> arrayFold(
                    (line, op) -> if(
                        op.4 = 1 OR line.5 + op.5 <= 0,
                        ('', never, '', toUInt8(2), toInt64(0), toInt64(-1)),
                        (op.1, op.2, op.3, toUInt8(2), line.5 + op.5, if(op.6 = -1, line.6, op.6))),
                    arraySort(op -> (op.2, op.3), arrayFilter(op -> op.1 IN ('', wanted), old)),
                    ('', never, '', toUInt8(2), toInt64(0), toInt64(-1))),
                arrayDistinct(old.1)) AS lines,
            arraySort(arrayConcat(young, arrayFilter(line -> line.5 > 0, lines))) AS operations
        FROM ops_of
    ),
    -- The cart now: item, quantity, price or -1, last time added.
    cart_of AS
    (
        SELECT
            visitor_id,
            stint_start,
            operations AS op,
            arrayMap(
                wanted -> arrayFold(
                    (line, op) -> if(
                        op.4 = 1 OR line.2 + op.5 <= 0,
                        (wanted, toInt64(0), toInt64(-1), never),
                        (wanted, line.2 + op.5, if(op.6 = -1, line.3, op.6), if(op.5 > 0, op.2, line.4))),
                    arraySort(op -> (op.2, op.3), arrayFilter(op -> op.1 IN ('', wanted), operations)),
                    (wanted, toInt64(0), toInt64(-1), never)),
                arraySort(arrayDistinct(operations.1))) AS lines,
            arrayFilter(line -> line.2 > 0, lines) AS cart
        FROM folded
    )

SELECT
    {site_id:String} AS site_id,
    visitor_id,
    stint_start,
    '' AS person,
    owner AS member_id,
    false AS gone,
    stint_end,
    login_at,
    logout_at,
    first_seen,
    last_seen,
    device.1 AS environment,
    device.2 AS os,
    device.3 AS browser,
    device.4 AS app_version,
    device.5 AS device_at,
    device.6 AS device_event,
    page.1 AS page_url,
    page.2 AS page_title,
    page.3 AS page_item,
    page.4 AS page_at,
    page.5 AS page_event,
    every_visit[1].5.1 AS first_landing_page,
    every_visit[1].5.2 AS first_referrer,
    every_visit[1].5.3 AS first_search_keyword,
    every_visit[1].5.4 AS first_channel,
    every_visit[1].5.5 AS first_utm_source,
    every_visit[1].5.6 AS first_utm_medium,
    every_visit[1].5.7 AS first_utm_campaign,
    every_visit[1].5.8 AS first_utm_term,
    every_visit[1].5.9 AS first_utm_content,
    every_visit[-1].5.1 AS landing_page,
    every_visit[-1].5.2 AS referrer,
    every_visit[-1].5.3 AS search_keyword,
    every_visit[-1].5.4 AS channel,
    every_visit[-1].5.5 AS utm_source,
    every_visit[-1].5.6 AS utm_medium,
    every_visit[-1].5.7 AS utm_campaign,
    every_visit[-1].5.8 AS utm_term,
    every_visit[-1].5.9 AS utm_content,
    length(every_visit) AS visits,
    arraySum(every_visit.3) AS pageviews,
    arraySum(visit -> dateDiff('millisecond', visit.1, visit.2), every_visit) AS stay_ms,
    cart_adds,
    length(counted_order) AS orders,
    arraySum(counted_order.4) AS units,
    arraySum(counted_order.5) AS revenue,
    if(empty(counted_order), NULL, arrayMax(counted_order.5)) AS largest_order,
    if(empty(counted_order), NULL, arrayMax(counted_order.1)) AS last_order_at,
    last_viewed_at,
    last_carted_at,
    visit.1 AS visit_start,
    visit.2 AS visit_end,
    visit.3 AS visit_pageviews,
    visit.4 AS visit_cart_adds,
    arrayMap(v -> arrayCount(o -> o.1 BETWEEN v.1 AND v.2, counted_order), visit) AS visit_orders,
    arrayMap(v -> arraySum(o -> if(o.1 BETWEEN v.1 AND v.2, o.4, 0), counted_order), visit) AS visit_units,
    arrayMap(v -> arraySum(o -> if(o.1 BETWEEN v.1 AND v.2, o.5, 0), counted_order), visit) AS visit_revenue,
    visit.5.1 AS visit_landing_page,
    visit.5.2 AS visit_referrer,
    visit.5.3 AS visit_search_keyword,
    visit.5.4 AS visit_channel,
    visit.5.5 AS visit_utm_source,
    visit.5.6 AS visit_utm_medium,
    visit.5.7 AS visit_utm_campaign,
    visit.5.8 AS visit_utm_term,
    visit.5.9 AS visit_utm_content,
    visit.5.10 AS visit_entry_at,
    visit.5.11 AS visit_entry_event,
    product.1 AS product_item,
    product.2 AS product_category,
    product.3 AS product_category_at,
    product.4 AS product_views,
    product.5 AS product_viewed_at,
    product.6 AS product_adds,
    product.7 AS product_carted_at,
    product.8 AS product_units,
    product.9 AS product_bought_at,
    search.1 AS search_term,
    search.2 AS search_at,
    arraySum(line -> line.2 * greatest(line.3, 0), cart) AS cart_value,
    arraySum(cart.2) AS cart_units,
    cart.1 AS cart_item,
    arrayMap(line -> arrayFirst(p -> p.1 = line.1, product).2, cart) AS cart_category,
    cart.2 AS cart_quantity,
    arrayMap(line -> greatest(line.3, 0), cart) AS cart_price,
    cart.4 AS cart_added_at,
    op.1 AS op_item,
    op.2 AS op_at,
    op.3 AS op_event,
    op.4 AS op_kind,
    op.5 AS op_delta,
    op.6 AS op_price,
    arrayMap(
        o -> if(o.4 = 2 OR NOT arrayExists(v -> o.2 BETWEEN v.1 AND v.2, visit), o.2, arrayFirst(v -> o.2 BETWEEN v.1 AND v.2, visit).2),
        op) AS op_visit_end,
    every_order.2 AS order_id,
    every_order.1 AS order_at,
    every_order.3 AS order_counted,
    every_order.4 AS order_units,
    every_order.5 AS order_revenue,
    arrayMap(
        o -> if(arrayExists(v -> o.1 BETWEEN v.1 AND v.2, visit), arrayFirst(v -> o.1 BETWEEN v.1 AND v.2, visit).2, o.1),
        every_order) AS order_visit_end,
    bought.1 AS bought_order,
    bought.2.1 AS bought_item,
    bought.2.2 AS bought_category,
    bought.2.3 AS bought_units,
    arrayMap(index -> order_visit_end[index + 1], bought_order) AS bought_visit_end
FROM seen
INNER JOIN visits_of USING (visitor_id, stint_start)
LEFT JOIN orders_of USING (visitor_id, stint_start)
LEFT JOIN products_of USING (visitor_id, stint_start)
LEFT JOIN searches_of USING (visitor_id, stint_start)
LEFT JOIN cart_of USING (visitor_id, stint_start)
ORDER BY visitor_id, stint_start
