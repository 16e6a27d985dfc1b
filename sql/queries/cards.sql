-- What a card shows: rows of these members' people and of these visitors, of a site. With `stints` every stint of a visitor,
-- else only what is a person's row. Times are epoch milliseconds, 0 or NULL is never. `devices` are (visitor_id, last seen), newest first;
-- one with several stints of the member comes several times. `memberships` are (segment, in it since, entries).
SELECT
    visitor_id,
    toUnixTimestamp64Milli(stint_start) AS began_at,
    person,
    member_id,
    if(member_id = '', concat('visitor:', visitor_id), concat('member:', member_id)) AS person_id,
    if(person = '',
        [(visitor_id, toUnixTimestamp64Milli(last_seen))],
        arrayReverseSort(
            one -> (one.2, one.1),
            arrayMap(
                one -> (one.1, JSONExtractInt(one.2, 'last_seen')),
                arrayFilter(one -> one.2 != '', arrayZip(part_visitor, part_row))))) AS devices,
    toUnixTimestamp64Milli(first_seen) AS first_seen_at,
    toUnixTimestamp64Milli(last_seen) AS last_seen_at,
    environment,
    os,
    browser,
    app_version,
    page_url,
    page_title,
    page_item,
    (first_landing_page, first_referrer, first_search_keyword, first_channel, first_utm_source, first_utm_medium,
        first_utm_campaign, first_utm_term, first_utm_content) AS first_acquisition,
    (landing_page, referrer, search_keyword, channel, utm_source, utm_medium,
        utm_campaign, utm_term, utm_content) AS latest_acquisition,
    visits,
    pageviews,
    stay_ms,
    cart_adds,
    orders,
    units,
    revenue,
    largest_order,
    toUnixTimestamp64Milli(last_order_at) AS ordered_at,
    cart_value,
    cart_units,
    member_name,
    member_grade,
    member_points,
    arrayMap(
        line -> (line.1, line.2, line.3, line.4, toUnixTimestamp64Milli(line.5)),
        arrayZip(cart_item, cart_category, cart_quantity, cart_price, cart_added_at)) AS cart_lines,
    arraySlice(
        arrayReverseSort(
            one -> (one.4, one.1),
            arrayMap(
                one -> (one.1, one.2, toInt64(one.3), toUnixTimestamp64Milli(one.4)),
                arrayFilter(
                    one -> one.4 > toDateTime64(0, 3, 'UTC'),
                    arrayZip(product_item, product_category, product_adds, product_carted_at)))),
        1, {recent:UInt8}) AS recent_carted,
    arraySlice(
        arrayReverseSort(
            one -> (one.4, one.1),
            arrayMap(
                one -> (one.1, one.2, toInt64(one.3), toUnixTimestamp64Milli(one.4)),
                arrayFilter(
                    one -> one.3 > 0,
                    arrayZip(product_item, product_category, product_units, product_bought_at)))),
        1, {recent:UInt8}) AS recent_purchased,
    toUnixTimestamp64Milli(visit_start[-1]) AS visit_started_at,
    toUnixTimestamp64Milli(visit_end[-1]) AS visit_ended_at,
    (visit_pageviews[-1], visit_cart_adds[-1], visit_orders[-1], visit_units[-1], visit_revenue[-1]) AS visit_figures,
    (visit_landing_page[-1], visit_referrer[-1], visit_search_keyword[-1], visit_channel[-1], visit_utm_source[-1],
        visit_utm_medium[-1], visit_utm_campaign[-1], visit_utm_term[-1], visit_utm_content[-1]) AS visit_acquisition,
    in_segments,
    arrayMap(
        one -> (one.1, toUnixTimestamp64Milli(one.2), one.3),
        arrayZip(segment_id, segment_since, segment_entries)) AS memberships
FROM visitors FINAL
PREWHERE
    site_id = {site_id:String}
    AND (visitor_id IN {visitor_ids:Array(String)} OR (visitor_id = '' AND person IN {member_ids:Array(String)}))
WHERE NOT gone AND (member_id = person OR {stints:UInt8} = 1)
