"""Random rows of table `visitors`, made to hit edges: absent values, empty arrays, times around the ends of windows."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pyarrow as pa

from flows.segments.days import days_of
from flows.segments.fields import FIELDS
from flows.segments.traits import Trait, trait_fields

DAY = 86_400_000
NOW = 1_790_000_000_123
ITEMS = ["SKU-1", "SKU-2", "SKU-3", "나이키", "a'b\\c\t\n", "", "sku-1", "é", "e\u0301", "🛒"]
CATEGORIES = ["shoes", "신발", "", "SHOES", "shoes/men", "'); DROP TABLE visitors; --"]
TEXTS = [
    "",
    "",
    "Chrome",
    "chrome",
    "Chrome Mobile",
    "네이버",
    "https://shop.kr/event?a=1&b=%20",
    "direct",
    "{p0:String}",
    "%",
    "_",
]
ENVIRONMENTS = ["", "pc_web", "mobile_web", "hybrid_app"]
TRAITS = (
    Trait("tier", "string", "멤버십", "membership"),
    Trait("score", "number", "점수", "score"),
    Trait("trial_ends", "date", "체험 종료", "trial end"),
    Trait("golf", "boolean", "골프", "plays golf"),
)
ALL_FIELDS = (*FIELDS, *trait_fields(TRAITS))
ZONES = ("UTC", "Asia/Seoul", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu")
FRACTIONS = [0.0, 0.1, 0.30000000000000004, 1.5, -2.25, 2.5, 10.0, 123456789.12345679, 1e15, -1e15]
EDGES = [0, 5 * 60_000, DAY, 7 * DAY, 60 * DAY, 3 * DAY, 30 * 60_000]

TIME = pa.timestamp("ms", "UTC")
ENTRY = ["landing_page", "referrer", "search_keyword", "channel", "utm_source", "utm_medium"]
ENTRY += ["utm_campaign", "utm_term", "utm_content"]
NULLABLE = (
    *("largest_order", "last_order_at", "last_viewed_at", "last_carted_at"),
    *("member_points", "member_joined_at", "member_as_of", "kakao_friend"),
)
STRINGS = [*ENTRY, *(f"first_{name}" for name in ENTRY), "os", "browser", "app_version", "page_url", "page_item"]

TYPES: dict[str, pa.DataType] = {
    "site_id": pa.string(),
    "visitor_id": pa.string(),
    "member_id": pa.string(),
    "version": pa.uint64(),
    "first_seen": TIME,
    "last_seen": TIME,
    "environment": pa.string(),
    **{name: pa.string() for name in STRINGS},
    **{name: pa.uint32() for name in ("visits", "pageviews", "cart_adds", "orders", "cart_units")},
    "stay_ms": pa.uint64(),
    **{name: pa.int64() for name in ("units", "revenue", "largest_order", "cart_value")},
    **dict.fromkeys(("last_order_at", "last_viewed_at", "last_carted_at"), TIME),
    **{name: pa.list_(TIME) for name in ("visit_start", "visit_end", "search_at", "cart_added_at")},
    **{name: pa.list_(TIME) for name in ("product_viewed_at", "product_carted_at", "product_bought_at")},
    **{name: pa.list_(pa.uint32()) for name in ("visit_pageviews", "visit_cart_adds", "visit_orders", "cart_quantity")},
    **{name: pa.list_(pa.uint32()) for name in ("product_views", "product_adds")},
    **{name: pa.list_(pa.int64()) for name in ("visit_units", "visit_revenue", "product_units", "cart_price")},
    **{name: pa.list_(pa.string()) for name in ("product_item", "product_category", "search_term")},
    **{name: pa.list_(pa.string()) for name in ("cart_item", "cart_category", "part_visitor", "part_row")},
    "member_grade": pa.string(),
    "member_points": pa.int64(),
    "member_birthday_day": pa.uint16(),
    "kakao_friend": pa.uint8(),
    **dict.fromkeys(("login_at", "member_joined_at", "member_as_of"), TIME),
    **{
        name: pa.list_(pa.string())
        for name in ("consent_channel", "coupon_id", "coupon_name", "trait_name", "trait_text")
    },
    **{name: pa.list_(TIME) for name in ("coupon_issued_at", "coupon_expires_at", "coupon_used_at", "trait_at")},
    "consent_granted": pa.list_(pa.uint8()),
    "trait_number": pa.list_(pa.float64()),
}


def random_rows(seed: int, count: int, now: int = NOW) -> pa.Table:
    """`count` rows of one site; the same seed gives the same rows."""
    chance = random.Random(seed)
    rows = [_row(chance, number, now) for number in range(count)]
    return pa.table({name: pa.array([row[name] for row in rows], kind) for name, kind in TYPES.items()})


def empty_row(visitor_id: str = "nobody") -> dict[str, Any]:
    """A row in which everything that can be absent is absent."""
    row: dict[str, Any] = {}
    for name, kind in TYPES.items():
        if pa.types.is_list(kind):
            row[name] = []
        elif pa.types.is_string(kind):
            row[name] = ""
        else:
            row[name] = None if name in NULLABLE else 0
    return row | {"site_id": "shop", "visitor_id": visitor_id, "version": 1}


def table(*rows: dict[str, Any]) -> pa.Table:
    """Rows given by what differs from the empty row."""
    whole = [empty_row(f"v{number}") | row for number, row in enumerate(rows)]
    return pa.table({name: pa.array([row[name] for row in whole], kind) for name, kind in TYPES.items()})


def _time(chance: random.Random, now: int) -> int:
    if chance.random() < 0.15:
        return 0
    return now - chance.choice(EDGES) + chance.choice([-1, 0, 0, 1, chance.randrange(-DAY, DAY)])


def _maybe(chance: random.Random, value: int) -> int | None:
    return None if chance.random() < 0.3 else value


def _amount(chance: random.Random) -> int:
    return chance.choice([0, 1, 9_999, 10_000, 10_001, 49_999, 50_000, 10**15, -1, chance.randrange(100_000)])


def _small(chance: random.Random) -> int:
    return chance.choice([0, 0, 1, 1, 2, 3, 9, 10, 11, 2**32 - 1])


def _row(chance: random.Random, number: int, now: int) -> dict[str, Any]:
    row = empty_row(f"visitor-{number}")
    if chance.random() < 0.05:
        return row
    row |= {name: chance.choice(TEXTS + ITEMS[:1]) for name in STRINGS}
    row |= {name: _small(chance) for name in ("visits", "pageviews", "cart_adds", "orders", "cart_units")}
    row |= {name: _amount(chance) for name in ("units", "revenue", "cart_value")}
    row |= {name: _maybe(chance, _time(chance, now)) for name in ("last_order_at", "last_viewed_at", "last_carted_at")}
    row |= {
        "environment": chance.choice(ENVIRONMENTS),
        "stay_ms": chance.choice([0, 127_999, 128_000, 353_000, 2**63 - 1, 2**64 - 1]),
        "largest_order": _maybe(chance, _amount(chance)),
        "first_seen": _time(chance, now),
        "last_seen": _time(chance, now),
    }
    if chance.random() < 0.6:
        row |= _told(chance, now) | _coupons(chance, now) | _traits(chance, now)
    return row | _member(chance) | _visits(chance, now) | _products(chance, now) | _cart(chance, now)


def _member(chance: random.Random) -> dict[str, Any]:
    devices = chance.choices(["phone", "pc", "태블릿", "a'b"], k=chance.choice([0, 0, 1, 2, 4, 9]))
    return {
        "member_id": chance.choice(["", "", *ITEMS, *TEXTS]),
        "part_visitor": devices,
        "part_row": [chance.choice(["", "{}", '{"last_seen":1}']) for _ in devices],
    }


def _told(chance: random.Random, now: int) -> dict[str, Any]:
    channels = chance.sample(["sms", "kakao", "push", "email", "night"], chance.choice([0, 1, 3, 5]))
    return {
        "member_grade": chance.choice(TEXTS),
        "member_points": _maybe(chance, chance.choice([-1, 0, 1, 999, 1_000, 10_000, 10**15])),
        "member_birthday_day": chance.choice(
            [0, 1, 59, 60, 61, 264, 265, 266, 267, 268, 295, 366, chance.randrange(367)]
        ),
        "member_joined_at": _maybe(chance, _time(chance, now)),
        "member_as_of": _maybe(chance, _time(chance, now)),
        "login_at": _time(chance, now),
        "kakao_friend": _maybe(chance, chance.randrange(2)),
        "consent_channel": channels,
        "consent_granted": [chance.randrange(2) for _ in channels],
    }


def _day_edge(chance: random.Random, now: int) -> int:
    """About the start of a day near now, in some zone."""
    days = days_of(chance.choice(ZONES))
    today = days.day_of(np.asarray(now))
    return int(days.start_of(today + chance.choice([-1, 0, 1, 2, 3, 4, 7, 40, 200]))) + chance.choice([-1, 0, 1])


def _coupons(chance: random.Random, now: int) -> dict[str, Any]:
    coupons = chance.sample(ITEMS, chance.choice([0, 0, 1, 3]))
    expiries = [chance.choice([0, _day_edge(chance, now), _day_edge(chance, now), now, now + 1]) for _ in coupons]
    return {
        "coupon_id": coupons,
        "coupon_name": [chance.choice(ITEMS) for _ in coupons],
        "coupon_issued_at": [_time(chance, now) for _ in coupons],
        "coupon_expires_at": expiries,
        "coupon_used_at": [chance.choice([0, 0, 0, now - DAY]) for _ in coupons],
    }


def _traits(chance: random.Random, now: int) -> dict[str, Any]:
    names = chance.sample(["tier", "score", "trial_ends", "golf", "undeclared"], chance.choice([0, 1, 3, 5]))
    return {
        "trait_name": names,
        "trait_text": [
            chance.choice(TEXTS if name == "tier" else ["true", "false"] if name == "golf" else [""]) for name in names
        ],
        "trait_number": [chance.choice(FRACTIONS) if name == "score" else 0.0 for name in names],
        "trait_at": [
            chance.choice([_time(chance, now), _day_edge(chance, now), -DAY]) if name == "trial_ends" else 0
            for name in names
        ],
    }


def _visits(chance: random.Random, now: int) -> dict[str, Any]:
    count = chance.choice([0, 1, 1, 2, 4])
    ends = sorted(max(1, _time(chance, now)) for _ in range(count))
    return {
        "visit_end": ends,
        "visit_start": [max(0, end - chance.choice([0, 1, 180_000, 353_000])) for end in ends],
        **{name: [_small(chance) for _ in ends] for name in ("visit_pageviews", "visit_cart_adds", "visit_orders")},
        **{name: [_amount(chance) for _ in ends] for name in ("visit_units", "visit_revenue")},
    }


def _products(chance: random.Random, now: int) -> dict[str, Any]:
    items = chance.sample(ITEMS, chance.choice([0, 0, 1, 2, 5]))
    terms = chance.sample(ITEMS, chance.choice([0, 1, 3]))
    bought = [_time(chance, now) if chance.random() < 0.5 else 0 for _ in items]
    return {
        "product_item": items,
        "product_category": [chance.choice(CATEGORIES) for _ in items],
        "product_bought_at": bought,
        "product_carted_at": [
            chance.choice([_time(chance, now), max(0, at + chance.choice([-1, 0, 1]))]) for at in bought
        ],
        "product_viewed_at": [_time(chance, now) for _ in items],
        **{name: [_small(chance) for _ in items] for name in ("product_views", "product_adds")},
        "product_units": [chance.choice([0, 0, 1, 2, 3]) for _ in items],
        "search_term": terms,
        "search_at": [_time(chance, now) for _ in terms],
    }


def _cart(chance: random.Random, now: int) -> dict[str, Any]:
    items = chance.sample(ITEMS, chance.choice([0, 0, 1, 3]))
    return {
        "cart_item": items,
        "cart_category": [chance.choice(CATEGORIES) for _ in items],
        "cart_quantity": [_small(chance) for _ in items],
        "cart_price": [_amount(chance) for _ in items],
        "cart_added_at": [_time(chance, now) for _ in items],
    }
