"""What marketers expect of segments that fire, story by story."""

from __future__ import annotations

from typing import Any

import pytest

from flows.judge import TICK
from tests.laws.firing import SITE, Firing, definitions, version_of

T0 = 1_790_000_000_000
SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
CART_IDLE = {
    "all": [
        {"field": "cart_units", "op": ">", "value": 0},
        {"field": "last_carted_at", "op": "more_than_ago", "value": {"minutes": 30}},
        {"field": "last_seen", "op": "more_than_ago", "value": {"minutes": 30}},
        {"field": "orders", "op": "=", "value": 0},
    ]
}


def event(number: int, visitor: str, name: str, at: int, **more: Any) -> dict[str, Any]:
    told = {"site_id": SITE, "visitor_id": visitor, "event_id": f"e{number}", "name": name, "occurred_at": at}
    return told | {"received_at": at, "bot": False, "pageview": name == "page_view"} | more


def cart(number: int, visitor: str, at: int, **more: Any) -> dict[str, Any]:
    return event(number, visitor, "add_to_cart", at, items=[{"item_id": "a", "price": 1000, "quantity": 1}], **more)


def bought(number: int, visitor: str, at: int, order: str = "t1", **more: Any) -> dict[str, Any]:
    items = [{"item_id": "a", "price": 1000, "quantity": 1}]
    return event(number, visitor, "purchase", at, items=items, transaction_id=order, currency="KRW", **more)


@pytest.fixture
def shop() -> Firing:
    return Firing(now=T0)


def test_a_cart_left_for_half_an_hour_fires_once_and_on_time_though_nothing_arrives(shop: Firing) -> None:
    shop.define(definitions({"idle": CART_IDLE}, T0))
    shop.play([cart(1, "v", T0 + 10 * SECOND)], T0 + 45 * MINUTE, SECOND)
    due = T0 + 10 * SECOND + 30 * MINUTE + 1
    assert shop.told() == [("entered", "idle", "visitor:v", "time", due)]


def test_a_purchase_a_second_before_prevents_it(shop: Firing) -> None:
    shop.define(definitions({"idle": CART_IDLE}, T0))
    at = T0 + 10 * SECOND
    shop.play([cart(1, "v", at), bought(2, "v", at + 30 * MINUTE - SECOND)], T0 + 90 * MINUTE, SECOND)
    assert shop.told() == []


def test_a_purchase_afterwards_leaves(shop: Firing) -> None:
    shop.define(definitions({"idle": CART_IDLE}, T0))
    at = T0 + 10 * SECOND
    shop.play([cart(1, "v", at), bought(2, "v", at + 40 * MINUTE)], T0 + 50 * MINUTE, SECOND)
    assert [one[:4] for one in shop.told()] == [
        ("entered", "idle", "visitor:v", "time"),
        ("exited", "idle", "visitor:v", "event"),
    ]


def test_who_matches_already_does_not_enter_unless_that_is_asked(shop: Firing) -> None:
    three = {"field": "pageviews", "op": ">=", "value": 3}
    views = [event(n, f"v{n % 10}", "page_view", T0 + n) for n in range(30)]
    shop.play(views, T0 + SECOND)
    shop.define(definitions({"quiet": three}, T0 + SECOND))
    shop.define(definitions({"loud": three}, T0 + SECOND, fire_for_current=True))
    shop.play([event(100, "new", "page_view", T0 + 5 * SECOND + n * TICK) for n in range(1)], T0 + 8 * SECOND)
    quiet = [one for one in shop.fired if one.segment_id == "quiet"]
    loud = [one for one in shop.fired if one.segment_id == "loud"]
    assert len(quiet) == len(loud) == 10
    assert {(one.fires, one.reason) for one in quiet} == {(False, "created")}
    assert {(one.fires, one.reason) for one in loud} == {(True, "current")}


def test_an_edit_lets_leave_who_matches_no_more_and_fires_for_nobody_who_matches_now(shop: Firing) -> None:
    shop.define(definitions({"p": {"field": "pageviews", "op": ">=", "value": 2}}, T0))
    two = [event(n, "two", "page_view", T0 + 5 * SECOND + n) for n in range(2)]
    four = [event(10 + n, "four", "page_view", T0 + 5 * SECOND + n) for n in range(4)]
    shop.play([*two, *four], T0 + 6 * SECOND)
    shop.define([version_of("p", {"field": "pageviews", "op": ">=", "value": 3}, T0 + 7 * SECOND, version=2)])
    shop.play([], T0 + 12 * SECOND)
    shop.define([version_of("p", {"field": "pageviews", "op": ">=", "value": 2}, T0 + 12 * SECOND, version=3)])
    shop.play([], T0 + 16 * SECOND)
    found = [(one.type, one.person_id, one.reason, one.fires, one.segment_version) for one in shop.fired]
    assert sorted(found) == [
        ("entered", "visitor:four", "event", True, 1),
        ("entered", "visitor:two", "edit", False, 3),
        ("entered", "visitor:two", "event", True, 1),
        ("exited", "visitor:two", "edit", True, 2),
    ]


