"""Nasty small worlds: canonical log events of few visitors, items and transactions, at times where rules have their
edges.

A world is a list of events without repeats and in no meaningful order; `arrivals` makes a stream of it. One function
chooses an event's every part from short lists, so that hypothesis (`worlds`) and a seeded numpy generator
(`random_world`) draw from the same vocabulary.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
from hypothesis import strategies as st

Event = dict[str, Any]
T = TypeVar("T")
Choose = Callable[[Sequence[T]], T]

CURRENCIES = {"alpha": "KRW", "beta": "USD"}
START = 1_762_128_000_000  # a Monday, 00:00 UTC
MINUTE = 60_000
DAY = 24 * 60 * MINUTE
LATEST = 7 * DAY  # the lateness that is accepted

NAMES = (
    ["page_view"] * 4
    + ["view_item"] * 4
    + ["add_to_cart"] * 4
    + ["purchase"] * 4
    + ["refund"] * 3
    + ["remove_from_cart"] * 2
    + ["search", "identify", "logout"] * 2
) + ["heartbeat", "view_item_list", "view_cart", "begin_checkout", "wishlist_added"]
WITH_ITEMS = {
    "view_item",
    "view_item_list",
    "add_to_cart",
    "remove_from_cart",
    "purchase",
    "refund",
    "view_cart",
    "begin_checkout",
}
MEMBERS = ("m1", "m1", "m2", "v0")  # one id is somebody else's visitor id
TOLD = 10  # an event of so many that is no login tells a member
DAYS = [0, 0, 0, 0, 1, 6, 7, 8, 8, 9]
SLOTS = [0, 0, 1, 1, 2, 3, 5, 20]  # half hours
JITTERS = [0, 0, 0, -1, 1, 7_000]  # milliseconds: gaps of exactly 30:00, 29:59.999 and 30:00.001, and equal times
NO_ITEMS: list[Event] = []


def choose_item(choose: Choose[Any], items: int, prices: Sequence[int | None]) -> Event:
    item = {"item_id": f"i{choose(range(items))}", "quantity": choose([1, 1, 1, 2, 3, 0])}
    price, category, name = (
        choose(prices),
        choose(["", "", "상의", "Bags", "bags"]),
        choose(["", "셔츠"]),
    )
    if price is not None:
        item["price"] = price
    if category:
        item["category"] = category
    if name:
        item["item_name"] = name
    return item


def choose_member(choose: Choose[Any], name: str, visitor: int, members: Sequence[str]) -> str:
    """Whom an event tells: a login nearly always somebody, a logout now and then, any other one seldom. Every third visitor
    never tells anybody."""
    tells = {"identify": [True] * 4 + [False], "logout": [True, False]}.get(name, [False] * TOLD + [True])
    return str(choose(members)) if members and visitor % 3 < 2 and choose(tells) else ""


def choose_event(
    choose: Choose[Any],
    told: dict[tuple[str, int], int],
    *,
    sites: Sequence[str],
    visitors: int,
    items: int,
    transactions: int,
    days: Sequence[int],
    members: Sequence[str],
) -> Event:
    """One event. Its event_id is unique for its visitor alone, and says nothing about its time; `told` counts a visitor's events."""
    name = choose(NAMES)
    at = START + choose(days) * DAY + choose(SLOTS) * 30 * MINUTE + choose(JITTERS)
    site_id, visitor = choose(sites), choose(range(visitors))
    number = told[site_id, visitor] = told.get((site_id, visitor), -1) + 1
    event: Event = {
        "site_id": site_id,
        "visitor_id": f"v{visitor}",
        "event_id": f"{choose('zmaZ가')}{number}",
        "name": name,
        "occurred_at": at,
        "received_at": at,
        "bot": choose([False] * 12 + [True]),
        "server": name in ("purchase", "refund") and choose([True, False]),
        "pageview": name == "page_view" or (name == "view_item" and choose([True, False])),
        "properties": choose(["{}", '{"gift":true}']),
    }
    more: Event = {
        "member_id": choose_member(choose, name, visitor, members),
        "locale": choose(["", "ko-KR"]),
    }
    if choose([True, True, False]) and not event["server"]:
        more |= {
            "url": choose(["https://shop.example/", "https://shop.example/p/1?x=가", "https://shop.example/sale", ""]),
            "title": choose(["", "홈", "Sale"]),
            "referrer": choose(["", "https://search.naver.com/search?query=x", "https://ad.example/"]),
            "search_keyword": choose(["", "가방"]),
            "channel": choose(["direct", "search", "paid"]),
            "utm_source": choose(["", "naver"]),
            "utm_medium": choose(["", "cpc"]),
            "utm_campaign": choose(["", "spring"]),
            "utm_term": choose(["", "bag"]),
            "utm_content": choose(["", "b"]),
        }
    if choose([True, True, False]) and not event["server"]:
        more |= {
            "environment": choose(["pc_web", "mobile_web", "hybrid_app", ""]),
            "os": choose(["", "Android", "iOS"]),
            "browser": choose(["", "Chrome Mobile"]),
            "app_version": choose(["", "", "1.2.0"]),
            "user_agent": choose(["", "Mozilla/5.0"]),
        }
    if name == "search":
        more["search_term"] = choose(["", "가방", "bag", "bag"])
    if name in WITH_ITEMS:
        lines = choose([0, 1, 1, 1, 2, 3])
        prices = [None, None, None, 500] if name == "refund" else [None, None, 0, 500, 1000, 2500]
        more["items"] = [choose_item(choose, items, prices) for _ in range(lines)] or NO_ITEMS
    if name in ("purchase", "refund"):
        more["transaction_id"] = f"T{choose(range(transactions))}"
        value = choose([None, None, None, 700] if name == "refund" else [None, None, 0, 700, 3000, 10_000])
        if value is not None:
            more["value"] = value
        more["currency"] = choose([CURRENCIES[event["site_id"]]] * 5 + ["EUR", ""])
    return event | {key: more[key] for key in more if more[key] not in ("", NO_ITEMS)}


