"""People of Live as a table: a line a person. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from api.csv_text import Cell
from api.schemas import Card
from sql.users import Language

HEADINGS: Final[Mapping[str, str]] = {
    "person_id": "사람 ID",
    "member_id": "회원 ID",
    "visitor_id": "방문자 ID",
    "online": "접속 중",
    "first_seen": "첫 활동(UTC)",
    "last_seen": "마지막 활동(UTC)",
    "visits": "방문",
    "pageviews": "페이지뷰",
    "stay_seconds": "체류시간(초)",
    "orders": "주문",
    "units": "구매 수량",
    "revenue": "구매 금액",
    "average_order_value": "평균 주문 금액",
    "last_order_at": "마지막 구매(UTC)",
    "cart_units": "장바구니 수량",
    "cart_value": "장바구니 금액",
    "currency": "통화",
    "page_url": "보고 있는 주소",
    "page_title": "보고 있는 화면",
    "environment": "사용 환경",
    "os": "운영체제",
    "browser": "브라우저",
    "channel": "유입 채널",
    "utm_source": "UTM 소스",
    "utm_medium": "UTM 매체",
    "utm_campaign": "UTM 캠페인",
    "search_keyword": "유입 검색어",
    "referrer": "유입 주소(리퍼러)",
    "segments": "세그먼트",
}
"""Columns by their names, which are the English headings, with the Korean ones. Money is in minor units, as in the JSON."""

_BETWEEN: Final = " | "


def header(language: Language) -> list[str]:
    """The headings."""
    return list(HEADINGS.values() if language == "ko" else HEADINGS)


def row(card: Card) -> list[Cell]:
    """The line of a person. Where he came from is that of the latest visit."""
    came = card.acquisition.latest
    told: dict[str, Cell] = {
        "cart_units": card.cart.units,
        "cart_value": card.cart.value,
        "page_url": card.page.url,
        "page_title": card.page.title,
        "segments": _BETWEEN.join(segment.name for segment in card.segments) or None,
    }
    return [told[name] if name in told else getattr(card if hasattr(card, name) else came, name) for name in HEADINGS]
