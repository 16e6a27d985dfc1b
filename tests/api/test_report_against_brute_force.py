"""Law 5: a report equals the brute-force figure over visits, Live agrees with it, and its pages hold the population."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.api.conftest import DAY, HOUR, MINUTE, NOW, World
from tests.api.visitors import Order, Visit, Visitor, insert_visitors, person, row_of

WINDOWS = {"24h": DAY, "7d": 7 * DAY}
ITEMS = [f"item-{letter}" for letter in "abcdefghij"]

Row = dict[str, Any]
SEGMENTS: list[tuple[Any, Callable[[Row], bool]]] = [
    (None, lambda row: True),
    ({"all": []}, lambda row: True),
    (
        {"field": "environment", "op": "in", "value": ["mobile_web", "hybrid_app"]},
        lambda row: row["environment"] in ("mobile_web", "hybrid_app"),
    ),
    ({"not": {"field": "environment", "op": "is", "value": "pc_web"}}, lambda row: row["environment"] != "pc_web"),
    (
        {"any": [{"field": "orders", "op": ">=", "value": 1}, {"field": "visits", "op": ">", "value": 2}]},
        lambda row: row["orders"] >= 1 or row["visits"] > 2,
    ),
    (
        {"field": "orders_24h", "op": "=", "value": 0},
        lambda row: (
            sum(placed for placed, end in zip(row["visit_orders"], row["visit_end"], strict=True) if end >= NOW - DAY)
            == 0
        ),
    ),
    (
        {
            "all": [
                {"field": "cart_lines", "op": ">=", "value": 1},
                {"field": "revenue", "op": "between", "value": [0, 500]},
            ]
        },
        lambda row: any(row["cart_quantity"]) and row["revenue"] < 500,
    ),
    ({"field": "online", "op": "is", "value": True}, lambda row: row["last_seen"] >= NOW - 5 * MINUTE),
]

# Ages that fall on the edges of the windows and of being online, and everything between.
ages = st.one_of(
    st.sampled_from([0, 5 * MINUTE, 5 * MINUTE + 1, DAY, DAY + 1, 7 * DAY, 7 * DAY + 1]), st.integers(0, 8 * DAY - 1)
)
lines = st.lists(st.tuples(st.sampled_from(ITEMS), st.integers(0, 4)), max_size=4, unique_by=lambda line: line[0])


@st.composite
def visit_lists(draw: st.DrawFn) -> list[Visit]:
    visits: list[Visit] = []
    for age in sorted(draw(st.lists(ages, min_size=1, max_size=4, unique=True)), reverse=True):
        end = NOW - age
        earliest = visits[-1].end + 30 * MINUTE + 1 if visits else 0
        start = end - draw(st.integers(0, 2 * HOUR))
        if end < earliest:
            continue
        orders = [
            Order(f"o{age}-{number}", end, revenue, bought, counted)
            for number, (revenue, bought, counted) in enumerate(
                draw(st.lists(st.tuples(st.integers(0, 1000), lines, st.booleans()), max_size=2))
            )
        ]
        added = draw(
            st.lists(st.tuples(st.sampled_from(ITEMS), st.integers(-2, 3), st.sampled_from([0, 0, 1, 2])), max_size=3)
        )
        visits.append(Visit(max(start, earliest), end, draw(st.integers(0, 9)), orders, added))
    return visits


class Crowd(NamedTuple):
    """Who is a person, and all rows of table `visitors` there are: those the newest replace, and the newest."""

    people: list[Visitor]
    before: list[Visitor]
    rows: list[Visitor]


@st.composite
def crowds(draw: st.DrawFn) -> Crowd:
    """Visitors nobody knows, those that were tied to a member later, and those whose events went to another stint."""
    crowd = Crowd([], [], [])
    for number in range(draw(st.integers(0, 12))):
        columns: Row = {"environment": draw(st.sampled_from(["", "pc_web", "mobile_web", "hybrid_app"]))}
        visits, cart = draw(visit_lists()), draw(lines)
        # What an older version told must not be seen, nor who was there once but is not any more.
        shrunk = draw(st.booleans())
        told = [visits[0], Visit(NOW, NOW, 7)] if shrunk else visits[:1]
        if shrunk:
            columns["latest_seen"] = NOW
        visitor = Visitor(f"방문자 {number}", visits, cart, columns=columns)
        crowd.before.append(Visitor(visitor.visitor_id, told, [("item-a", 9)], 0, {"environment": "pc_web"}))
        became = draw(st.sampled_from(["nobody's", "nobody's", "member's", "gone"]))
        if became == "nobody's":
            crowd.people.append(visitor)
        elif became == "gone":
            crowd.rows.append(replace(visitor, columns={**columns, "gone": True}))
        else:
            member = f"회원 {number}"
            devices = [(visitor.visitor_id, 0, visits[-1].end)]
            crowd.before.append(person(member, told, devices, [("item-a", 9)], 0, {"environment": "pc_web"}))
            crowd.people.append(person(member, visits, devices, cart, columns=columns))
            crowd.rows.append(replace(visitor, columns={**columns, "member_id": member}))
    crowd.rows.extend(crowd.people)
    return crowd


def person_id(visitor: Visitor) -> str:
    return f"visitor:{visitor.visitor_id}" if visitor.visitor_id else f"member:{visitor.columns['member_id']}"


def expected_measures(rows: list[Row], since: int) -> dict[str, Any]:
    visits = [
        (end - start, views, orders, units, revenue)
        for row in rows
        for start, end, views, orders, units, revenue in zip(
            *(row[f"visit_{name}"] for name in ("start", "end", "pageviews", "orders", "units", "revenue")), strict=True
        )
        if end >= since
    ]
    count = len(visits)
    orders = sum(visit[2] for visit in visits)
    revenue = sum(visit[4] for visit in visits)
    views = sum(visit[1] for visit in visits)
    return {
        "visitors": sum(any(end >= since for end in row["visit_end"]) for row in rows),
        "visits": count,
        "pageviews": views,
        "orders": orders,
        "units": sum(visit[3] for visit in visits),
        "revenue": revenue,
        "pageviews_per_visit": views / count if count else None,
        "avg_stay_seconds": sum(visit[0] for visit in visits) / (count * 1000) if count else None,
        "purchase_rate": orders / count if count else None,
        "converting_visit_rate": sum(visit[2] > 0 for visit in visits) / count if count else None,
        "average_order_value": revenue / orders if orders else None,
    }


def expected_top(visitors: list[Visitor], since: int) -> dict[str, list[tuple[str, int, int]]]:
    units: dict[str, Counter[str]] = defaultdict(Counter)
    orders: Counter[str] = Counter()
    for visitor in visitors:
        for visit in visitor.visits:
            if visit.end < since:
                continue
            for order in visit.counted:
                for item, bought in order.lines:
                    units["purchased"][item] += bought
                    orders[item] += bought > 0
            for item, added, kind in visit.added:
                if kind == 0 and added > 0:
                    units["carted"][item] += added
        for item, quantity in visitor.cart:
            units["in_cart"][item] += quantity
    result = {}
    for name in ("purchased", "carted", "in_cart"):
        ranked = sorted((-count, -orders[item], item) for item, count in units[name].items() if count > 0)
        result[name] = [(item, -count, -placed) for count, placed, item in ranked[:7]]
    return result


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # each example asks ClickHouse a dozen times: no shrinking
)
@given(crowds(), st.sampled_from(["24h", "7d"]), st.sampled_from(SEGMENTS), st.integers(1, 4))
def test_report_live_and_preview_equal_a_brute_force_count(
    world: World, crowd: Crowd, window: str, segment: tuple[Any, Callable[[Row], bool]], limit: int
) -> None:
    shop = world.shop()
    insert_visitors(world.store, shop.site_id, crowd.before)
    insert_visitors(world.store, shop.site_id, crowd.rows)
    expression, matches = segment
    since = NOW - WINDOWS[window]
    present = [visitor for visitor in crowd.people if visitor.visits[-1].end >= since]
    members = [visitor for visitor in present if matches(row_of(shop.site_id, visitor))]
    member_rows = [row_of(shop.site_id, visitor) for visitor in members]

    report = world.client.post(
        "/v1/reports/live", json={"window": window, "segment": expression}, headers=shop.reads
    ).json()
    assert report["segment"] == expected_measures(member_rows, since)
    assert report["site"] == expected_measures([row_of(shop.site_id, visitor) for visitor in present], since)
    top = {name: [(p["item_id"], p["units"], p["orders"]) for p in listed] for name, listed in report["top"].items()}
    assert top == expected_top(members, since)

    wanted = {
        "visitors": len(members),
        "share": len(members) / len(present) if present else None,
        "online": sum(row["last_seen"] >= NOW - 5 * MINUTE for row in member_rows),
    }
    preview = world.client.post(
        "/v1/segments/preview", json={"window": window, "expression": expression or {"all": []}}, headers=shop.reads
    ).json()
    assert preview["population"] == wanted
    in_order = sorted(members, key=lambda visitor: (-visitor.visits[-1].end, person_id(visitor).encode()))
    assert pages(world, shop.reads, window, expression, "last_seen", limit, wanted) == [
        person_id(visitor) for visitor in in_order
    ]
    assert pages(world, shop.reads, window, expression, "person_id", limit, wanted) == sorted(
        map(person_id, members), key=str.encode
    )


def pages(
    world: World, headers: dict[str, str], window: str, segment: Any, sort: str, limit: int, population: dict[str, Any]
) -> list[str]:
    found: list[str] = []
    cursor = None
    while True:
        body = {"window": window, "segment": segment, "sort": sort, "limit": limit, "cursor": cursor}
        page = world.client.post("/v1/live/visitors", json=body, headers=headers).json()
        assert page["population"] == population
        assert len(page["visitors"]) == limit or (len(page["visitors"]) < limit and page["next_cursor"] is None)
        found += [card["person_id"] for card in page["visitors"]]
        cursor = page["next_cursor"]
        if cursor is None:
            return found
