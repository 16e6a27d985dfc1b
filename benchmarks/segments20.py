"""Twenty saved segments of a marketer, twice: as expressions of the segment language for ours, and as plain Python for the peer.

A predicate takes the peer's visitor, the card it has just told of that visitor, and the time; sums the card has already made
are not made again. The benchmark compares every visitor's membership of all of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flows.segments.mask import mask
from flows.segments.meaning import columns_of
from flows.segments.parse import parse
from flows.segments.rows import Rows

if TYPE_CHECKING:
    from benchmarks.peer import Card, Visitor

DAY = 86_400_000
PRODUCT_MEMORY = 60 * DAY

LOOKBOOK = frozenset(f"P{number:05d}" for number in range(0, 3_000, 150))
TERMS = frozenset(f"검색어 {number}" for number in range(0, 300, 15))


@dataclass(frozen=True)
class Segment:
    """One saved segment: the language's expression, and the same by hand."""

    name: str
    expression: dict[str, Any]
    holds: Callable[[Visitor, Card, int], bool]


def _is(field: str, op: str, value: object) -> dict[str, Any]:
    return {"field": field, "op": op, "value": value}


def _all(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"all": list(parts)}


def _any(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"any": list(parts)}


def _not(part: dict[str, Any]) -> dict[str, Any]:
    return {"not": part}


# --- the longer ones by hand ---------------------------------------------------------------------------------------


def _long_stay(visitor: Visitor, card: Card, now: int) -> bool:
    stay = 0
    for start, end, _, _, _ in reversed(visitor.visits):
        if end < now - 7 * DAY:
            break
        stay += end - start
    return stay >= 600_000


def _from_instagram(visitor: Visitor, card: Card, now: int) -> bool:
    entry = visitor.latest_entry()
    return entry[6] == "instagram" or card.channel == "social"


def _brand_search(visitor: Visitor, card: Card, now: int) -> bool:
    first = visitor.earliest_entry()
    return card.orders == 0 and (
        (first[5] == "paid_search" and first[8] == "brand") or (first[5] == "organic_search" and first[4] == "니트")
    )


def _ordered_lately(visitor: Visitor, card: Card, now: int) -> bool:
    return any(at >= now - 3 * DAY for at, _, _ in visitor.orders.values())


def _saw_lookbook(visitor: Visitor, card: Card, now: int) -> bool:
    since = now - PRODUCT_MEMORY
    return any(item in LOOKBOOK and product[3] >= since for item, product in visitor.products.items())


def _searched(visitor: Visitor, card: Card, now: int) -> bool:
    searches, since = visitor.searches, now - PRODUCT_MEMORY
    return any(term in TERMS and at >= since for term, at in searches.items())


def _likes_knitwear(visitor: Visitor, card: Card, now: int) -> bool:
    for category, _, views, viewed_at, _, _ in visitor.products.values():
        if category == "니트" and views >= 2 and viewed_at >= now - 3 * DAY:
            return True
    return False


def _window_shopper(visitor: Visitor, card: Card, now: int) -> bool:
    return (
        card.visits >= 2
        and not (card.orders > 0 or card.cart_units >= 1 or card.environment == "pc_web")
        and 5 <= card.pageviews_7d < 50
    )