@st.composite
def worlds(
    draw: st.DrawFn,
    *,
    sites: Sequence[str] = ("alpha",),
    visitors: int = 2,
    items: int = 3,
    transactions: int = 2,
    days: Sequence[int] = tuple(DAYS),
    members: Sequence[Sequence[str]] = ((), ("m1",), ("m1", "m2"), MEMBERS),
    min_size: int = 1,
    max_size: int = 25,
) -> list[Event]:
    """Up to `max_size` events of one world, whose members are one of `members`."""
    size = draw(st.integers(min_size, max_size))
    known = draw(st.sampled_from(list(members)))
    told: dict[tuple[str, int], int] = {}
    picks: dict[tuple[Any, ...], st.SearchStrategy[Any]] = {}

    def choose(options: Sequence[Any]) -> Any:
        key = tuple(options)
        return draw(picks.setdefault(key, st.sampled_from(key)))

    return [
        choose_event(
            choose,
            told,
            sites=sites,
            visitors=visitors,
            items=items,
            transactions=transactions,
            days=days,
            members=known,
        )
        for _ in range(size)
    ]


def random_world(
    rng: np.random.Generator,
    size: int,
    *,
    sites: Sequence[str] = ("alpha",),
    visitors: int = 2,
    items: int = 3,
    transactions: int = 2,
    days: Sequence[int] = tuple(DAYS),
    members: Sequence[str] = MEMBERS,
) -> list[Event]:
    """`size` events from a seeded generator: about 20 microseconds a part, 1 ms an event."""

    told: dict[tuple[str, int], int] = {}

    def choose(options: Sequence[Any]) -> Any:
        return options[int(rng.integers(len(options)))]

    return [
        choose_event(
            choose,
            told,
            sites=sites,
            visitors=visitors,
            items=items,
            transactions=transactions,
            days=days,
            members=members,
        )
        for _ in range(size)
    ]


def arrivals(
    events: Sequence[Event], rng: np.random.Generator, *, repeats: float = 0.3, lateness: int = LATEST
) -> list[Event]:
    """The events as they arrive: shuffled, about a share `repeats` of them again, none after one more than `lateness`
    ms later.

    Each event arrives at its time plus a delay of 0, `lateness`, or anything between. `received_at` becomes the
    greatest `occurred_at` so far, so it never decreases and is never before the event; copies are alike in everything
    else.
    """
    count = len(events)
    copies = np.concatenate(
        [np.arange(count), np.flatnonzero(rng.random(count) < repeats), np.flatnonzero(rng.random(count) < repeats / 4)]
    )
    occurred = np.array([events[i]["occurred_at"] for i in copies], dtype=np.int64)
    delays = np.minimum(lateness, rng.integers(0, lateness * 3 // 2 + 1, len(copies)))
    delays[rng.random(len(copies)) < 0.25] = 0
    order = np.lexsort((rng.random(len(copies)), occurred + delays))
    received = np.maximum.accumulate(occurred[order]) if len(order) else occurred
    return [{**events[copies[i]], "received_at": int(at)} for i, at in zip(order, received, strict=True)]
