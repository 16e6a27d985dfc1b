"""Fields about products, the cart and orders."""

from __future__ import annotations

from flows.segments.columns import (
    DAY,
    Ago,
    Always,
    Compare,
    Every,
    Fixed,
    Instant,
    Maybe,
    Only,
    Ratio,
    Sum,
    Text,
    Times,
    Whole,
)
from flows.segments.field import Field, leaf, listed, money, number, records, string, time, truth
from flows.segments.sources import Elements

PRODUCT_DAYS = 60

_TWO_MONTHS = Ago(Fixed(PRODUCT_DAYS * DAY))
_VIEWED = Compare(Instant("product_viewed_at"), ">=", _TWO_MONTHS)
_CARTED = Compare(Instant("product_carted_at"), ">=", _TWO_MONTHS)
_CARTED_NOT_BOUGHT = Every(
    (_CARTED, Compare(Always("product_bought_at"), "<", Always("product_carted_at")))  # 0, never, is before any time
)
_SEARCHED = Compare(Instant("search_at"), ">=", _TWO_MONTHS)
_BOUGHT = Compare(Whole("product_units"), ">", Fixed(0))  # net of refunds, as orders and revenue are
_IN_CART = Compare(Whole("cart_quantity"), ">", Fixed(0))
_KNOWN_PRICE = Compare(Whole("cart_price"), ">=", Fixed(0))

_ITEM_ID = string("item_id", "record", "상품 ID", "item id", Text("product_item"), "SKU-1")
_CATEGORY = string("category", "record", "카테고리", "category", Text("product_category"), "shoes")
_VIEWED_PRODUCT = (
    _ITEM_ID,
    _CATEGORY,
    number("times", "record", "조회 횟수", "views", Whole("product_views"), "times", 3),
    time("viewed_at", "record", "조회 시각", "viewed", Instant("product_viewed_at")),
)
_CARTED_PRODUCT = (
    _ITEM_ID,
    _CATEGORY,
    number("quantity", "record", "담은 수량", "units added", Whole("product_adds"), "pieces", 2),
    time("carted_at", "record", "담은 시각", "added", Instant("product_carted_at")),
)
_BOUGHT_PRODUCT = (
    _ITEM_ID,
    _CATEGORY,
    number("units", "record", "구매 수량", "units bought", Whole("product_units"), "pieces", 2),
    time("bought_at", "record", "구매 시각", "bought", Instant("product_bought_at")),
)
_CART_PRODUCT = (
    string("item_id", "record", "상품 ID", "item id", Text("cart_item"), "SKU-1"),
    string("category", "record", "카테고리", "category", Text("cart_category"), "shoes"),
    number("quantity", "record", "수량", "units", Whole("cart_quantity"), "pieces", 2),
    money("price", "record", "가격", "price", Only(Whole("cart_price"), _KNOWN_PRICE)),
    money("value", "record", "금액", "value", Only(Times(Whole("cart_price"), Whole("cart_quantity")), _KNOWN_PRICE)),
    time("added_at", "record", "담은 시각", "added", Instant("cart_added_at")),
)


def product_fields() -> list[Field]:
    """Products viewed, and what was searched for."""
    return [
        listed("viewed_items", "product", "본 상품", "viewed items", Elements(_VIEWED, Text("product_item")), "SKU-1"),
        listed(
            "viewed_categories",
            "product",
            "본 카테고리",
            "viewed categories",
            Elements(_VIEWED, Text("product_category")),
            "shoes",
        ),
        time("last_viewed_at", "product", "마지막 상품 조회", "last product view", Instant("last_viewed_at", True)),
        listed(
            "search_terms",
            "product",
            "쇼핑몰 내 검색어",
            "internal search terms",
            Elements(_SEARCHED, Text("search_term")),
            "운동화",
        ),
        records(
            "viewed_products",
            "product",
            "본 상품 기록",
            "viewed products",
            _VIEWED,
            _VIEWED_PRODUCT,
            {"all": [leaf("category", "is", "shoes"), leaf("times", ">=", 3)]},
        ),
    ]


def cart_fields() -> list[Field]:
    """What is in the cart, and what was put into it."""
    return [
        listed("cart_items", "cart", "장바구니 상품", "items in cart", Elements(_IN_CART, Text("cart_item")), "SKU-1"),
        listed(
            "cart_categories",
            "cart",
            "장바구니 카테고리",
            "categories in cart",
            Elements(_IN_CART, Text("cart_category")),
            "shoes",
        ),
        money("cart_value", "cart", "장바구니 금액", "cart value", Whole("cart_value")),
        number("cart_units", "cart", "장바구니 수량", "units in cart", Whole("cart_units"), "pieces", 2),
        number(
            "cart_lines", "cart", "장바구니 상품 종류", "distinct items in cart", Sum(Fixed(1), _IN_CART), "kinds", 2
        ),
        records(
            "cart_products",
            "cart",
            "장바구니 품목",
            "products in cart",
            _IN_CART,
            _CART_PRODUCT,
            {"all": [leaf("category", "is", "shoes"), leaf("added_at", "within_last", {"days": 3})]},
        ),
        number("cart_adds", "cart", "장바구니 담기 횟수", "cart additions", Whole("cart_adds"), "times", 1),
        time("last_carted_at", "cart", "마지막 장바구니 담기", "last cart addition", Instant("last_carted_at", True)),
        listed(
            "carted_not_bought_items",
            "cart",
            "담고 사지 않은 상품",
            "items added but not bought",
            Elements(_CARTED_NOT_BOUGHT, Text("product_item")),
            "SKU-1",
        ),
        records(
            "carted_not_bought",
            "cart",
            "담고 사지 않은 상품 기록",
            "products added but not bought",
            _CARTED_NOT_BOUGHT,
            _CARTED_PRODUCT,
            leaf("carted_at", "within_last", {"days": 7}),
        ),
    ]


def commerce_fields() -> list[Field]:
    """Orders, and the products of them."""
    return [
        money("revenue", "commerce", "누적 구매 금액", "revenue", Whole("revenue")),
        number("orders", "commerce", "주문 건수", "orders", Whole("orders"), "orders", 1),
        truth(
            "has_bought",
            "commerce",
            "구매 경험",
            "has bought",
            Compare(Whole("orders"), ">", Fixed(0)),
            ("구매한 적 있음", "구매한 적 없음", "has bought", "has never bought"),
        ),
        number("units", "commerce", "구매 수량", "units bought", Whole("units"), "pieces", 3),
        money(
            "average_order_value",
            "commerce",
            "평균 주문 금액",
            "average order value",
            Ratio(Whole("revenue"), Whole("orders")),
        ),
        money("largest_order", "commerce", "최대 주문 금액", "largest order", Maybe("largest_order")),
        time("last_order_at", "commerce", "마지막 구매", "last order", Instant("last_order_at", True)),
        listed("bought_items", "commerce", "산 상품", "bought items", Elements(_BOUGHT, Text("product_item")), "SKU-1"),
        listed(
            "bought_categories",
            "commerce",
            "산 카테고리",
            "bought categories",
            Elements(_BOUGHT, Text("product_category")),
            "shoes",
        ),
        records(
            "bought_products",
            "commerce",
            "산 상품 기록",
            "bought products",
            _BOUGHT,
            _BOUGHT_PRODUCT,
            {"all": [leaf("item_id", "is", "SKU-1"), leaf("bought_at", "more_than_ago", {"days": 30})]},
        ),
    ]
