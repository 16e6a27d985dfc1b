-- The executable definition of a member's person over the rows of his stints, his parts (docs/architecture.md, "A person's row"): the columns
-- of table `visitors` but shard, version, key_hash, order_version, latest_seen, part_*, profile, stint_end and logout_at, for every member of
-- the site {site_id:String}. What was told of members is that of table `member_data`; who was told of but never came is a person, too.
WITH
    parts AS
    (
        SELECT *, (visitor_id, stint_start) AS part
        FROM visitors FINAL
        WHERE site_id = {site_id:String} AND person = '' AND member_id != '' AND NOT gone
    ),

    -- Sums, and what one of the parts decides.
    sums AS
    (
        SELECT
            member_id,
            min(p.first_seen) AS first_seen,
            max(p.last_seen) AS last_seen,
            max(p.login_at) AS login_at,
            argMax((environment, os, browser, app_version, device_at, device_event), (device_at, device_event, part)) AS device,
            argMax((page_url, page_title, page_item, page_at, page_event), (page_at, page_event, part)) AS page,
            argMin(
                (first_landing_page, first_referrer, first_search_keyword, first_channel, first_utm_source, first_utm_medium, first_utm_campaign,
                 first_utm_term, first_utm_content),
                (p.first_seen, part)) AS first,
            sum(p.visits) AS visits,
            sum(p.pageviews) AS pageviews,
            sum(p.stay_ms) AS stay_ms,
            sum(p.cart_adds) AS cart_adds,
            sum(p.orders) AS orders,
            sum(p.units) AS units,
            sum(p.revenue) AS revenue,
            max(p.largest_order) AS largest_order,
            max(p.last_order_at) AS last_order_at,
            max(p.last_viewed_at) AS last_viewed_at,
            max(p.last_carted_at) AS last_carted_at
        FROM parts AS p
        GROUP BY member_id
    ),

    -- Visits of all parts, in order of (end, start, part).
    visits_of AS
    (
        SELECT
            member_id,
            arraySort(groupArray((
                end, start, part, pageviews, cart_adds, orders, units, revenue,
                (landing_page, referrer, search_keyword, channel, utm_source, utm_medium, utm_campaign, utm_term, utm_content),
                entry_at, entry_event))) AS visit
        FROM
        (
            SELECT member_id, part, end, start, pageviews, cart_adds, orders, units, revenue, landing_page, referrer, search_keyword, channel,
                utm_source, utm_medium, utm_campaign, utm_term, utm_content, entry_at, entry_event
            FROM parts
            ARRAY JOIN
                visit_end AS end, visit_start AS start, visit_pageviews AS pageviews, visit_cart_adds AS cart_adds, visit_orders AS orders,
                visit_units AS units, visit_revenue AS revenue, visit_landing_page AS landing_page, visit_referrer AS referrer,
                visit_search_keyword AS search_keyword, visit_channel AS channel, visit_utm_source AS utm_source,
                visit_utm_medium AS utm_medium, visit_utm_campaign AS utm_campaign, visit_utm_term AS utm_term,
                visit_utm_content AS utm_content, visit_entry_at AS entry_at, visit_entry_event AS entry_event
        ) AS single
        GROUP BY member_id
    ),

    -- Orders of all parts by time and id, and their lines as (time, id, item, category, units, visit).
    orders_of AS
    (
        SELECT member_id, arraySort(arrayFlatten(groupArray(arrayZip(order_at, order_id, order_counted, order_units, order_revenue, order_visit_end)))) AS owned
        FROM parts
        GROUP BY member_id
    ),
    lines AS
    (
        SELECT
            member_id,
            order_at[place + 1] AS at,
            order_id[place + 1] AS id,
            item, category, units, visit_end
        FROM parts
        ARRAY JOIN bought_order AS place, bought_item AS item, bought_category AS category, bought_units AS units, bought_visit_end AS visit_end
    ),
    bought_of AS
    (
        SELECT member_id, arraySort(groupArray((at, id, item, category, units, visit_end))) AS bought
        FROM lines
        GROUP BY member_id
    ),
    bought_items AS
    (
        SELECT member_id, item, argMaxIf(category, (at, id), category != '') AS category
        FROM lines
        GROUP BY member_id, item
    ),

    -- Products, by item: counts added up, times the greatest.
    product_items AS
    (
        SELECT
            member_id, item,
            max(if(category_at = 0, (category_at, ''), (category_at, category))) AS told,
            sum(views) AS views,
            max(viewed_at) AS viewed_at,
            sum(adds) AS adds,
            max(carted_at) AS carted_at,
            sum(units) AS units,
            max(bought_at) AS bought_at
        FROM
        (
            SELECT member_id, item, category, category_at, views, viewed_at, adds, carted_at, units, bought_at
            FROM parts
            ARRAY JOIN
                product_item AS item, product_category AS category, product_category_at AS category_at, product_views AS views,
                product_viewed_at AS viewed_at, product_adds AS adds, product_carted_at AS carted_at, product_units AS units,
                product_bought_at AS bought_at
        ) AS single
        GROUP BY member_id, item
    ),
    products_of AS
    (
        SELECT
            p.member_id AS member_id,
            arraySort(groupArray((
                p.item, if(told.2 = '', b.category, told.2), told.1, views, viewed_at, adds, carted_at, units, bought_at))) AS product
        FROM product_items AS p
        INNER JOIN (SELECT member_id, last_seen FROM sums) AS s ON s.member_id = p.member_id
        LEFT JOIN bought_items AS b ON b.member_id = p.member_id AND b.item = p.item
        WHERE b.item != '' OR greatest(told.1, viewed_at, carted_at) >= last_seen - INTERVAL 60 DAY
        GROUP BY p.member_id
    ),

    searches_of AS
    (
        SELECT member_id, arraySort(groupArray((term, at))) AS search
        FROM
        (
            SELECT member_id, term, max(told_at) AS at
            FROM parts
            ARRAY JOIN search_term AS term, search_at AS told_at
            GROUP BY member_id, term
        ) AS latest
        INNER JOIN sums USING (member_id)
        WHERE at >= last_seen - INTERVAL 60 DAY
        GROUP BY member_id
    ),

    -- Cart operations of all parts by item, time, event and part, and what they leave, in order of time, event and part.
    ops_of AS
    (
        SELECT member_id, arraySort(groupArray((item, at, event, part, kind, delta, price, visit_end))) AS op
        FROM
        (
            SELECT member_id, part, item, at, event, kind, delta, price, visit_end
            FROM parts
            ARRAY JOIN
                op_item AS item, op_at AS at, op_event AS event, op_kind AS kind, op_delta AS delta, op_price AS price, op_visit_end AS visit_end
        ) AS single
        GROUP BY member_id
    ),
    cart_of AS
    (
        SELECT
            member_id,
            op,
            arrayMap(
                wanted -> arrayFold(
                    (line, op) -> if(
                        op.5 = 1 OR line.2 + op.6 <= 0,
                        (wanted, toInt64(0), toInt64(-1), toDateTime64(0, 3, 'UTC')),
                        (wanted, line.2 + op.6, if(op.7 = -1, line.3, op.7), if(op.6 > 0, op.2, line.4))),
                    arraySort(op -> (op.2, op.3, op.4), arrayFilter(op -> op.1 IN ('', wanted), op)),
                    (wanted, toInt64(0), toInt64(-1), toDateTime64(0, 3, 'UTC'))),
                arraySort(arrayDistinct(op.1))) AS every_line,
            arrayFilter(line -> line.2 > 0, every_line) AS cart
        FROM ops_of
    ),

    -- What was told of members: of each attribute the value (JSON) with the greatest (as_of, JSON).
    registers AS
    (
        SELECT member_id, register.1 AS attribute, max((as_of, register.2)) AS latest
        FROM (SELECT member_id, as_of, JSONExtractKeysAndValuesRaw(told) AS registers FROM member_data FINAL WHERE site_id = {site_id:String})
        ARRAY JOIN registers AS register
        GROUP BY member_id, attribute
    ),
    -- Those that count: of coupons the newest 1,000, and nothing from before all coupons were told.
    told_of AS
    (
        SELECT
            member_id,
            max(latest.1) AS member_as_of,
            maxIf(latest.1, attribute = 'coupons') AS coupons_as_of,
            groupArrayIf((attribute, latest.2, latest.1), NOT match(attribute, '^(coupon|used)/')) AS plain,
            groupArrayIf((attribute, latest.2, latest.1), match(attribute, '^(coupon|used)/')) AS of_coupons,
            arraySlice(arrayReverseSort(one -> (one.3, one.1), of_coupons), 1, 1000) AS newest,
            CAST(
                arrayMap(
                    one -> (one.1, one.2),
                    arrayFilter(one -> one.2 != 'null', arrayConcat(plain, arrayFilter(one -> one.3 >= coupons_as_of, newest)))),
                'Map(String, String)') AS value
        FROM registers
        GROUP BY member_id
    ),
    profiles_of AS
    (
        SELECT
            member_id,
            toNullable(told_of.member_as_of) AS member_as_of,
            JSONExtractString(value['name']) AS member_name,
            JSONExtractString(value['grade']) AS member_grade,
            if(mapContains(value, 'points'), JSONExtractInt(value['points']), NULL) AS member_points,
            if(mapContains(value, 'joined_at'), fromUnixTimestamp64Milli(JSONExtractInt(value['joined_at']), 'UTC'), NULL) AS member_joined_at,
            JSONExtractString(value['birthday']) AS member_birthday,
            if(member_birthday = '', 0, toDayOfYear(toDate(concat('2000-', right(member_birthday, 5))))) AS member_birthday_day,
            if(mapContains(value, 'kakao_friend'), toUInt8(JSONExtractBool(value['kakao_friend'])), NULL) AS kakao_friend,
            arrayMap(
                channel -> (channel, value[concat('consent/', channel)]),
                arrayFilter(channel -> mapContains(value, concat('consent/', channel)), ['sms', 'kakao', 'push', 'email', 'night'])) AS consent,
            arrayMap(
                id -> (id, value[concat('coupon/', id)], value[concat('used/', id)]),
                arraySort(arrayDistinct(arrayMap(
                    name -> substring(name, position(name, '/') + 1), arrayFilter(name -> match(name, '^(coupon|used)/'), mapKeys(value)))))) AS coupon,
            arrayMap(
                name -> (substring(name, 7), value[name]),
                arraySort(arrayFilter(name -> startsWith(name, 'trait/'), mapKeys(value)))) AS trait
        FROM told_of
    )

