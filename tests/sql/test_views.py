"""Views for analysts: nothing twice, at any moment."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from sql.migrate import migrate
from sql.store import Store
from tests.api.visitors import Order, Visit, Visitor, insert_rows, insert_visitors, person, row_of

NOW = 1_767_225_600_000
DAY = 86_400_000


@pytest.fixture(scope="module")
def store(clickhouse_url: str) -> Iterator[Store]:
    store = Store(clickhouse_url, f"views_{uuid.uuid4().hex[:8]}")
    migrate(store, NOW)
    yield store
    store.command(f"DROP DATABASE {store.database} SYNC")
    store.close()


@pytest.fixture
def site_id() -> str:
    return f"s{uuid.uuid4().hex[:10]}"


def view(store: Store, sql: str, site_id: str) -> list[dict[str, Any]]:
    return store.rows_of(sql, {"site_id": site_id})


def test_a_visitor_is_never_shown_twice(store: Store, site_id: str) -> None:
    for version in (2, 1, 3):
        insert_visitors(store, site_id, [Visitor("v", [Visit(NOW, NOW)], version=version, columns={"visits": version})])
    rows = view(store, "SELECT visitor_id, visits FROM current_visitors WHERE site_id = {site_id:String}", site_id)
    assert rows == [{"visitor_id": "v", "visits": 3}]


LOGOUT = NOW - DAY


def shared(store: Store, site_id: str) -> None:
    """Member `a` on a phone and, until the logout, on a pc; the pc is `b`'s after that. Before, it was told otherwise."""
    insert_visitors(store, site_id, [Visitor("pc", [Visit(NOW - 2 * DAY, NOW, 9)], version=0)])
    insert_visitors(store, site_id, [Visitor("pc", [Visit(NOW, NOW, 8)], columns={"stint_start": NOW}, version=0)])
    morning, evening, phone = Visit(NOW - 2 * DAY, LOGOUT, 3), Visit(LOGOUT + 1, NOW, 4), Visit(NOW - DAY, NOW - DAY, 5)
    rows = [
        Visitor("pc", [morning], columns={"member_id": "a"}),
        Visitor("pc", [evening], columns={"member_id": "b", "stint_start": LOGOUT + 1}),
        Visitor("pc", [Visit(NOW, NOW, 8)], columns={"stint_start": NOW, "gone": True}),
        Visitor("phone", [phone], columns={"member_id": "a"}),
        Visitor("tv", [Visit(NOW, NOW, 1)]),
        person("a", [morning, phone], [("pc", 0, LOGOUT), ("phone", 0, NOW - DAY), ("tv", 0, 0), ("pc", 5, LOGOUT)]),
        person("b", [evening], [("pc", LOGOUT + 1, NOW)]),
        person("c", [evening], [("pc", LOGOUT + 1, 0)], columns={"gone": True}),
    ]
    insert_visitors(store, site_id, rows)


def test_people_are_members_with_their_devices_and_visitors_nobody_knows(store: Store, site_id: str) -> None:
    shared(store, site_id)
    sql = """
    SELECT person_id, member_id, visitor_ids, devices, visits, pageviews FROM current_people
    WHERE site_id = {site_id:String} ORDER BY person_id
    """
    assert [tuple(row.values()) for row in view(store, sql, site_id)] == [
        ("member:a", "a", ["pc", "phone"], 2, 2, 8),
        ("member:b", "b", ["pc"], 1, 1, 4),
        ("visitor:tv", "", ["tv"], 1, 1, 1),
    ]


def test_a_person_is_shown_with_his_segments(store: Store, site_id: str) -> None:
    held = {
        "in_segments": ["seg_b"],
        "segment_id": ["seg_a", "seg_b"],
        "segment_version": [1, 2],
        "segment_since": [0, NOW],
        "segment_entries": [1, 3],
    }
    insert_visitors(store, site_id, [person("a", [Visit(NOW, NOW)], [("pc", 0, NOW)], columns=held)])
    sql = """
    SELECT in_segments, segment_id, segment_version, arrayMap(at -> toUnixTimestamp64Milli(at), segment_since) AS since, segment_entries
    FROM current_people WHERE site_id = {site_id:String}
    """
    (shown,) = view(store, sql, site_id)
    assert tuple(shown.values()) == (["seg_b"], ["seg_a", "seg_b"], [1, 2], [0, NOW], [1, 3])


