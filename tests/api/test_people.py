"""People: members with all their devices, visitors nobody knows, and the devices by themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest

from tests.api.conftest import DAY, HOUR, MINUTE, NOW, Shop, World
from tests.api.visitors import Order, Visit, Visitor, insert_rows, insert_visitors, person

LOGOUT = NOW - 2 * HOUR


def get(world: World, shop: Shop, path: str, status: int = 200) -> dict[str, Any]:
    answer = world.client.get(f"/v1/{path}", headers=shop.reads)
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.json()
    return body


def family(world: World, shop: Shop) -> None:
    """Member `mina` on a phone and on a pc; the pc is `jun`'s until his logout, nobody's for a moment, then hers."""
    phone = [Visit(NOW - DAY, NOW - DAY + MINUTE, 3, [Order("o1", NOW - DAY, 500, [("hat", 1)])])]
    evening = [Visit(LOGOUT + 1, NOW - MINUTE, 4, [Order("o2", NOW - MINUTE, 70, [("cap", 2)])])]
    morning = [Visit(NOW - 9 * HOUR, LOGOUT, 5, [Order("o3", NOW - 9 * HOUR, 900, [("bag", 1)])])]
    rows = [
        Visitor("phone", phone, columns={"member_id": "mina"}),
        Visitor("pc", morning, columns={"member_id": "jun"}),
        Visitor("pc", evening, columns={"member_id": "mina", "stint_start": LOGOUT + 1}),
        Visitor("tablet", [Visit(NOW - HOUR, NOW - HOUR)]),
        person("jun", morning, [("pc", 0, LOGOUT), ("tablet", 0, 0)]),
        person("mina", [*phone, *evening], [("pc", LOGOUT + 1, NOW - MINUTE), ("phone", 0, NOW - DAY + MINUTE)]),
    ]
    insert_visitors(world.store, shop.site_id, rows)
    placed = [("o1", "phone", 500, NOW - DAY), ("o2", "pc", 70, NOW - MINUTE), ("o3", "pc", 900, NOW - 9 * HOUR)]
    insert_rows(
        world.store,
        "orders",
        [
            {"site_id": shop.site_id, "version": 1, "transaction_id": transaction_id, "visitor_id": visitor_id}
            | {"value": value, "currency": "KRW", "occurred_at": at, "counted": True}
            for transaction_id, visitor_id, value, at in placed
        ],
    )


def test_live_counts_and_lists_people(world: World, shop: Shop) -> None:
    family(world, shop)
    body = get(world, shop, "live/visitors")
    assert body["population"] == {"visitors": 3, "share": 1.0, "online": 1}
    assert [card["person_id"] for card in body["visitors"]] == ["member:mina", "visitor:tablet", "member:jun"]
    report = world.client.post("/v1/reports/live", json={}, headers=shop.reads).json()["site"]
    assert (report["visitors"], report["visits"], report["orders"], report["revenue"]) == (3, 4, 3, 1470)


def test_a_card_tells_whose_it_is_and_the_devices(world: World, shop: Shop) -> None:
    family(world, shop)
    cards = {card["person_id"]: card for card in get(world, shop, "live/visitors")["visitors"]}
    mina, jun, tablet = cards["member:mina"], cards["member:jun"], cards["visitor:tablet"]
    assert (mina["member_id"], mina["visitor_id"]) == ("mina", "pc")
    assert mina["devices"] == [
        {"visitor_id": "pc", "last_seen": "2025-12-31T23:59:00.000Z"},
        {"visitor_id": "phone", "last_seen": "2025-12-31T00:01:00.000Z"},
    ]
    assert [device["visitor_id"] for device in jun["devices"]] == ["pc"]
    assert (tablet["member_id"], tablet["visitor_id"]) == (None, "tablet")
    assert tablet["devices"] == [{"visitor_id": "tablet", "last_seen": "2025-12-31T23:00:00.000Z"}]


def test_a_device_used_several_times_by_a_member_is_one(world: World, shop: Shop) -> None:
    stints = [("pc", 0, NOW - DAY), ("phone", 0, NOW - HOUR), ("pc", NOW - MINUTE, NOW), ("old", 0, 0)]
    insert_visitors(world.store, shop.site_id, [person("m", [Visit(NOW - DAY, NOW)], stints)])
    (card,) = get(world, shop, "live/visitors")["visitors"]
    assert [device["visitor_id"] for device in card["devices"]] == ["pc", "phone"]
    for count, expected in ((2, 1), (3, 0)):
        segment = {"expression": {"field": "devices", "op": "=", "value": count}}
        preview = world.client.post("/v1/segments/preview", json=segment, headers=shop.reads).json()
        assert preview["population"]["visitors"] == expected


def test_a_person_is_shown_with_visits_and_orders_of_all_devices(world: World, shop: Shop) -> None:
    family(world, shop)
    mina = get(world, shop, "people/member:mina")
    assert mina["person"]["person_id"] == "member:mina"
    assert [(visit["visitor_id"], visit["pageviews"]) for visit in mina["visits"]] == [("pc", 4), ("phone", 3)]
    assert [(order["transaction_id"], order["value"]) for order in mina["orders"]] == [("o2", 70), ("o1", 500)]
    jun = get(world, shop, "people/member:jun")
    assert [visit["pageviews"] for visit in jun["visits"]] == [5]
    assert [(order["transaction_id"], order["value"]) for order in jun["orders"]] == [("o3", 900)]
    tablet = get(world, shop, "people/visitor:tablet")
    assert (len(tablet["visits"]), tablet["orders"]) == (1, [])


def test_an_order_that_two_devices_told_is_listed_once(world: World, shop: Shop) -> None:
    counted = Order("o", NOW - HOUR, 100, [("hat", 1)])
    visits = [
        Visit(NOW - HOUR, NOW - HOUR, 1, [counted]),
        Visit(NOW, NOW, 1, [replace(counted, at=NOW, counted=False)]),
    ]
    devices = [("a", 0, NOW - HOUR), ("b", 0, NOW)]
    insert_visitors(world.store, shop.site_id, [person("m", visits, devices)])
    (order,) = get(world, shop, "people/m")["orders"]
    assert (order["counted"], order["revenue"], order["ordered_at"]) == (True, 100, "2025-12-31T23:00:00.000Z")


@pytest.mark.parametrize("visitor_id", ["phone", "pc"])
def test_a_visitor_is_answered_with_the_person_it_belongs_to_now(world: World, shop: Shop, visitor_id: str) -> None:
    family(world, shop)
    person_out = get(world, shop, "people/member:mina")
    visitor_out = get(world, shop, f"visitors/{visitor_id}")
    assert visitor_out["visitor"] == person_out["person"]
    assert (visitor_out["visits"], visitor_out["orders"]) == (person_out["visits"], person_out["orders"])
    assert get(world, shop, f"people/visitor:{visitor_id}")["person"] == person_out["person"]


def test_a_visitor_who_is_nobodys_again_is_a_person_again(world: World, shop: Shop) -> None:
    rows = [
        Visitor("pc", [Visit(NOW - DAY, LOGOUT)], columns={"member_id": "jun"}),
        Visitor("pc", [Visit(LOGOUT + 1, NOW, 8)], columns={"stint_start": LOGOUT + 1}),
        person("jun", [Visit(NOW - DAY, LOGOUT)], [("pc", 0, LOGOUT)]),
    ]
    insert_visitors(world.store, shop.site_id, rows)
    found = get(world, shop, "visitors/pc")
    assert (found["visitor"]["person_id"], [visit["pageviews"] for visit in found["visits"]]) == ("visitor:pc", [8])
    assert get(world, shop, "live/visitors")["population"]["visitors"] == 2


def test_a_plain_id_is_a_members_else_a_visitors(world: World, shop: Shop) -> None:
    insert_visitors(
        world.store,
        shop.site_id,
        [
            Visitor("same", [Visit(NOW, NOW, 2)]),
            Visitor("only-visitor", [Visit(NOW, NOW, 3)]),
            person("same", [Visit(NOW, NOW, 4)], [("x", 0, NOW)]),
            person("member:m", [Visit(NOW, NOW, 5)], [("y", 0, NOW)]),
        ],
    )
    found = {
        asked: get(world, shop, f"people/{asked}")["person"]["pageviews"]
        for asked in ("same", "member:same", "visitor:same", "only-visitor", "visitor:only-visitor", "member:member:m")
    }
    assert list(found.values()) == [4, 4, 2, 3, 3, 5]
    assert get(world, shop, "visitors/same")["visitor"]["pageviews"] == 2
    for nobody in ("member:m", "member:only-visitor", "visitor:x", "visitor:", "member:", "nobody"):
        get(world, shop, f"people/{nobody}", 404)


def test_while_a_members_own_row_is_on_its_way_the_device_stands_for_it(world: World, shop: Shop) -> None:
    bought = [Order("o", NOW, 10, [("hat", 1)])]
    insert_visitors(
        world.store, shop.site_id, [Visitor("v", [Visit(NOW, NOW, 6, bought)], columns={"member_id": "new"})]
    )
    found = get(world, shop, "visitors/v")
    card = found["visitor"]
    assert (card["person_id"], card["member_id"], card["pageviews"]) == ("member:new", "new", 6)
    assert (len(found["visits"]), len(found["orders"])) == (1, 1)
    assert get(world, shop, "visitors/v/segments")["person_id"] == "member:new"


IDS = [
    "a/b",
    "a//b/",
    "100%",
    "%2F",
    "a b+c",
    "한글 회원",
    "?x=1&y#z",
    "..",
    "a/segments",
    "segments",
    "member:a",
    "é\u0301",
    "'\"\\",
]


@pytest.mark.parametrize("odd", IDS)
def test_ids_may_hold_any_character(world: World, shop: Shop, odd: str) -> None:
    rows = [
        Visitor(odd, [Visit(NOW, NOW, 1)]),
        Visitor("pc", [Visit(NOW, NOW, 2)], columns={"member_id": odd}),
        person(odd, [Visit(NOW, NOW, 2)], [("pc", 0, NOW)]),
    ]
    insert_visitors(world.store, shop.site_id, rows)
    escaped = quote(odd, safe="")
    # A path that ends in `..` is another path to any client: with the kind before it the id stands as it is.
    assert get(world, shop, f"people/member:{escaped}")["person"]["member_id"] == odd
    assert get(world, shop, f"people/visitor:{escaped}")["person"]["visitor_id"] == odd
    for kind, person_id in (("member:", f"member:{odd}"), ("visitor:", f"visitor:{odd}")):
        assert get(world, shop, f"people/{kind}{escaped}/segments")["person_id"] == person_id
    if odd != "..":
        assert get(world, shop, f"visitors/{escaped}")["visitor"]["visitor_id"] == odd
        assert get(world, shop, f"visitors/{escaped}/segments")["visitor_id"] == odd
        assert get(world, shop, f"devices/{escaped}")["visitor_id"] == odd


def test_who_is_not_there_is_404_and_told_what_to_do(world: World, shop: Shop) -> None:
    insert_visitors(world.store, shop.site_id, [Visitor("gone", [Visit(NOW, NOW)], columns={"gone": True})])
    for nobody in ("nobody", "gone"):
        for path in (f"people/{nobody}", f"people/visitor:{nobody}", f"visitors/{nobody}", f"devices/{nobody}"):
            assert "member:<member_id>" in get(world, shop, path, 404)["detail"]
    for path in ("people/member:nobody/segments", "visitors/nobody/segments"):
        get(world, shop, path, 404)


def test_a_device_tells_whom_it_belonged_to(world: World, shop: Shop) -> None:
    family(world, shop)
    found = get(world, shop, "devices/pc")
    assert found["visitor_id"] == "pc"
    assert [(stint["person_id"], stint["began_at"], stint["card"]["pageviews"]) for stint in found["stints"]] == [
        ("member:mina", "2025-12-31T22:00:00.001Z", 4),
        ("member:jun", None, 5),
    ]
    assert [device["visitor_id"] for device in found["stints"][0]["card"]["devices"]] == ["pc"]
    assert get(world, shop, "devices/tablet")["stints"][0]["member_id"] is None


def test_search_finds_by_member_id_and_by_any_device(world: World, shop: Shop) -> None:
    family(world, shop)
    for part, found in {
        "min": ["member:mina"],
        "hon": ["member:mina"],
        "pc": ["member:mina", "member:jun"],
        "table": ["visitor:tablet"],
        "member:": [],
    }.items():
        for sort in ("last_seen", "person_id"):
            listed = get(world, shop, f"live/visitors?q={part}&sort={sort}")["visitors"]
            assert {card["person_id"] for card in listed} == set(found), part


def test_by_person_id_members_come_first_and_every_page_goes_on_where_the_last_ended(world: World, shop: Shop) -> None:
    members = ["", "a", "a/1", "b", "v", "z"][1:]
    rows = [person(member, [Visit(NOW, NOW)], [(f"d{member}", 0, NOW)]) for member in members]
    rows += [Visitor(f"d{member}", [Visit(NOW, NOW)], columns={"member_id": member}) for member in members]
    visitors = ["A", "b", "v", "v0", "가"]
    insert_visitors(world.store, shop.site_id, rows + [Visitor(visitor, [Visit(NOW, NOW)]) for visitor in visitors])
    expected = [f"member:{member}" for member in members] + [f"visitor:{visitor}" for visitor in visitors]
    assert expected == sorted(expected, key=str.encode)
    for sort in ("person_id", "last_seen"):
        for limit in (1, 2, 3):
            found: list[str] = []
            cursor = ""
            while cursor is not None:
                more = f"&cursor={cursor}" if cursor else ""
                page = get(world, shop, f"live/visitors?sort={sort}&limit={limit}{more}")
                found += [card["person_id"] for card in page["visitors"]]
                cursor = page["next_cursor"]
            assert found == expected


def test_members_of_a_segment_are_people(world: World, shop: Shop) -> None:
    family(world, shop)
    body = {"name": "Members", "expression": {"field": "logged_in", "op": "is", "value": True}}
    segment = world.client.post("/v1/segments", json=body, headers=shop.reads).json()
    page = get(world, shop, f"segments/{segment['id']}/members")
    assert page["population"] == {"visitors": 2, "share": 2 / 3, "online": 1}
    assert [(one["person_id"], one["member_id"], one["visitor_id"]) for one in page["members"]] == [
        ("member:jun", "jun", None),
        ("member:mina", "mina", None),
    ]
    for path, matches in (("people/member:jun", True), ("visitors/pc", True), ("visitors/tablet", False)):
        (told,) = get(world, shop, f"{path}/segments")["segments"]
        assert told["matches"] is matches, path


BEFORE = [Visit(NOW, NOW, 7, [Order("o", NOW, 10, [("hat", 1)])], [("hat", 1, 0)])]
OLDER = [Visit(NOW - 8 * DAY, NOW - 8 * DAY)]
LATER = {
    "tied to a member": Visitor("v", BEFORE, [("hat", 1)], columns={"member_id": "m"}),
    "gone": Visitor("v", BEFORE, [("hat", 1)], columns={"gone": True}),
    "cut, and last seen earlier": Visitor("v", OLDER, columns={"latest_seen": NOW}),
}


@pytest.mark.parametrize("change", LATER)
def test_what_an_older_version_of_a_row_told_counts_nowhere(world: World, shop: Shop, change: str) -> None:
    insert_visitors(world.store, shop.site_id, [Visitor("v", BEFORE, [("hat", 1)], version=1)])
    assert get(world, shop, "live/visitors?window=7d")["population"]["visitors"] == 1
    insert_visitors(world.store, shop.site_id, [replace(LATER[change], version=2)])
    for window in ("24h", "7d"):
        for sort in ("last_seen", "person_id"):
            body = get(world, shop, f"live/visitors?window={window}&sort={sort}&limit=1")
            assert (body["visitors"], body["population"]["visitors"], body["next_cursor"]) == ([], 0, None)
        for segment in (None, {"not": {"field": "orders", "op": "=", "value": 5}}):
            asked = {"window": window, "segment": segment}
            report = world.client.post("/v1/reports/live", json=asked, headers=shop.reads).json()
            assert {report["site"][name] for name in ("visitors", "visits", "pageviews", "orders", "revenue")} == {0}
            assert report["top"] == {"purchased": [], "carted": [], "in_cart": []}