def test_late_events_change_who_is_in_but_fire_nothing(shop: Firing) -> None:
    shop.define(definitions({"p": {"field": "pageviews", "op": ">=", "value": 2}}, T0))
    late = [event(n, "v", "page_view", T0 - 5 * HOUR + n, received_at=T0 + 5 * SECOND) for n in range(2)]
    shop.play(late, T0 + 10 * SECOND)
    assert [(one.type, one.reason, one.fires) for one in shop.fired] == [("entered", "late", False)]
    shop.play([event(9, "v", "page_view", T0 + 11 * SECOND)], T0 + 15 * SECOND)
    assert len(shop.fired) == 1


def test_who_logs_in_takes_along_what_he_was_in_and_does_not_enter_it_again(shop: Firing) -> None:
    shop.define(
        definitions(
            {
                "two": {"field": "pageviews", "op": ">=", "value": 2},
                "few": {"field": "pageviews", "op": "<", "value": 3},
                "five": {"field": "pageviews", "op": ">=", "value": 5},
            },
            T0,
        )
    )
    at = T0 + 5 * SECOND
    phone = [event(n, "phone", "page_view", at + n * SECOND, member_id="m") for n in range(3)]
    pc = [event(10 + n, "pc", "page_view", at + n * SECOND) for n in range(2)]
    shop.play([*phone, *pc], at + 5 * SECOND)
    before = len(shop.fired)
    shop.play([event(20, "pc", "login", at + 6 * SECOND, member_id="m")], at + 10 * SECOND)
    found = [(one.type, one.segment_id, one.person_id, one.reason) for one in shop.fired[before:]]
    assert sorted(found) == [
        ("entered", "five", "member:m", "merge"),
        ("exited", "few", "visitor:pc", "merge"),
        ("exited", "two", "visitor:pc", "merge"),
    ]


def test_a_login_of_whom_nobody_knew_takes_along_what_he_was_in(shop: Firing) -> None:
    shop.define(
        definitions(
            {
                "two": {"field": "pageviews", "op": ">=", "value": 2},
                "in": {"field": "logged_in", "op": "is", "value": True},
                "out": {"field": "logged_in", "op": "is", "value": False},
            },
            T0,
        )
    )
    at = T0 + 5 * SECOND
    shop.play([event(n, "pc", "page_view", at + n * SECOND) for n in range(2)], at + 3 * SECOND)
    assert {one.segment_id for one in shop.fired} == {"two", "out"}
    before = len(shop.fired)
    shop.play([event(20, "pc", "login", at + 6 * SECOND, member_id="m")], at + 10 * SECOND)
    found = [(one.type, one.segment_id, one.person_id, one.reason) for one in shop.fired[before:]]
    assert sorted(found) == [
        ("entered", "in", "member:m", "event"),
        ("exited", "out", "visitor:pc", "merge"),
        ("exited", "two", "visitor:pc", "merge"),
    ]


def test_who_comes_after_a_logout_is_another_person_and_enters(shop: Firing) -> None:
    shop.define(definitions({"two": {"field": "pageviews", "op": ">=", "value": 2}}, T0))
    at = T0 + 5 * SECOND
    mine = [event(n, "pc", "page_view", at + n * SECOND, member_id="m") for n in range(2)]
    shop.play([*mine, event(5, "pc", "logout", at + 3 * SECOND)], at + 4 * SECOND)
    shop.play([event(10 + n, "pc", "page_view", at + (5 + n) * SECOND) for n in range(3)], at + 10 * SECOND)
    found = [(one.type, one.person_id, one.reason, one.entry) for one in shop.fired]
    assert found == [("entered", "member:m", "event", 1), ("entered", "visitor:pc", "event", 1)]
    shop.play([event(20, "pc", "login", at + 11 * SECOND, member_id="n")], at + 13 * SECOND)
    assert [(one.type, one.person_id, one.reason) for one in shop.fired[2:]] == [("exited", "visitor:pc", "merge")]


def test_a_segment_that_is_deleted_is_left_silently(shop: Firing) -> None:
    shop.define(definitions({"p": {"field": "pageviews", "op": ">=", "value": 1}}, T0))
    shop.play([event(1, "v", "page_view", T0 + 5 * SECOND)], T0 + 6 * SECOND)
    shop.define([version_of("p", {"all": []}, T0 + 6 * SECOND, version=2, deleted=True)])
    shop.play([], T0 + 10 * SECOND)
    assert [(one.type, one.reason, one.fires) for one in shop.fired] == [
        ("entered", "event", True),
        ("exited", "deleted", False),
    ]


def test_entries_are_numbered_and_their_ids_differ(shop: Firing) -> None:
    shop.define(definitions({"cart": {"field": "cart_units", "op": ">", "value": 0}}, T0))
    at = T0 + 5 * SECOND
    story = []
    for n in range(3):
        story += [cart(10 * n, "v", at + n * MINUTE), bought(10 * n + 1, "v", at + n * MINUTE + 30 * SECOND, f"t{n}")]
    shop.play(story, at + 4 * MINUTE, SECOND)
    assert [(one.type, one.entry) for one in shop.fired] == [
        ("entered", 1), ("exited", 1), ("entered", 2), ("exited", 2), ("entered", 3), ("exited", 3),
    ]  # fmt: skip
    assert len({one.id for one in shop.fired}) == 6