def test_a_device_has_a_row_for_each_person_it_belonged_to(store: Store, site_id: str) -> None:
    shared(store, site_id)
    sql = """
    SELECT visitor_id, toUnixTimestamp64Milli(stint_start) AS began, member_id, person_id, pageviews FROM current_visitors
    WHERE site_id = {site_id:String} ORDER BY visitor_id, stint_start
    """
    assert [tuple(row.values()) for row in view(store, sql, site_id)] == [
        ("pc", 0, "a", "member:a", 3),
        ("pc", LOGOUT + 1, "b", "member:b", 4),
        ("phone", 0, "a", "member:a", 5),
        ("tv", 0, "", "visitor:tv", 1),
    ]


def test_a_visit_belongs_to_the_person_of_its_stint(store: Store, site_id: str) -> None:
    shared(store, site_id)
    # Folded away: of a stint that is there, of one that is gone, and of one that has not let go of it.
    for start, stint in ((NOW - 20 * DAY, 0), (NOW - 19 * DAY, NOW), (NOW - 2 * DAY, 0)):
        visit = {
            "site_id": site_id,
            "visitor_id": "pc",
            "stint_start": stint,
            "start": start,
            "end": start,
            "pageviews": 2,
        }
        insert_rows(store, "visits", [visit])
    sql = """
    SELECT visitor_id, toUnixTimestamp64Milli(stint_start) AS began, member_id, person_id, pageviews FROM current_visits
    WHERE site_id = {site_id:String} ORDER BY visitor_id, start
    """
    assert [tuple(row.values()) for row in view(store, sql, site_id)] == [
        ("pc", 0, "a", "member:a", 2),
        ("pc", 0, "a", "member:a", 3),
        ("pc", LOGOUT + 1, "b", "member:b", 4),
        ("phone", 0, "a", "member:a", 5),
        ("tv", 0, "", "visitor:tv", 1),
    ]


def test_an_order_belongs_to_the_person_whose_the_device_was_then(store: Store, site_id: str) -> None:
    shared(store, site_id)
    placed = [
        ("o1", "pc", LOGOUT),
        ("o2", "pc", LOGOUT + 1),
        ("o3", "phone", NOW),
        ("o4", "tv", NOW),
        ("o5", "new", NOW),
    ]
    order = {"site_id": site_id, "version": 1}
    rows = [order | {"transaction_id": name, "visitor_id": who, "occurred_at": at} for name, who, at in placed]
    insert_rows(store, "orders", rows)
    sql = """
    SELECT transaction_id, visitor_id, member_id, person_id FROM current_orders
    WHERE site_id = {site_id:String} ORDER BY transaction_id
    """
    assert [tuple(row.values()) for row in view(store, sql, site_id)] == [
        ("o1", "pc", "a", "member:a"),
        ("o2", "pc", "b", "member:b"),
        ("o3", "phone", "a", "member:a"),
        ("o4", "tv", "", "visitor:tv"),
        ("o5", "new", "", "visitor:new"),
    ]


VISITS = """
SELECT toUnixTimestamp64Milli(start) AS start, toUnixTimestamp64Milli(end) AS end, stay_ms, pageviews, orders, units, revenue
FROM current_visits
WHERE site_id = {site_id:String}
ORDER BY visitor_id, start
"""


def folded(site_id: str, start: int, end: int, pageviews: int) -> dict[str, Any]:
    return {"site_id": site_id, "visitor_id": "v", "start": start, "end": end, "pageviews": pageviews}


