-- The next events of a shard, at most `most`, as lines of the log again: what the state is made of, absent where it was ''.
-- Of some visitors only, where `sites` and `visitors` (two arrays of one length) name any.
-- The columns get their names within: a Distributed table would send them on without, and formatRow writes names.
SELECT
    log_offset,
    formatRow(
        'JSONEachRow',
        site_id,
        visitor_id,
        event_id,
        name,
        occurred_at,
        received_at,
        member_id,
        bot,
        pageview,
        url,
        title,
        referrer,
        search_keyword,
        channel,
        utm_source,
        utm_medium,
        utm_campaign,
        utm_term,
        utm_content,
        search_term,
        environment,
        os,
        browser,
        app_version,
        transaction_id,
        value,
        currency,
        items
    ) AS line
FROM
(
    SELECT
        log_offset,
        site_id,
        visitor_id,
        event_id,
        name,
        toUnixTimestamp64Milli(occurred_at) AS occurred_at,
        toUnixTimestamp64Milli(received_at) AS received_at,
        nullIf(member_id, '') AS member_id,
        bot,
        pageview,
        nullIf(url, '') AS url,
        nullIf(title, '') AS title,
        nullIf(referrer, '') AS referrer,
        nullIf(search_keyword, '') AS search_keyword,
        nullIf(channel, '') AS channel,
        nullIf(utm_source, '') AS utm_source,
        nullIf(utm_medium, '') AS utm_medium,
        nullIf(utm_campaign, '') AS utm_campaign,
        nullIf(utm_term, '') AS utm_term,
        nullIf(utm_content, '') AS utm_content,
        nullIf(search_term, '') AS search_term,
        nullIf(environment, '') AS environment,
        nullIf(os, '') AS os,
        nullIf(browser, '') AS browser,
        nullIf(app_version, '') AS app_version,
        nullIf(transaction_id, '') AS transaction_id,
        value,
        nullIf(currency, '') AS currency,
        CAST(
            arrayZip(items.item_id, items.price, items.quantity, arrayMap(one -> nullIf(one, ''), items.category)),
            'Array(Tuple(item_id String, price Nullable(Int64), quantity Int64, category Nullable(String)))') AS items
    FROM events
    WHERE shard = {shard:UInt16}
      AND log_offset > {after:UInt64}
      AND (empty({visitors:Array(String)}) OR visitor_id IN {visitors:Array(String)})
      AND (empty({visitors:Array(String)})
          OR (site_id, visitor_id) IN (SELECT arrayJoin(arrayZip({sites:Array(String)}, {visitors:Array(String)}))))
      AND log_offset <=
      (
          SELECT max(log_offset)
          FROM
          (
              SELECT log_offset
              FROM events
              WHERE shard = {shard:UInt16} AND log_offset > {after:UInt64} AND log_offset <= {upto:UInt64}
                AND (empty({visitors:Array(String)}) OR visitor_id IN {visitors:Array(String)})
                AND (empty({visitors:Array(String)})
                    OR (site_id, visitor_id) IN (SELECT arrayJoin(arrayZip({sites:Array(String)}, {visitors:Array(String)}))))
              ORDER BY log_offset
              LIMIT {most:UInt64}
          )
      )
    ORDER BY log_offset
    LIMIT 1 BY log_offset
)
ORDER BY log_offset
SETTINGS output_format_json_quote_64bit_integers = 0, output_format_json_named_tuples_as_objects = 1
