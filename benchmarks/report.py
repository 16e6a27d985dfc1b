"""A Live Report over the visitors' rows beside the same question over raw events, in the embedded ClickHouse.

Rows and events are made inside ClickHouse from the same numbers: of visitor v, visits k = 0 .. v % 4 (2.5 each), 40 hours
apart at least by start, two or three events a visit, one visit in 20 with an order. One visitor in ten is a member's: his row is
there twice, as the member's device and as the person; the others are people themselves. Ours is what `POST /v1/reports/live`
calls (sums and the three product lists); the raw question finds visits with window functions and answers the sums and the
purchased products. It is spared what ours settles: repeats, late copies of orders, refunds, carts.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from api.asked import Asked
from api.live_report import TOP, read_report
from api.reports import Sums
from api.times import WINDOW_MS, Window
from benchmarks.figures import Figure, Outcome
from benchmarks.stack import store_in
from benchmarks.traffic import SITE
from flows.segments.parse import parse
from sql.store import Store

SEGMENT = {"all": [{"field": "visits", "op": ">=", "value": 3}, {"field": "orders", "op": ">=", "value": 1}]}
RUNS = 10
PARTS = 10
"""Inserts the rows arrive in: what of them is not merged yet, the report has to settle."""

_WINDOWS: tuple[Window, ...] = ("24h", "7d")

# A visit k of visitor v; random(n) differs by v, k and n. Starts lie in the k-th 40 hours before the end.
_VISIT = """
    SELECT
        v, k,
        concat('v-', hex(sipHash64(v))) AS visitor_id,
        toInt64({end:Int64} - 3600000 - (v % 4 - k) * 144000000 - sipHash64(v, k, 1) % 136800000 - 1200000) AS start_ms,
        start_ms + toInt64(sipHash64(v, k, 2) % 1200000) AS end_ms,
        sipHash64(v, k, 3) % 20 = 0 AS bought,
        concat('P', toString(sipHash64(v, k, 4) % 2000)) AS item,
        toInt64(1 + sipHash64(v, k, 5) % 3) AS quantity,
        toInt64(1000 * (10 + sipHash64(v, k, 6) % 90)) AS price
    FROM (SELECT number AS v FROM numbers({first:UInt64}, {count:UInt64}))
    ARRAY JOIN range(v % 4 + 1) AS k
"""

EVENTS = f"""
    INSERT INTO events
        (site_id, visitor_id, event_id, name, occurred_at, received_at, pageview, url, title, environment, os, browser,
         user_agent, transaction_id, value, currency, items.item_id, items.price, items.quantity, log_offset)
    SELECT
        {{site_id:String}}, visitor_id, lower(hex(sipHash128(v, k, n))),
        ['page_view', 'page_view', 'purchase'][n + 1] AS name,
        fromUnixTimestamp64Milli([start_ms, end_ms, end_ms][n + 1]) AS at, at, n < 2,
        concat('https://www.shop.example/product/', item), concat('상품 ', item),
        'mobile_web', 'Android', 'Chrome Mobile', 'Mozilla/5.0 (Linux; Android 14; SM-S921N)',
        if(n = 2, concat('T', toString(v), '-', toString(k)), ''), if(n = 2, price * quantity, NULL), 'KRW',
        if(n = 2, [item], []), if(n = 2, [price], []), if(n = 2, [quantity], []), (v * 100 + k) * 10 + n
    FROM ({_VISIT}) ARRAY JOIN range(if(bought, 3, 2)) AS n