SEGMENTS = (
    Segment(
        "loyal buyers",
        _all(_is("visits", ">=", 3), _is("orders", ">=", 1)),
        lambda v, card, now: card.visits >= 3 and card.orders >= 1,
    ),
    Segment(
        "often here, never bought",
        _all(_is("visits", ">=", 5), _is("orders", "=", 0)),
        lambda v, card, now: card.visits >= 5 and card.orders == 0,
    ),
    Segment(
        "mobile",
        _is("environment", "in", ["mobile_web", "hybrid_app"]),
        lambda v, card, now: card.environment in ("mobile_web", "hybrid_app"),
    ),
    Segment("ten visits", _is("visits", ">=", 10), lambda v, card, now: card.visits >= 10),
    Segment(
        "spent 100,000 to 500,000",
        _is("revenue", "between", [100_000, 500_000]),
        lambda v, card, now: 100_000 <= card.revenue < 500_000,
    ),
    Segment("ten pages today", _is("pageviews_24h", ">=", 10), lambda v, card, now: card.pageviews_24h >= 10),
    Segment(
        "three visits this week, no order",
        _all(_is("visits_7d", ">=", 3), _is("orders_7d", "=", 0)),
        lambda v, card, now: card.visits_7d >= 3 and card.orders_7d == 0,
    ),
    Segment("ten minutes this week", _is("stay_seconds_7d", ">=", 600), _long_stay),
    Segment("a cart worth 50,000", _is("cart_value", ">=", 50_000), lambda v, card, now: card.cart_value >= 50_000),
    Segment(
        "two in the cart, no order today",
        _all(_is("cart_units", ">=", 2), _not(_is("orders_24h", ">=", 1))),
        lambda v, card, now: card.cart_units >= 2 and not card.orders_24h >= 1,
    ),
    Segment(
        "from Instagram or other social media",
        _any(_is("utm_source", "is", "instagram"), _is("channel", "is", "social")),
        _from_instagram,
    ),
    Segment(
        "first landed on a product",
        _is("first_landing_page", "contains", "/product/"),
        lambda v, card, now: "/product/" in card.first_landing_page,
    ),
    Segment("ordered in 3 days", _is("last_order_at", "within_last", {"days": 3}), _ordered_lately),
    Segment("saw the lookbook", _is("viewed_items", "contains_any", sorted(LOOKBOOK)), _saw_lookbook),
    Segment("searched for the campaign", _is("search_terms", "contains_any", sorted(TERMS)), _searched),
    Segment(
        "large orders",
        _is("average_order_value", ">=", 100_000),
        lambda v, card, now: card.orders > 0 and card.revenue / card.orders >= 100_000,
    ),
    Segment(
        "came by a brand search, never bought",
        _all(
            _any(
                _all(_is("first_channel", "is", "paid_search"), _is("first_utm_campaign", "is", "brand")),
                _all(_is("first_channel", "is", "organic_search"), _is("first_search_keyword", "is", "니트")),
            ),
            _is("has_bought", "is", False),
        ),
        _brand_search,
    ),
    Segment(
        "200,000 this week",
        _is("revenue_7d", ">=", 200_000),
        lambda v, card, now: card.revenue_7d >= 200_000,
    ),
    Segment(
        "likes knitwear",
        {
            "field": "viewed_products",
            "op": "some",
            "where": _all(
                _is("category", "is", "니트"), _is("times", ">=", 2), _is("viewed_at", "within_last", {"days": 3})
            ),
        },
        _likes_knitwear,
    ),
    Segment(
        "window shoppers on a phone",
        _all(
            _is("visits", ">=", 2),
            _not(_any(_is("has_bought", "is", True), _is("cart_units", ">=", 1), _is("environment", "is", "pc_web"))),
            _is("pageviews_7d", "between", [5, 50]),
        ),
        _window_shopper,
    ),
)

PREDICATES = tuple((1 << place, segment.holds) for place, segment in enumerate(SEGMENTS))
TREES = tuple(parse(segment.expression) for segment in SEGMENTS)
COLUMNS = tuple(sorted(frozenset[str]().union(*map(columns_of, TREES))))
"""The columns of `visitors` they read."""


def members_by_hand(visitor: Visitor, card: Card, now: int) -> int:
    """The segments a visitor of the peer is in, a bit each."""
    bits = 0
    for bit, holds in PREDICATES:
        if holds(visitor, card, now):
            bits |= bit
    return bits


def members_of(rows: pa.Table, now: int) -> npt.NDArray[np.int64]:
    """The same of rows of `visitors` by the language: int64, shape (n,)."""
    shared = Rows(rows)
    bits = np.zeros(shared.size, np.int64)
    for place, tree in enumerate(TREES):
        bits |= mask(tree, shared, now).astype(np.int64) << place
    return bits


class Membership:
    """Who is in what, as the flow keeps it, with the entries and exits it has seen."""

    def __init__(self) -> None:
        self.members: dict[str, int] = {}
        self.entries = self.exits = self.rows = 0
        self.seconds = 0.0

    def take(self, rows: pa.Table, now: int) -> None:
        """Evaluate all segments on the rows of visitors that changed."""
        started = time.perf_counter()
        visitors = rows["visitor_id"].to_pylist()
        bits = members_of(rows, now)
        before = np.array([self.members.get(visitor, 0) for visitor in visitors], np.int64)
        self.entries += int(np.bitwise_count(bits & ~before).sum())
        self.exits += int(np.bitwise_count(before & ~bits).sum())
        self.members.update(zip(visitors, bits.tolist(), strict=True))
        self.rows += len(visitors)
        self.seconds += time.perf_counter() - started


def named(bits: int) -> str:
    """The names of segments, for a message."""
    return ", ".join(segment.name for place, segment in enumerate(SEGMENTS) if bits >> place & 1)
