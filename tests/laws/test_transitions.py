"""Law 2 on segments: who enters and leaves, and when, is a function of the log: whatever is read together, however often a shard dies,
however long the flow was down."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.laws.edges import expected, rounded
from tests.laws.firing import SITE, Firing, definitions, settled

T0 = 1_790_000_000_000
SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000


def leaf(field: str, op: str, value: Any = None) -> dict[str, Any]:
    return {"field": field, "op": op} if value is None else {"field": field, "op": op, "value": value}


def ago(field: str, minutes: int) -> dict[str, Any]:
    return leaf(field, "more_than_ago", {"minutes": minutes})


SEGMENTS: dict[str, Any] = {
    "views3": leaf("pageviews", ">=", 3),
    "views3to5": leaf("pageviews", "between", [3, 5]),
    "visit_views": leaf("visit_pageviews", "<", 2),
    "visits2": leaf("visits", ">=", 2),
    "returning": leaf("returning", "is", True),
    "cart": leaf("cart_units", ">", 0),
    "cart_idle": {"all": [leaf("cart_units", ">", 0), ago("last_carted_at", 30), leaf("orders", "=", 0)]},
    "idle5": ago("last_seen", 5),
    "online": leaf("online", "is", True),
    "active10": leaf("last_seen", "within_last", {"minutes": 10}),
    "bought": leaf("has_bought", "is", True),
    "bought_and_active": {"all": [leaf("orders", ">=", 1), leaf("last_seen", "within_last", {"minutes": 20})]},
    "never_carted": leaf("last_carted_at", "never"),
    "not_carted": {"not": leaf("cart_adds", ">", 0)},
    "order_old": ago("last_order_at", 45),
    "rich": leaf("revenue", "between", [1_000, 3_000]),
    "aov": leaf("average_order_value", ">=", 1_500),
    "views_24h": leaf("pageviews_24h", ">=", 4),
    "either": {"any": [leaf("pageviews", "=", 2), ago("last_viewed_at", 10)]},
    "items": leaf("viewed_items", "contains_any", ["i1"]),
    "left_item": leaf("carted_not_bought_items", "contains_any", ["i1", "i2"]),
    "cart_product": {
        "field": "cart_products",
        "op": "some",
        "where": {"all": [leaf("item_id", "is", "i1"), leaf("added_at", "more_than_ago", {"minutes": 15})]},
    },
}
SPANS = (5, 10, 15, 20, 30, 45, 24 * 60)


def story(rng: np.random.Generator, visitors: int, events: int, hours: int) -> list[dict[str, Any]]:
    """Events of visitors nobody knows; some arrive a while after they happened."""
    found = []
    for n in range(events):
        at = T0 + 10 * SECOND + int(rng.integers(0, hours * HOUR))
        if rng.random() < 0.4 and found:  # soon after another one, in bursts
            at = found[-1]["occurred_at"] + int(rng.integers(0, 3 * SECOND))
        name = str(rng.choice(["page_view", "page_view", "view_item", "add_to_cart", "heartbeat", "purchase"]))
        event: dict[str, Any] = {
            "site_id": SITE, "visitor_id": f"v{rng.integers(visitors)}", "event_id": f"e{n:05}", "name": name, "occurred_at": at,
            "received_at": at + int(rng.choice([0, 5, 300, 20 * SECOND])), "bot": False, "pageview": name == "page_view",
        }  # fmt: skip
        if name in ("view_item", "add_to_cart", "purchase"):
            event["items"] = [{"item_id": f"i{rng.integers(3)}", "price": 1_000, "quantity": int(rng.integers(1, 3))}]
        if name == "purchase":
            event |= {"transaction_id": f"t{n}", "currency": "KRW"}
        found.append(event)
    return found


def happened(shop: Firing, until: int) -> set[tuple[Any, ...]]:
    once = {one.id: one for one in reversed(shop.fired)}.values()
    return {(one.type, one.segment_id, one.person_id, one.entry, rounded(one.at)) for one in once if one.at <= until}


@pytest.mark.parametrize("seed", range(2))
def test_what_happens_is_what_the_plainest_evaluator_says(seed: int) -> None:
    rng = np.random.default_rng(seed)
    events, until = story(rng, visitors=5, events=80, hours=2), T0 + 3 * HOUR
    shop = Firing(now=T0)
    shop.define(definitions(SEGMENTS, T0 - settled(0)))
    shop.play(events, until, 20 * SECOND)
    assert happened(shop, until - MINUTE) == expected(events, SEGMENTS, SPANS, until - MINUTE, {SITE: "KRW"})


@pytest.mark.parametrize("seed", range(3))
def test_crashes_and_standstills_change_nothing(seed: int) -> None:
    rng = np.random.default_rng(100 + seed)
    events, until = story(rng, visitors=5, events=80, hours=2), T0 + 3 * HOUR
    shop = Firing(now=T0)
    shop.define(definitions(SEGMENTS, T0 - settled(0)))
    waiting = sorted(events, key=lambda event: event["received_at"])
    while shop.now < until:
        now = min(shop.now + int(rng.choice([90, 700, 20 * SECOND, 4 * MINUTE, 25 * MINUTE])), until)
        while waiting and waiting[0]["received_at"] <= now:
            shop.send(waiting.pop(0))
        number = int(rng.integers(shop.count))
        if rng.random() < 0.3:  # dies having read a little, or in the middle of a flush
            shop.now = now
            shop.step(number, int(rng.integers(1, 9)))
            if rng.random() < 0.5:
                shop.partitions[number].advance(now, now, now)
                shop.take(number)
            if rng.random() < 0.7:
                shop.flush(number, int(rng.integers(0, 6)))
            shop.crash(number)
        shop.settle(now)
        if rng.random() < 0.5:
            shop.flush(number)
    assert happened(shop, until - MINUTE) == expected(events, SEGMENTS, SPANS, until - MINUTE, {SITE: "KRW"})
