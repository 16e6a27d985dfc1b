"""The whole stack tells a receiver of entries and exits: of carts that were left, of coupons that run out, and of nothing it should not."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from deploy.clock import now_ms
from deploy.sender import Event
from tests.api.dispatch.receiver import Receiver
from tests.e2e.stack import Shop, Stack

MINUTE = 60_000
SECOND = 1_000
CROWD = 3_000

CART_LEFT = {
    "all": [
        {"field": "cart_units", "op": ">", "value": 0},
        {"field": "last_carted_at", "op": "more_than_ago", "value": {"minutes": 30}},
        {"not": {"field": "last_order_at", "op": "within_last", "value": {"minutes": 30}}},
    ]
}
POINTS = {
    "all": [
        {"field": "last_seen", "op": "within_last", "value": {"days": 7}},
        {"field": "points", "op": ">=", "value": 1_000},
    ]
}
COUPON = {
    "field": "coupons",
    "op": "some",
    "where": {
        "all": [
            {"field": "name", "op": "is", "value": "장바구니 20%"},
            {"field": "expires_in", "op": "<=", "value": 3},
        ]
    },
}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    directory: Path = tmp_path_factory.mktemp("firing")
    with Stack(directory, hooks_allowed_networks="127.0.0.0/8") as running:
        yield running


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    running = Receiver()
    yield running
    running.close()


class Told:
    """What a receiver was told of: verified, and each request of its own."""

    def __init__(self, shop: Shop, receiver: Receiver) -> None:
        """Make the hook, for all segments of the shop."""
        hook = shop.api.post("/v1/hooks", {"url": receiver.url})
        self._webhook, self._receiver = Webhook(hook["secret"]), receiver

    def all(self) -> list[dict[str, Any]]:
        """Bodies, in the order they came."""
        assert max(self._receiver.tries().values(), default=1) == 1
        return [self._webhook.verify(one.body, one.headers) for one in self._receiver.received]

    def of(self, person_id: str) -> list[tuple[str, str, int, str]]:
        """Type, segment, number of the entry and reason."""
        told = [(one["type"], one["data"]) for one in self.all()]
        mine = [(type, data) for type, data in told if data["person"]["person_id"] == person_id]
        return [(type, data["segment"]["id"], data["entry"], data["reason"]) for type, data in mine]


def save(stack: Stack, shop: Shop, name: str, expression: Any, **more: Any) -> str:
    """A segment that counts and is known of everybody: its id."""
    segment_id: str = shop.api.post("/v1/segments", {"name": name, "expression": expression, **more})["id"]

    def ready() -> bool:
        return bool(shop.api.get(f"/v1/segments/{segment_id}")["health"]["status"] == "ready")

    stack.wait_until(f"{name} is ready", ready)
    return segment_id


def carted(who: str, at: int) -> Event:
    item = {"item_id": "cup", "price": 9_000, "quantity": 1}
    return {"event_id": f"cart-{who}", "visitor_id": who, "name": "add_to_cart", "occurred_at": at, "items": [item]}


def bought(who: str) -> Event:
    order = {"name": "purchase", "transaction_id": f"order-{who}", "value": 9_000, "currency": "KRW"}
    items = [{"item_id": "cup", "price": 9_000, "quantity": 1}]
    return {"event_id": f"buy-{who}", "visitor_id": who, "occurred_at": now_ms(), **order, "items": items}


def wait(stack: Stack, what: str, holds: Callable[[], bool]) -> None:
    stack.wait_until(what, holds)


def test_a_cart_left_for_half_an_hour_fires_once_and_a_purchase_prevents_or_ends_it(
    stack: Stack, receiver: Receiver
) -> None:
    shop = stack.add_site("carts")
    told = Told(shop, receiver)
    left = save(stack, shop, "cart left", CART_LEFT)
    due = now_ms() + 8 * SECOND
    shop.send([carted(who, due - 30 * MINUTE) for who in ("leaves", "buys")])
    shop.send([carted("witness", due + 3 * SECOND - 30 * MINUTE)])
    time.sleep(max(0, due - 2 * SECOND - now_ms()) / 1_000)
    shop.send([bought("buys")])
    wait(stack, "the last one fires", lambda: told.of("visitor:witness") != [])
    assert told.of("visitor:leaves") == [("segment.entered", left, 1, "time")]
    assert told.of("visitor:buys") == []
    shop.send([bought("leaves")])
    wait(stack, "the purchase ends it", lambda: len(told.of("visitor:leaves")) > 1)
    assert told.of("visitor:leaves")[1:] == [("segment.exited", left, 1, "event")]
    assert told.of("visitor:witness") == [("segment.entered", left, 1, "time")]
    assert len(told.all()) == 3


def test_points_and_a_coupon_told_of_a_member_who_came_put_him_into_their_segments(
    stack: Stack, receiver: Receiver
) -> None:
    shop = stack.add_site("members")
    told = Told(shop, receiver)
    points, coupon = save(stack, shop, "points", POINTS), save(stack, shop, "coupon", COUPON)
    seen = {"event_id": "1", "visitor_id": "device", "name": "page_view", "occurred_at": now_ms() - 5 * MINUTE}
    shop.send([{**seen, "member_id": "7"}])
    stack.settle(shop)
    assert told.all() == []
    day = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
    data = {"points": 1_200, "coupons": [{"id": "c-1", "name": "장바구니 20%", "expires_at": day}]}
    answer = shop.api.post("/v1/members", [{"member_id": "7", **data}, {"member_id": "8", **data}])
    assert answer["accepted"] == 2
    wait(stack, "the hook is told of both", lambda: len(told.of("member:7")) == 2 and len(told.of("member:8")) == 1)
    assert sorted(told.of("member:7")) == sorted(("segment.entered", one, 1, "event") for one in (points, coupon))
    assert told.of("member:8") == [("segment.entered", coupon, 1, "event")]  # he never visited
    used = {"id": "c-1", "name": "장바구니 20%", "expires_at": day, "used_at": datetime.now(UTC).isoformat()}
    shop.api.post("/v1/members", {"member_id": "7", "coupons": [used]})
    wait(stack, "a coupon that was used ends it", lambda: len(told.of("member:7")) == 3)
    assert told.of("member:7")[2:] == [("segment.exited", coupon, 1, "event")]


def test_a_new_segment_tells_of_nobody_who_matches_already_unless_asked_and_then_of_each_once(
    stack: Stack, receiver: Receiver
) -> None:
    shop = stack.add_site("crowd")
    told = Told(shop, receiver)
    at = now_ms() - 5 * MINUTE
    crowd = [
        {"event_id": f"e{n}", "visitor_id": f"v{n}", "name": "page_view", "occurred_at": at + n} for n in range(CROWD)
    ]
    assert shop.send(crowd) == CROWD
    stack.settle(shop)
    everybody = {"field": "visits", "op": ">=", "value": 1}
    quiet = save(stack, shop, "quiet", everybody)
    assert shop.api.get(f"/v1/segments/{quiet}")["health"]["members"] == CROWD
    loud = save(stack, shop, "loud", everybody, fire_for_current=True)
    wait(stack, "everybody is told of", lambda: len(receiver.ids) == CROWD)
    shop.send([{"event_id": "late", "visitor_id": "v-new", "name": "page_view", "occurred_at": now_ms()}])
    wait(stack, "a newcomer is told of twice", lambda: len(receiver.ids) == CROWD + 2)
    bodies = [one["data"] for one in told.all()]
    found = sorted((one["segment"]["id"], one["person"]["visitor_id"], one["reason"]) for one in bodies)
    new = [(one, "v-new", "event") for one in (quiet, loud)]
    assert found == sorted([*((loud, f"v{n}", "current") for n in range(CROWD)), *new])