SELECT
    {site_id:String} AS site_id,
    '' AS visitor_id,
    toDateTime64(0, 3, 'UTC') AS stint_start,
    member_id AS person,
    member_id,
    false AS gone,
    login_at,
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
    first.1 AS first_landing_page,
    first.2 AS first_referrer,
    first.3 AS first_search_keyword,
    first.4 AS first_channel,
    first.5 AS first_utm_source,
    first.6 AS first_utm_medium,
    first.7 AS first_utm_campaign,
    first.8 AS first_utm_term,
    first.9 AS first_utm_content,
    visit[-1].9.1 AS landing_page,
    visit[-1].9.2 AS referrer,
    visit[-1].9.3 AS search_keyword,
    visit[-1].9.4 AS channel,
    visit[-1].9.5 AS utm_source,
    visit[-1].9.6 AS utm_medium,
    visit[-1].9.7 AS utm_campaign,
    visit[-1].9.8 AS utm_term,
    visit[-1].9.9 AS utm_content,
    visits,
    pageviews,
    stay_ms,
    cart_adds,
    orders,
    units,
    revenue,
    largest_order,
    last_order_at,
    last_viewed_at,
    last_carted_at,
    visit.2 AS visit_start,
    visit.1 AS visit_end,
    visit.4 AS visit_pageviews,
    visit.5 AS visit_cart_adds,
    visit.6 AS visit_orders,
    visit.7 AS visit_units,
    visit.8 AS visit_revenue,
    visit.9.1 AS visit_landing_page,
    visit.9.2 AS visit_referrer,
    visit.9.3 AS visit_search_keyword,
    visit.9.4 AS visit_channel,
    visit.9.5 AS visit_utm_source,
    visit.9.6 AS visit_utm_medium,
    visit.9.7 AS visit_utm_campaign,
    visit.9.8 AS visit_utm_term,
    visit.9.9 AS visit_utm_content,
    visit.10 AS visit_entry_at,
    visit.11 AS visit_entry_event,
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
    op.5 AS op_kind,
    op.6 AS op_delta,
    op.7 AS op_price,
    op.8 AS op_visit_end,
    owned.2 AS order_id,
    owned.1 AS order_at,
    owned.3 AS order_counted,
    owned.4 AS order_units,
    owned.5 AS order_revenue,
    owned.6 AS order_visit_end,
    arrayMap(line -> indexOf(owned.2, line.2) - 1, bought) AS bought_order,
    bought.3 AS bought_item,
    bought.4 AS bought_category,
    bought.5 AS bought_units,
    bought.6 AS bought_visit_end,
    member_name,
    member_grade,
    member_points,
    member_joined_at,
    member_birthday,
    member_birthday_day,
    member_as_of,
    kakao_friend,
    consent.1 AS consent_channel,
    arrayMap(one -> toUInt8(JSONExtractBool(one.2, 'granted')), consent) AS consent_granted,
    arrayMap(one -> fromUnixTimestamp64Milli(JSONExtractInt(one.2, 'at'), 'UTC'), consent) AS consent_at,
    arrayMap(one -> JSONExtractString(one.2, 'source'), consent) AS consent_source,
    coupon.1 AS coupon_id,
    arrayMap(one -> JSONExtractString(one.2, 'name'), coupon) AS coupon_name,
    arrayMap(one -> fromUnixTimestamp64Milli(JSONExtractInt(one.2, 'issued_at'), 'UTC'), coupon) AS coupon_issued_at,
    arrayMap(one -> fromUnixTimestamp64Milli(JSONExtractInt(one.2, 'expires_at'), 'UTC'), coupon) AS coupon_expires_at,
    arrayMap(one -> fromUnixTimestamp64Milli(JSONExtractInt(one.3), 'UTC'), coupon) AS coupon_used_at,
    trait.1 AS trait_name,
    arrayMap(one -> multiIf(startsWith(one.2, '"'), JSONExtractString(one.2), one.2 IN ('true', 'false'), one.2, ''), trait) AS trait_text,
    arrayMap(one -> if(match(one.2, '^[-0-9]'), JSONExtractFloat(one.2), 0.), trait) AS trait_number,
    arrayMap(one -> fromUnixTimestamp64Milli(JSONExtractInt(one.2, 'at'), 'UTC'), trait) AS trait_at
FROM (SELECT member_id FROM sums UNION DISTINCT SELECT member_id FROM told_of) AS members
LEFT JOIN sums USING (member_id)
LEFT JOIN visits_of USING (member_id)
LEFT JOIN orders_of USING (member_id)
LEFT JOIN bought_of USING (member_id)
LEFT JOIN products_of USING (member_id)
LEFT JOIN searches_of USING (member_id)
LEFT JOIN cart_of USING (member_id)
LEFT JOIN profiles_of USING (member_id)
ORDER BY member_id
