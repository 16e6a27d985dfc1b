"""Segments that a shop starts with."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Preset:
    """A named expression; amounts are in the site's currency (minor units), chosen for KRW."""

    name: str
    ko: str
    en: str
    expression: dict[str, Any]


def _is(field: str, op: str, value: object) -> dict[str, Any]:
    return {"field": field, "op": op, "value": value}


_NEVER_BOUGHT = _is("has_bought", "is", False)
_CART_FILLED = _is("cart_lines", ">=", 1)

PRESETS = (
    Preset("frequent", "자주 방문", "Frequent visitors", _is("visits", ">=", 10)),
    Preset("first_visit", "첫 방문", "First visit", _is("first_visit", "is", True)),
    Preset("returning", "재방문", "Returning visitors", _is("returning", "is", True)),
    Preset("online", "지금 접속 중", "Online now", _is("online", "is", True)),
    Preset("mobile", "모바일", "Mobile", _is("environment", "in", ["mobile_web", "hybrid_app"])),
    Preset(
        "spend_10k_50k",
        "구매 금액 1만원 이상 5만원 미만",
        "Spent 10,000 to under 50,000",
        _is("revenue", "between", [10_000, 50_000]),
    ),
    Preset("big_spender", "구매 금액 30만원 이상", "Spent 300,000 or more", _is("revenue", ">=", 300_000)),
    Preset("never_bought", "구매 경험 없음", "Never bought", _NEVER_BOUGHT),
    Preset(
        "frequent_never_bought",
        "자주 오지만 구매 없음",
        "Comes often, never bought",
        {"all": [_is("visits", ">=", 5), _NEVER_BOUGHT]},
    ),
    Preset(
        "cart_no_purchase",
        "장바구니에 담기만 하고 구매 없음",
        "Cart but no purchase",
        {"all": [_CART_FILLED, _NEVER_BOUGHT]},
    ),
    Preset(
        "cart_abandoned_today",
        "최근 24시간에 담고 사지 않음",
        "Added in 24 hours, not bought",
        {"field": "carted_not_bought", "op": "some", "where": _is("carted_at", "within_last", {"hours": 24})},
    ),
    Preset(
        "returning_buyer",
        "3번 이상 와서 구매한 고객",
        "Three visits or more and bought",
        {"all": [_is("visits", ">=", 3), _is("orders", ">=", 1)]},
    ),
    Preset("repeat_buyer", "재구매 고객", "Repeat buyers", _is("orders", ">=", 2)),
    Preset(
        "lapsed_buyer",
        "구매한 지 30일 넘음",
        "Bought, but not for 30 days",
        _is("last_order_at", "more_than_ago", {"days": 30}),
    ),
    Preset(
        "coupon_expiring",
        "쿠폰이 3일 안에 만료",
        "A coupon expires within 3 days",
        {"field": "coupons", "op": "some", "where": _is("expires_in", "<=", 3)},
    ),
    Preset(
        "points_to_spend",
        "최근 7일 방문, 적립금 1,000P 이상",
        "Visited in 7 days, 1,000 points or more",
        {"all": [_is("last_seen", "within_last", {"days": 7}), _is("points", ">=", 1_000)]},
    ),
    Preset(
        "engaged_now",
        "이번 방문에서 3분 이상 체류",
        "Three minutes or more in this visit",
        _is("visit_stay_seconds", ">=", 180),
    ),
)


def presets() -> list[dict[str, Any]]:
    """JSON-able list: name, labels {ko, en}, expression."""
    return [
        {
            "name": preset.name,
            "labels": {"ko": preset.ko, "en": preset.en},
            "expression": deepcopy(preset.expression),
        }
        for preset in PRESETS
    ]