def test_a_visit_is_either_folded_away_or_in_its_visitors_row(store: Store, site_id: str) -> None:
    old = (NOW - 9 * DAY, NOW - 9 * DAY + 60_000)
    edge = (NOW - 8 * DAY - 60_000, NOW - 8 * DAY)
    orders = [
        Order("a", old[0] + 5, 100, [("i", 2)]),
        Order("b", old[1], 50, [("i", 1)]),
        Order("c", old[1], 70, [("i", 9)], counted=False),
    ]
    present = Visit(*edge, 4, [Order("d", edge[1], 7, [("i", 1)])])
    last = Visit(NOW - 1000, NOW, 2)
    # The row keeps orders of folded visits; here they come with the first visit's columns taken away again.
    visitor = Visitor("v", [Visit(*old, 3, orders), present, last])
    insert_visitors(store, site_id, [visitor])
    names = ("start", "end", "pageviews", "cart_adds", "orders", "units", "revenue", "landing_page", "referrer")
    more = (
        "search_keyword",
        "channel",
        *(f"utm_{part}" for part in ("source", "medium", "campaign", "term", "content")),
    )
    whole = row_of(site_id, visitor)
    cut = {f"visit_{name}": whole[f"visit_{name}"][1:] for name in (*names, *more)}
    insert_visitors(store, site_id, [Visitor("v", visitor.visits, version=2, columns=cut)])
    for _ in range(2):  # a repeated flush
        insert_rows(store, "visits", [folded(site_id, *old, 3)])
    # Written by a flush that was cut short: its visitor's row still has it.
    insert_rows(store, "visits", [folded(site_id, *edge, 4)])
    shown = [tuple(row.values()) for row in view(store, VISITS, site_id)]
    assert shown == [
        (*old, 60_000, 3, 2, 3, 150),
        (*edge, 60_000, 4, 1, 1, 7),
        (NOW - 1000, NOW, 1000, 2, 0, 0, 0),
    ]


def test_a_repeated_event_is_shown_once(store: Store, site_id: str) -> None:
    event = {
        "site_id": site_id,
        "visitor_id": "v",
        "event_id": "e",
        "name": "page_view",
        "occurred_at": NOW,
        "received_at": NOW,
        "shard": 1,
        "log_offset": 77,
        "items.item_id": ["a"],
    }
    insert_rows(store, "events", [event])
    insert_rows(store, "events", [event])
    rows = view(
        store, "SELECT event_id, items.item_id AS ids FROM current_events WHERE site_id = {site_id:String}", site_id
    )
    assert rows == [{"event_id": "e", "ids": ["a"]}]


def test_an_order_is_shown_once_and_only_when_it_was_placed(store: Store, site_id: str) -> None:
    order = {"site_id": site_id, "transaction_id": "t", "visitor_id": "v", "value": 100}
    insert_rows(store, "orders", [{**order, "version": 1, "revenue": 100}])
    insert_rows(store, "orders", [{**order, "version": 2, "revenue": 60}])
    insert_rows(store, "orders", [{**order, "transaction_id": "u", "visitor_id": "", "version": 1, "revenue": 0}])
    rows = view(store, "SELECT transaction_id, revenue FROM current_orders WHERE site_id = {site_id:String}", site_id)
    assert rows == [{"transaction_id": "t", "revenue": 60}]


def test_activity_of_a_repeated_flush_counts_once(store: Store, site_id: str) -> None:
    commit = {
        "partition": 900,
        "from_offset": 1,
        "to_offset": 5,
        "at": NOW,
        "activity_site": [site_id, site_id],
        "activity_minute": [NOW // 1000, NOW // 1000],
        "activity_by": ["event", "event"],
        "activity_value": ["page_view", "purchase"],
        "activity_events": [3, 1],
        "activity_units": [0, 2],
    }
    insert_rows(store, "commits", [commit])
    insert_rows(store, "commits", [commit])
    insert_rows(store, "commits", [{**commit, "from_offset": 5, "to_offset": 9}])
    rows = view(
        store,
        "SELECT value, sum(events) AS events, sum(units) AS units FROM activity WHERE site_id = {site_id:String} "
        "GROUP BY value ORDER BY value",
        site_id,
    )
    assert rows == [
        {"value": "page_view", "events": 6, "units": 0},
        {"value": "purchase", "events": 2, "units": 4},
    ]


def test_the_curve_waits_for_all_shards_and_counts_each_once(store: Store, site_id: str) -> None:
    rollup = {"site_id": site_id, "window": "24h", "shards": 2, "visits": 5}
    for at, shard in ((NOW, 0), (NOW, 0), (NOW, 1), (NOW + 5000, 0), (NOW + 5000, 0)):
        insert_rows(store, "rollups", [{**rollup, "at": at, "shard": shard}])
    rows = view(store, "SELECT at, visits FROM site_curve WHERE site_id = {site_id:String}", site_id)
    assert [row["visits"] for row in rows] == [10]
