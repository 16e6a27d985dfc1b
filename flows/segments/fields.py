"""The catalogue of fields: each declared once, with its labels, type, unit and how it comes from a row of `visitors`.

Both evaluators, the sentences, the API's catalogue and `docs/segments.md` derive from these declarations.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from flows.segments.columns import (
    DAY,
    Ago,
    Always,
    AtLeast,
    Comparator,
    Compare,
    Condition,
    Difference,
    Distinct,
    Elements,
    Every,
    Fixed,
    Instant,
    Last,
    Maybe,
    OnlineSince,
    Only,
    Present,
    Ratio,
    Sum,
    Text,
    Times,
    Value,
    Whole,
)
from flows.segments.operators import FieldType

Unit = Literal["", "times", "orders", "pieces", "kinds", "currency", "seconds", "devices"]
Group = Literal["environment", "member", "traffic", "acquisition", "product", "cart", "commerce", "now", "record"]

PRODUCT_DAYS = 60
ENVIRONMENTS = (
    ("pc_web", "PC 웹", "PC web"),
    ("mobile_web", "모바일 웹", "mobile web"),
    ("hybrid_app", "하이브리드 앱", "hybrid app"),
)
WINDOWS = (("24h", 1, "최근 24시간", "in 24 hours"), ("7d", 7, "최근 7일", "in 7 days"))

GROUPS: dict[Group, tuple[str, str]] = {
    "environment": ("사용 환경", "Environment"),
    "member": ("회원", "Member"),
    "traffic": ("트래픽", "Traffic"),
    "acquisition": ("유입", "Acquisition"),
    "product": ("상품", "Products"),
    "cart": ("장바구니", "Cart"),
    "commerce": ("전자상거래", "Commerce"),
    "now": ("현재", "Now"),
}


@dataclass(frozen=True)
class Choice:
    """One of the only values a string field can have."""

    value: str
    ko: str
    en: str


@dataclass(frozen=True)
class Field:
    """A field of the language.

    how: what it is made of: a `Condition` for booleans, `Elements` for lists and records, a `Value` for all others
    (times in epoch milliseconds, durations in milliseconds although the language speaks of seconds).
    statements: of a boolean, (ko when true, ko when false, en when true, en when false).
    now_condition: true only of this moment, so that no population over a window can be counted by it.
    """

    name: str
    group: Group
    type: FieldType
    ko: str
    en: str
    how: Value | Condition | Elements
    example: tuple[str, object] = field(compare=False)  # (operator, value)
    unit: Unit = ""
    choices: tuple[Choice, ...] = ()
    statements: tuple[str, str, str, str] | None = None
    now_condition: bool = False
    subfields: tuple[Field, ...] = ()


def _number(name: str, group: Group, ko: str, en: str, how: Value, unit: Unit, example: int) -> Field:
    return Field(name, group, "number", ko, en, how, (">=", example), unit)


def _money(name: str, group: Group, ko: str, en: str, how: Value) -> Field:
    return Field(name, group, "money", ko, en, how, ("between", [10000, 50000]), "currency")


def _seconds(name: str, ko: str, en: str, how: Value) -> Field:
    return Field(name, "traffic", "duration", ko, en, how, (">=", 180), "seconds")


def _string(name: str, group: Group, ko: str, en: str, how: Value, example: str, op: str = "is") -> Field:
    return Field(name, group, "string", ko, en, how, (op, example))


def _list(name: str, group: Group, ko: str, en: str, how: Elements, example: str) -> Field:
    return Field(name, group, "list", ko, en, how, ("contains_any", [example]))


def _time(name: str, group: Group, ko: str, en: str, how: Value) -> Field:
    return Field(name, group, "time", ko, en, how, ("within_last", {"days": 3}))


def _truth(name: str, group: Group, ko: str, en: str, how: Condition, statements: tuple[str, str, str, str]) -> Field:
    return Field(name, group, "boolean", ko, en, how, ("is", True), statements=statements)


def _records(
    name: str, group: Group, ko: str, en: str, where: Condition, subfields: tuple[Field, ...], example: object
) -> Field:
    return Field(name, group, "records", ko, en, Elements(where), ("some", example), subfields=subfields)


# --- conditions on elements ----------------------------------------------------------------------------------------

_TWO_MONTHS = Ago(Fixed(PRODUCT_DAYS * DAY))
_ONLINE = Compare(Always("last_seen"), ">=", OnlineSince())
_VIEWED = Compare(Instant("product_viewed_at"), ">=", _TWO_MONTHS)
_CARTED = Compare(Instant("product_carted_at"), ">=", _TWO_MONTHS)
_CARTED_NOT_BOUGHT = Every(
    (_CARTED, Compare(Always("product_bought_at"), "<", Always("product_carted_at")))  # 0, never, is before any time
)
_SEARCHED = Compare(Instant("search_at"), ">=", _TWO_MONTHS)
_BOUGHT = Compare(Whole("product_units"), ">", Fixed(0))  # net of refunds, as orders and revenue are
_IN_CART = Compare(Whole("cart_quantity"), ">", Fixed(0))
_TOLD_PART = Present(Text("part_row"))  # the others lost their events to somebody else
_KNOWN_PRICE = Compare(Whole("cart_price"), ">=", Fixed(0))


def _visits_is(by: Comparator, number: int) -> Condition:
    return Compare(Whole("visits"), by, Fixed(number))


# --- sub-fields of records -----------------------------------------------------------------------------------------

_ITEM_ID = _string("item_id", "record", "상품 번호", "item id", Text("product_item"), "SKU-1")
_CATEGORY = _string("category", "record", "카테고리", "category", Text("product_category"), "shoes")
_VIEWED_PRODUCT = (
    _ITEM_ID,
    _CATEGORY,
    _number("times", "record", "조회 횟수", "views", Whole("product_views"), "times", 3),
    _time("viewed_at", "record", "조회 시각", "viewed", Instant("product_viewed_at")),
)
_CARTED_PRODUCT = (
    _ITEM_ID,
    _CATEGORY,
    _number("quantity", "record", "담은 수량", "units added", Whole("product_adds"), "pieces", 2),
    _time("carted_at", "record", "담은 시각", "added", Instant("product_carted_at")),
)
_BOUGHT_PRODUCT = (
    _ITEM_ID,
    _CATEGORY,
    _number("units", "record", "구매 수량", "units bought", Whole("product_units"), "pieces", 2),
    _time("bought_at", "record", "구매 시각", "bought", Instant("product_bought_at")),
)
_CART_PRODUCT = (
    _string("item_id", "record", "상품 번호", "item id", Text("cart_item"), "SKU-1"),
    _string("category", "record", "카테고리", "category", Text("cart_category"), "shoes"),
    _number("quantity", "record", "수량", "units", Whole("cart_quantity"), "pieces", 2),
    _money("price", "record", "가격", "price", Only(Whole("cart_price"), _KNOWN_PRICE)),
    _money("value", "record", "금액", "value", Only(Times(Whole("cart_price"), Whole("cart_quantity")), _KNOWN_PRICE)),
    _time("added_at", "record", "담은 시각", "added", Instant("cart_added_at")),
)


# --- groups --------------------------------------------------------------------------------------------------------


def _environment() -> list[Field]:
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
        _string("os", "environment", "운영체제", "operating system", Text("os"), "iOS"),
        _string("browser", "environment", "브라우저", "browser", Text("browser"), "Chrome"),
        _string("app_version", "environment", "앱 버전", "app version", Text("app_version"), "3.", "starts_with"),
    ]


def _member() -> list[Field]:
    return [
        _truth(
            "logged_in",
            "member",
            "로그인 경험",
            "has logged in",
            Present(Text("member_id")),
            ("로그인한 적 있음", "로그인한 적 없음", "has logged in", "has never logged in"),
        ),
        _string("member_id", "member", "회원 아이디", "member id", Text("member_id"), "member-7"),
        _number(
            "devices",
            "member",
            "기기 수",
            "devices",
            AtLeast(Distinct(Text("part_visitor"), _TOLD_PART), 1),  # a visitor nobody knows is one device
            "devices",
            2,
        ),
    ]


def _traffic() -> list[Field]:
    return [
        _number("visits", "traffic", "방문 횟수", "visits", Whole("visits"), "times", 10),
        _truth(
            "first_visit",
            "traffic",
            "첫 방문",
            "first visit",
            _visits_is("=", 1),
            ("첫 방문임", "첫 방문이 아님", "is on the first visit", "is not on the first visit"),
        ),
        _truth(
            "returning",
            "traffic",
            "재방문",
            "returning",
            _visits_is(">", 1),
            ("재방문임", "재방문이 아님", "is returning", "is not returning"),
        ),
        _truth(
            "online",
            "traffic",
            "접속 중",
            "online now",
            _ONLINE,
            ("지금 접속 중임", "지금 접속 중이 아님", "is online now", "is not online now"),
        ),
        _time("first_seen", "traffic", "첫 활동", "first activity", Instant("first_seen")),
        _time("last_seen", "traffic", "마지막 활동", "last activity", Instant("last_seen")),
        _number(
            "visit_pageviews",
            "traffic",
            "이번 방문의 페이지뷰",
            "pageviews in this visit",
            Last(Whole("visit_pageviews")),
            "times",
            5,
        ),
        _number("pageviews", "traffic", "누적 페이지뷰", "pageviews", Whole("pageviews"), "times", 20),
        _seconds(
            "visit_stay_seconds",
            "이번 방문의 체류시간",
            "stay in this visit",
            Last(Difference(Always("visit_end"), Always("visit_start"))),
        ),
        _seconds("stay_seconds", "누적 체류시간", "total stay", Whole("stay_ms")),
    ]


def _acquisition() -> list[Field]:
    rows = (
        ("landing_page", "랜딩 페이지", "landing page", "/event", "contains"),
        ("referrer", "유입 경로", "referrer", "naver.com", "contains"),
        ("search_keyword", "유입 검색어", "search keyword", "운동화", "contains"),
        ("channel", "유입 채널", "channel", "direct", "is"),
        ("utm_source", "UTM 소스", "utm source", "kakao", "is"),
        ("utm_medium", "UTM 매체", "utm medium", "cpc", "is"),
        ("utm_campaign", "UTM 캠페인", "utm campaign", "summer_sale", "is"),
        ("utm_term", "UTM 검색어", "utm term", "운동화", "is"),
        ("utm_content", "UTM 콘텐츠", "utm content", "banner_a", "is"),
    )
    latest = [_string(name, "acquisition", ko, en, Text(name), value, op) for name, ko, en, value, op in rows]
    first = [
        _string(f"first_{name}", "acquisition", f"첫 방문의 {ko}", f"first {en}", Text(f"first_{name}"), value, op)
        for name, ko, en, value, op in rows
    ]
    return latest + first


def _product() -> list[Field]:
    return [
        _list("viewed_items", "product", "본 상품", "viewed items", Elements(_VIEWED, Text("product_item")), "SKU-1"),
        _list(
            "viewed_categories",
            "product",
            "본 카테고리",
            "viewed categories",
            Elements(_VIEWED, Text("product_category")),
            "shoes",
        ),
        _time("last_viewed_at", "product", "마지막 상품 조회", "last product view", Instant("last_viewed_at", True)),
        _list(
            "search_terms",
            "product",
            "내부 검색어",
            "internal search terms",
            Elements(_SEARCHED, Text("search_term")),
            "운동화",
        ),
        _records(
            "viewed_products",
            "product",
            "본 상품 기록",
            "viewed products",
            _VIEWED,
            _VIEWED_PRODUCT,
            {"all": [_leaf("category", "is", "shoes"), _leaf("times", ">=", 3)]},
        ),
    ]


def _cart() -> list[Field]:
    return [
        _list("cart_items", "cart", "장바구니 상품", "items in cart", Elements(_IN_CART, Text("cart_item")), "SKU-1"),
        _list(
            "cart_categories",
            "cart",
            "장바구니 카테고리",
            "categories in cart",
            Elements(_IN_CART, Text("cart_category")),
            "shoes",
        ),
        _money("cart_value", "cart", "장바구니 금액", "cart value", Whole("cart_value")),
        _number("cart_units", "cart", "장바구니 수량", "units in cart", Whole("cart_units"), "pieces", 2),
        _number(
            "cart_lines", "cart", "장바구니 상품 종류", "distinct items in cart", Sum(Fixed(1), _IN_CART), "kinds", 2
        ),
        _records(
            "cart_products",
            "cart",
            "장바구니 상품 기록",
            "products in cart",
            _IN_CART,
            _CART_PRODUCT,
            {"all": [_leaf("category", "is", "shoes"), _leaf("added_at", "within_last", {"days": 3})]},
        ),
        _number("cart_adds", "cart", "장바구니 담기 횟수", "cart additions", Whole("cart_adds"), "times", 1),
        _time("last_carted_at", "cart", "마지막 장바구니 담기", "last cart addition", Instant("last_carted_at", True)),
        _list(
            "carted_not_bought_items",
            "cart",
            "담고 사지 않은 상품",
            "items added but not bought",
            Elements(_CARTED_NOT_BOUGHT, Text("product_item")),
            "SKU-1",
        ),
        _records(
            "carted_not_bought",
            "cart",
            "담고 사지 않은 상품 기록",
            "products added but not bought",
            _CARTED_NOT_BOUGHT,
            _CARTED_PRODUCT,
            _leaf("carted_at", "within_last", {"days": 7}),
        ),
    ]


def _commerce() -> list[Field]:
    return [
        _money("revenue", "commerce", "누적 구매 금액", "revenue", Whole("revenue")),
        _number("orders", "commerce", "주문 건수", "orders", Whole("orders"), "orders", 1),
        _truth(
            "has_bought",
            "commerce",
            "구매 경험",
            "has bought",
            Compare(Whole("orders"), ">", Fixed(0)),
            ("구매한 적 있음", "구매한 적 없음", "has bought", "has never bought"),
        ),
        _number("units", "commerce", "구매 수량", "units bought", Whole("units"), "pieces", 3),
        _money(
            "average_order_value",
            "commerce",
            "평균 주문 금액",
            "average order value",
            Ratio(Whole("revenue"), Whole("orders")),
        ),
        _money("largest_order", "commerce", "최대 주문 금액", "largest order", Maybe("largest_order")),
        _time("last_order_at", "commerce", "마지막 구매", "last order", Instant("last_order_at", True)),
        _list("bought_items", "commerce", "산 상품", "bought items", Elements(_BOUGHT, Text("product_item")), "SKU-1"),
        _list(
            "bought_categories",
            "commerce",
            "산 카테고리",
            "bought categories",
            Elements(_BOUGHT, Text("product_category")),
            "shoes",
        ),
        _records(
            "bought_products",
            "commerce",
            "산 상품 기록",
            "bought products",
            _BOUGHT,
            _BOUGHT_PRODUCT,
            {"all": [_leaf("item_id", "is", "SKU-1"), _leaf("bought_at", "more_than_ago", {"days": 30})]},
        ),
    ]


def _windowed() -> list[Field]:
    """Twins over the visits whose last activity is at or after now - window; such a visit counts whole."""
    found: list[Field] = []
    for suffix, days, ko, en in WINDOWS:
        inside = Compare(Always("visit_end"), ">=", Ago(Fixed(days * DAY)))

        def summed(value: Value, inside: Condition = inside) -> Value:
            return Sum(value, inside)

        stay = summed(Difference(Always("visit_end"), Always("visit_start")))
        found += [
            _number(f"visits_{suffix}", "traffic", f"{ko} 방문 횟수", f"visits {en}", summed(Fixed(1)), "times", 2),
            _number(
                f"pageviews_{suffix}",
                "traffic",
                f"{ko} 페이지뷰",
                f"pageviews {en}",
                summed(Whole("visit_pageviews")),
                "times",
                10,
            ),
            _seconds(f"stay_seconds_{suffix}", f"{ko} 체류시간", f"stay {en}", stay),
            _number(
                f"cart_adds_{suffix}",
                "cart",
                f"{ko} 장바구니 담기 횟수",
                f"cart additions {en}",
                summed(Whole("visit_cart_adds")),
                "times",
                1,
            ),
            _number(
                f"orders_{suffix}",
                "commerce",
                f"{ko} 주문 건수",
                f"orders {en}",
                summed(Whole("visit_orders")),
                "orders",
                1,
            ),
            _number(
                f"units_{suffix}",
                "commerce",
                f"{ko} 구매 수량",
                f"units bought {en}",
                summed(Whole("visit_units")),
                "pieces",
                2,
            ),
            _money(f"revenue_{suffix}", "commerce", f"{ko} 구매 금액", f"revenue {en}", summed(Whole("visit_revenue"))),
        ]
    return found


def _now() -> list[Field]:
    fields = [
        _string(
            "viewing_item", "now", "지금 보는 상품", "item being viewed now", Only(Text("page_item"), _ONLINE), "SKU-1"
        ),
        _string(
            "viewing_url",
            "now",
            "지금 보는 주소",
            "url being viewed now",
            Only(Text("page_url"), _ONLINE),
            "/cart",
            "contains",
        ),
        _money("cart_value_now", "now", "지금 장바구니 금액", "cart value now", Only(Whole("cart_value"), _ONLINE)),
    ]
    return [replace(declared, now_condition=True) for declared in fields]


def _leaf(field: str, op: str, value: object) -> dict[str, object]:
    return {"field": field, "op": op, "value": value}


def _in_group_order(fields: list[Field]) -> tuple[Field, ...]:
    order = list(GROUPS)
    return tuple(sorted(fields, key=lambda declared: order.index(declared.group)))


FIELDS = _in_group_order(
    _environment() + _member() + _traffic() + _acquisition() + _product() + _cart() + _commerce() + _windowed() + _now()
)
BY_NAME = {declared.name: declared for declared in FIELDS}