"""

VISITORS = f"""
    INSERT INTO visitors
        (site_id, visitor_id, person, member_id, part_visitor, part_row,
         shard, version, first_seen, last_seen, environment, os, browser, device_at, page_url, page_at,
         visits, pageviews, stay_ms, orders, units, revenue, largest_order, last_order_at,
         visit_start, visit_end, visit_pageviews, visit_cart_adds, visit_orders, visit_units, visit_revenue,
         order_id, order_at, order_version, order_counted, order_units, order_revenue, order_visit_end,
         bought_order, bought_item, bought_category, bought_units, bought_visit_end)
    WITH
        arraySort(groupArray((k, start_ms, end_ms, bought, item, quantity, price))) AS told,
        arrayMap(x -> fromUnixTimestamp64Milli(x.2), told) AS starts,
        arrayMap(x -> fromUnixTimestamp64Milli(x.3), told) AS ends,
        arrayMap(x -> if(x.4, x.6, 0), told) AS units_by_visit,
        arrayMap(x -> if(x.4, x.6 * x.7, 0), told) AS revenue_by_visit,
        arrayFilter(x -> x.4, told) AS orders_told,
        arrayMap(x -> fromUnixTimestamp64Milli(x.3), orders_told) AS order_times,
        if(v % 10 = 0, concat('m-', toString(v)), '') AS member
    SELECT
        {{site_id:String}}, if(is_person, '', visitor_id), if(is_person, member, ''), member,
        if(is_person, [visitor_id], []), if(is_person, [toJSONString(map('last_seen', toUnixTimestamp64Milli(ends[-1])))], []),
        0, 1, starts[1], ends[-1], 'mobile_web', 'Android', 'Chrome Mobile', ends[-1],
        concat('https://www.shop.example/product/', told[-1].5), ends[-1],
        length(told), 2 * length(told), arraySum(arrayMap(x -> x.3 - x.2, told)),
        length(orders_told), arraySum(units_by_visit), arraySum(revenue_by_visit),
        if(empty(orders_told), NULL, arrayMax(revenue_by_visit)), if(empty(orders_told), NULL, order_times[-1]),
        starts, ends, arrayMap(x -> 2, told), arrayMap(x -> 0, told), arrayMap(x -> x.4, told), units_by_visit, revenue_by_visit,
        arrayMap(x -> concat('T', toString(v), '-', toString(x.1)), orders_told), order_times, arrayMap(x -> 1, orders_told),
        arrayMap(x -> 1, orders_told), arrayMap(x -> x.6, orders_told), arrayMap(x -> x.6 * x.7, orders_told), order_times,
        arrayMap((x, i) -> i - 1, orders_told, arrayEnumerate(orders_told)), arrayMap(x -> x.5, orders_told),
        arrayMap(x -> '', orders_told), arrayMap(x -> x.6, orders_told), order_times
    FROM ({_VISIT}) ARRAY JOIN if(v % 10 = 0, [0, 1], [0]) AS is_person GROUP BY v, visitor_id, is_person
"""

_RAW_VISITS = """
    SELECT
        visitor_id, visit, min(occurred_at) AS start, max(occurred_at) AS end, countIf(pageview) AS viewed,
        countIf(name = 'purchase') AS placed, sum(bought) AS sold, sum(paid) AS earned, groupArrayIf((item, bought), bought > 0) AS lines
    FROM
    (
        SELECT *, sum(gap > 1800000) OVER (PARTITION BY visitor_id ORDER BY occurred_at, event_id) AS visit
        FROM
        (
            SELECT
                visitor_id, event_id, occurred_at, name, pageview, ifNull(value, 0) AS paid, arraySum(items.quantity) AS bought,
                items.item_id[1] AS item,
                dateDiff('millisecond', lagInFrame(occurred_at, 1, occurred_at) OVER (
                    PARTITION BY visitor_id ORDER BY occurred_at, event_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
                ), occurred_at) AS gap
            FROM events WHERE site_id = {site_id:String} AND NOT bot
        )
    )
    GROUP BY visitor_id, visit
"""
_RAW_VISITORS = f"""
    SELECT
        visitor_id, count() >= 3 AND sum(placed) >= 1 AS member, countIf(within) AS visits, sumIf(viewed, within) AS pageviews,
        sumIf(dateDiff('millisecond', start, end), within) AS stay_ms, countIf(within AND placed > 0) AS converting_visits,
        sumIf(placed, within) AS orders, sumIf(sold, within) AS units, sumIf(earned, within) AS revenue,
        groupArrayArrayIf(lines, within) AS lines
    FROM (SELECT *, end >= fromUnixTimestamp64Milli({{since:Int64}}, 'UTC') AS within FROM ({_RAW_VISITS}))
    GROUP BY visitor_id HAVING visits > 0
