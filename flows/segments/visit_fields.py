"""Fields about the device, visits, where they came from, and the present moment."""

from __future__ import annotations

from dataclasses import replace

from flows.segments.columns import (
    DAY,
    Ago,
    Always,
    Comparator,
    Compare,
    Condition,
    Difference,
    Fixed,
    Instant,
    Last,
    OnlineSince,
    Only,
    Sum,
    Text,
    Value,
    Whole,
)
from flows.segments.field import Choice, Field, money, number, seconds, string, time, truth

ENVIRONMENTS = (
    ("pc_web", "PC 웹", "PC web"),
    ("mobile_web", "모바일 웹", "mobile web"),
    ("hybrid_app", "하이브리드 앱", "hybrid app"),
)
CHANNELS = (
    ("organic_search", "자연 검색", "organic search"),
    ("paid_search", "검색 광고", "paid search"),
    ("social", "소셜", "social"),
    ("email", "이메일", "e-mail"),
    ("message", "메시지", "message"),
    ("referral", "외부 사이트", "referral"),
    ("direct", "직접 방문", "direct"),
    ("internal", "사이트 내부", "internal"),
)
"""Those that the door finds; a sender may tell others."""
WINDOWS = (("24h", 1, "최근 24시간", "in 24 hours"), ("7d", 7, "최근 7일", "in 7 days"))

_ONLINE = Compare(Always("last_seen"), ">=", OnlineSince())


def _visits_is(by: Comparator, number: int) -> Condition:
    return Compare(Whole("visits"), by, Fixed(number))


def environment_fields() -> list[Field]:
    """The device of the last visit."""
    return [
        Field(
            "environment",
            "environment",
            "string",
            "사용 환경",
            "environment",
            Text("environment"),
            ("in", ["mobile_web", "hybrid_app"]),
            choices=tuple(Choice(*choice) for choice in ENVIRONMENTS),
        ),
        string("os", "environment", "운영체제", "operating system", Text("os"), "iOS"),
        string("browser", "environment", "브라우저", "browser", Text("browser"), "Chrome"),
        string("app_version", "environment", "앱 버전", "app version", Text("app_version"), "3.", "starts_with"),
    ]


def traffic_fields() -> list[Field]:
    """Visits, pageviews and stays."""
    return [
        number("visits", "traffic", "방문 횟수", "visits", Whole("visits"), "times", 10),
        truth(
            "first_visit",
            "traffic",
            "첫 방문",
            "first visit",
            _visits_is("=", 1),
            ("첫 방문임", "첫 방문이 아님", "is on the first visit", "is not on the first visit"),
        ),
        truth(
            "returning",
            "traffic",
            "재방문",
            "returning",
            _visits_is(">", 1),
            ("재방문임", "재방문이 아님", "is returning", "is not returning"),
        ),
        truth(
            "online",
            "traffic",
            "접속 중",
            "online now",
            _ONLINE,
            ("지금 접속 중임", "지금 접속 중이 아님", "is online now", "is not online now"),
        ),
        time("first_seen", "traffic", "첫 활동", "first activity", Instant("first_seen")),
        time("last_seen", "traffic", "마지막 활동", "last activity", Instant("last_seen")),
        number(
            "visit_pageviews",
            "traffic",
            "이번 방문의 페이지뷰",
            "pageviews in this visit",
            Last(Whole("visit_pageviews")),
            "times",
            5,
        ),
        number("pageviews", "traffic", "누적 페이지뷰", "pageviews", Whole("pageviews"), "times", 20),
        seconds(
            "visit_stay_seconds",
            "이번 방문의 체류시간",
            "stay in this visit",
            Last(Difference(Always("visit_end"), Always("visit_start"))),
        ),
        seconds("stay_seconds", "누적 체류시간", "total stay", Whole("stay_ms")),
    ]