"""
_SUMS = ("visits", "pageviews", "stay_ms", "converting_visits", "orders", "units", "revenue")
RAW_SUMS = f"""
    SELECT
        count() AS site_visitors, countIf(member) AS segment_visitors,
        {", ".join(f"sum({name}) AS site_{name}, sumIf({name}, member) AS segment_{name}" for name in _SUMS)}
    FROM ({_RAW_VISITORS})
"""
RAW_TOP = f"""
    SELECT line.1 AS item_id, sum(line.2) AS units, count() AS orders
    FROM ({_RAW_VISITORS}) ARRAY JOIN lines AS line
    WHERE member GROUP BY item_id ORDER BY units DESC, orders DESC, item_id LIMIT {TOP}
"""

Answer = tuple[Sums, Sums, list[tuple[str, int, int]]]


def compare(visitors: int, end: int, raw_runs: int = RUNS) -> Outcome:
    """Both windows, `RUNS` times from the rows and `raw_runs` times from raw events; `end` is now, epoch ms."""
    figures, differences = [], []
    with tempfile.TemporaryDirectory(prefix="sonnim-bench-") as place, store_in(Path(place), end) as store:
        events = _fill(store, visitors, end)
        asked = Asked(SEGMENT, parse(SEGMENT))
        for window in _WINDOWS:
            ours, ours_ms = _timed(lambda window=window: _ours(store, window, asked, end), RUNS)  # type: ignore[misc]
            raw, raw_ms = _timed(lambda window=window: _raw(store, window, end), raw_runs)  # type: ignore[misc]
            if ours != raw:
                differences.append(f"Live Report {window}: ours {ours}, from raw events {raw}")
            for name, quantile in (("p50", 50), ("p95", 95)):
                one, other = float(np.percentile(ours_ms, quantile)), float(np.percentile(raw_ms, quantile))
                figures.append(Figure(f"Live Report {window} {name}", one, "ms", other, other / one))
            figures.append(Figure(f"  members, visits {window}", ours[0].visitors, "", ours[0].visits))
        parts = store.rows_of("SELECT count() AS n FROM system.parts WHERE active AND table = 'visitors'")[0]["n"]
    about = [
        Figure("  visitors", visitors, ""),
        Figure("  raw events", events, ""),
        Figure("  parts of visitors", parts, ""),
    ]
    return Outcome([*figures, *about], differences)


def _fill(store: Store, visitors: int, end: int) -> int:
    each = -(-visitors // PARTS)
    for first in range(0, visitors, each):
        bound = {"site_id": SITE, "end": end, "first": first, "count": min(each, visitors - first)}
        store.command(EVENTS, bound)
        store.command(VISITORS, bound)
    return int(store.rows_of("SELECT count() AS n FROM events")[0]["n"])


def _ours(store: Store, window: Window, asked: Asked, end: int) -> Answer:
    read = read_report(store, SITE, window, asked, end, online_minutes=5)
    return read.segment, read.site, [(p.item_id, p.units, p.orders) for p in read.top.purchased]


def _raw(store: Store, window: Window, end: int) -> Answer:
    bound = {"site_id": SITE, "since": end - WINDOW_MS[window]}
    row: dict[str, Any] = store.rows_of(RAW_SUMS, bound)[0]
    top = store.rows_of(RAW_TOP, bound)
    segment, site = (Sums(*(int(row[f"{who}_{f.name}"]) for f in fields(Sums))) for who in ("segment", "site"))
    return segment, site, [(r["item_id"], r["units"], r["orders"]) for r in top]


def _timed(ask: Callable[[], Answer], runs: int) -> tuple[Answer, Sequence[float]]:
    """The answer, and milliseconds of each run."""
    taken = []
    for _ in range(runs):
        started = time.perf_counter()
        answer = ask()
        taken.append((time.perf_counter() - started) * 1000)
    return answer, taken