def acquisition_fields() -> list[Field]:
    """Where the present or latest visit came from, and the first."""
    rows = (
        ("landing_page", "랜딩 페이지", "landing page", "/event", "contains"),
        ("referrer", "유입 주소(리퍼러)", "referrer", "naver.com", "contains"),
        ("search_keyword", "유입 검색어", "search keyword", "운동화", "contains"),
        ("channel", "유입 채널", "channel", "direct", "is"),
        ("campaign", "캠페인", "campaign", "summer_sale", "is"),
        ("utm_source", "UTM 소스", "utm source", "kakao", "is"),
        ("utm_medium", "UTM 매체", "utm medium", "cpc", "is"),
        ("utm_campaign", "UTM 캠페인", "utm campaign", "summer_sale", "is"),
        ("utm_term", "UTM 검색어", "utm term", "운동화", "is"),
        ("utm_content", "UTM 콘텐츠", "utm content", "banner_a", "is"),
    )
    columns = {"campaign": "utm_campaign"}
    latest = [
        string(name, "acquisition", ko, en, Text(columns.get(name, name)), value, op)
        for name, ko, en, value, op in rows
    ]
    first = [
        string(
            f"first_{name}",
            "acquisition",
            f"첫 방문의 {ko}",
            f"first {en}",
            Text(f"first_{columns.get(name, name)}"),
            value,
            op,
        )
        for name, ko, en, value, op in rows
    ]
    channels, example = tuple(Choice(*choice) for choice in CHANNELS), ("in", ["paid_search", "social"])
    return [
        replace(one, choices=channels, others=True, example=example)
        if one.name in ("channel", "first_channel")
        else one
        for one in latest + first
    ]


def windowed_fields() -> list[Field]:
    """Twins over the visits whose last activity is at or after now - window; such a visit counts whole."""
    found: list[Field] = []
    for suffix, days, ko, en in WINDOWS:
        inside = Compare(Always("visit_end"), ">=", Ago(Fixed(days * DAY)))

        def summed(value: Value, inside: Condition = inside) -> Value:
            return Sum(value, inside)

        stay = summed(Difference(Always("visit_end"), Always("visit_start")))
        found += [
            number(f"visits_{suffix}", "traffic", f"{ko} 방문 횟수", f"visits {en}", summed(Fixed(1)), "times", 2),
            number(
                f"pageviews_{suffix}",
                "traffic",
                f"{ko} 페이지뷰",
                f"pageviews {en}",
                summed(Whole("visit_pageviews")),
                "times",
                10,
            ),
            seconds(f"stay_seconds_{suffix}", f"{ko} 체류시간", f"stay {en}", stay),
            number(
                f"cart_adds_{suffix}",
                "cart",
                f"{ko} 장바구니 담기 횟수",
                f"cart additions {en}",
                summed(Whole("visit_cart_adds")),
                "times",
                1,
            ),
            number(
                f"orders_{suffix}",
                "commerce",
                f"{ko} 주문 건수",
                f"orders {en}",
                summed(Whole("visit_orders")),
                "orders",
                1,
            ),
            number(
                f"units_{suffix}",
                "commerce",
                f"{ko} 구매 수량",
                f"units bought {en}",
                summed(Whole("visit_units")),
                "pieces",
                2,
            ),
            money(f"revenue_{suffix}", "commerce", f"{ko} 구매 금액", f"revenue {en}", summed(Whole("visit_revenue"))),
        ]
    return found


def now_fields() -> list[Field]:
    """What is true of this moment only."""
    fields = [
        string(
            "viewing_item", "now", "지금 보는 상품", "item being viewed now", Only(Text("page_item"), _ONLINE), "SKU-1"
        ),
        string(
            "viewing_url",
            "now",
            "지금 보는 주소",
            "url being viewed now",
            Only(Text("page_url"), _ONLINE),
            "/cart",
            "contains",
        ),
        money("cart_value_now", "now", "지금 장바구니 금액", "cart value now", Only(Whole("cart_value"), _ONLINE)),
    ]
    return [replace(declared, now_condition=True) for declared in fields]
