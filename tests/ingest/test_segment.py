"""Segment's calls, as its libraries send them, through the door."""

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.door import Broken, SiteRules, open_door
from ingest.segment import segment_item, segment_items

NOW = 1_763_800_000_000
COMMON = {
    "messageId": "ajs-next-1763799990000-0b5f2c1e-7d7e-4a55-9d5c-2f3a1b4c5d6e",
    "anonymousId": "anon-1",
    "timestamp": "2025-11-22T08:26:30.000Z",
    "sentAt": "2025-11-22T08:26:40.000Z",
}


def record(kind: str, currency: str = "KRW", **fields: Any) -> dict[str, Any]:
    items = segment_items(kind, {**COMMON, **fields}, currency=currency)
    verdict = open_door(items, site=SiteRules("shop", currency), received_at=NOW, server=False)
    assert verdict.rejected == []
    (accepted,) = verdict.accepted
    line: dict[str, Any] = orjson.loads(accepted.line)
    return line


def broken(kind: str, message: object, currency: str = "KRW") -> tuple[str, str]:
    (item,) = segment_items(kind, message, currency=currency)
    assert isinstance(item, Broken)
    return item.reason, item.detail.split(":")[0]


def test_a_page_call_is_a_page_view() -> None:
    line = record(
        "page",
        userId="member-1",
        name="Home",
        properties={"url": "https://shop.example/", "title": "Shop", "path": "/", "referrer": "", "section": "a"},
        context={
            "page": {"url": "https://shop.example/", "path": "/", "title": "Shop"},
            "userAgent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/124.0.0.0 Safari/537.36",
            "ip": "203.0.113.9",
            "locale": "ko-KR",
            "campaign": {"name": "autumn", "source": "newsletter", "medium": "email"},
            "library": {"name": "analytics.js", "version": "next"},
        },
    )
    assert line["event_id"] == COMMON["messageId"]
    assert (line["visitor_id"], line["member_id"]) == ("anon-1", "member-1")
    assert (line["name"], line["pageview"], line["url"], line["title"]) == (
        "page_view",
        True,
        "https://shop.example/",
        "Shop",
    )
    assert line["occurred_at"] == NOW - 10_000
    assert (line["utm_campaign"], line["channel"], line["environment"]) == ("autumn", "email", "pc_web")
    assert (line["ip"], line["locale"]) == ("203.0.113.9", "ko-KR")
    assert orjson.loads(line["properties"]) == {"section": "a"}


def test_a_screen_of_an_app_is_a_page_view_of_the_hybrid_app() -> None:
    line = record(
        "screen",
        name="Cart",
        context={"app": {"name": "Shop", "version": "3.2"}, "os": {"name": "iOS", "version": "17.4"}},
    )
    assert (line["name"], line["title"], line["environment"], line["os"], line["app_version"]) == (
        "page_view",
        "Cart",
        "hybrid_app",
        "iOS",
        "3.2",
    )


def test_a_completed_order_is_a_purchase_without_tax_and_shipping() -> None:
    properties = {
        "order_id": "50314b8e",
        "total": 30.00,
        "subtotal": 22.50,
        "shipping": 3,
        "tax": 4.5,
        "currency": "usd",
        "coupon": "hasbros",
        "products": [
            {"product_id": "1", "sku": "45790-32", "name": "Game", "price": 19, "quantity": 1, "category": "Games"},
            {"sku": "46493-32", "name": "UNO", "price": "3.50", "quantity": 1},
        ],
    }
    line = record("track", event="Order Completed", properties=properties)
    assert (line["name"], line["transaction_id"], line["value"], line["currency"]) == (
        "purchase",
        "50314b8e",
        2_250,
        "USD",
    )
    assert line["items"] == [
        {"item_id": "1", "item_name": "Game", "price": 1_900, "quantity": 1, "category": "Games"},
        {"item_id": "46493-32", "item_name": "UNO", "price": 350, "quantity": 1},
    ]
    del properties["subtotal"]
    assert record("track", event="Order Completed", properties=properties)["value"] == 2_250
    assert record("track", event="Order Completed", properties={**properties, "revenue": 21})["value"] == 2_100


def test_an_added_product_is_the_one_item_of_the_event() -> None:
    properties = {"product_id": "P1", "name": "니트", "price": 19_900, "quantity": 2, "url": "https://shop.example/P1"}
    line = record("track", event="Product Added", properties=properties)
    assert line["name"] == "add_to_cart"
    assert line["items"] == [{"item_id": "P1", "item_name": "니트", "price": 19_900, "quantity": 2}]
    assert "url" not in line


def test_searches_and_custom_events_keep_what_they_tell() -> None:
    assert record("track", event="Products Searched", properties={"query": "니트"})["search_term"] == "니트"
    line = record("track", event="Video Played!", properties={"seconds": 5, "value": 1_000})
    assert (line["name"], line["value"]) == ("video_played", 1_000)
    assert orjson.loads(line["properties"]) == {"seconds": 5}


def test_identify_and_alias_tie_a_visitor_to_a_member() -> None:
    line = record("identify", userId=7, traits={"grade": "VIP"})
    assert (line["name"], line["member_id"]) == ("identify", "7")
    assert orjson.loads(line["properties"]) == {"traits": {"grade": "VIP"}}
    line = record("alias", anonymousId=None, previousId="anon-9", userId="member-9")
    assert (line["name"], line["visitor_id"], line["member_id"]) == ("identify", "anon-9", "member-9")


def test_a_member_without_an_anonymous_id_is_a_visitor_by_the_member_id() -> None:
    assert record("track", anonymousId=None, userId=42, event="Signed In")["visitor_id"] == "42"


def test_an_exported_call_has_its_clock_corrected_already() -> None:
    line = record("track", event="Signed In", receivedAt="2025-11-22T08:26:41Z", sentAt="2020-01-01T00:00:00Z")
    assert line["occurred_at"] == NOW - 10_000


def test_a_batch_is_translated_call_by_call_and_shares_context_and_clock() -> None:
    body = {
        "sentAt": COMMON["sentAt"],
        "context": {"ip": "203.0.113.9", "locale": "ko"},
        "batch": [
            {**COMMON, "sentAt": None, "type": "track", "event": "Signed In", "context": {"locale": "en"}},
            {**COMMON, "type": "group"},
            "nonsense",
            {**COMMON, "type": "page"},
        ],
    }
    items = segment_items("batch", body, currency="KRW")
    assert [
        item.reason if isinstance(item, Broken) else item["name"] for item in items if isinstance(item, Broken | dict)
    ] == [
        "identify",
        "unsupported_type",
        "not_an_object",
        "page_view",
    ]
    first = items[0]
    assert isinstance(first, dict)
    assert first["context"] == {"ip": "203.0.113.9", "locale": "en"}


@pytest.mark.parametrize(
    ("properties", "reason", "place"),
    [
        ({"revenue": 19.999}, "fractional_money", "properties.revenue"),
        ({"revenue": "1e-99999999"}, "fractional_money", "properties.revenue"),
        ({"revenue": "1." + "0" * 29 + "1"}, "out_of_range", "properties.revenue"),
        ({"revenue": "abc"}, "wrong_type", "properties.revenue"),
        ({"revenue": []}, "wrong_type", "properties.revenue"),
        ({"revenue": "NaN"}, "not_a_number", "properties.revenue"),
        ({"revenue": "1e999999"}, "out_of_range", "properties.revenue"),
        ({"revenue": 10**5000}, "out_of_range", "properties.revenue"),
        ({"currency": "WON"}, "unknown_currency", "properties.currency"),
        ({"currency": 5}, "unknown_currency", "properties.currency"),
        ({"products": [{"price": 0.001}]}, "fractional_money", "properties.products[0].price"),
        ("x", "wrong_type", "properties"),
    ],
)
def test_what_can_not_be_translated_says_why(properties: Any, reason: str, place: str) -> None:
    message = {**COMMON, "event": "Order Completed", "properties": properties}
    assert broken("track", message, "USD") == (reason, place)


@pytest.mark.parametrize("body", [None, 5, [], {}, {"batch": 5}])
def test_a_batch_without_a_list_is_one_broken_item(body: object) -> None:
    assert broken("batch", body) == ("wrong_type", "batch")


def test_a_batch_of_thousands_of_calls_is_one_broken_item() -> None:
    assert broken("batch", {"batch": [{}] * 2_001}) == ("far_too_many_items", "batch")


def test_won_have_no_decimals() -> None:
    message = {**COMMON, "event": "Order Completed", "properties": {"revenue": 19_900.5, "order_id": "o"}}
    assert broken("track", message) == ("fractional_money", "properties.revenue")
    assert (
        record("track", event="Order Completed", properties={"revenue": 19_900.0, "order_id": "o"})["value"] == 19_900
    )


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("Order Completed"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["products", "price", "currency", "revenue", "os", "page", "product_id", "sku", "value"]),
            inner,
        )
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["type", "event", "properties", "context", "traits", "userId", "previousId", "timestamp"]),
        VALUES,
    ),
    st.sampled_from(["track", "page", "identify", "alias", "screen", "group"]),
)
def test_any_call_is_translated_or_broken(message: dict[str, Any], kind: str) -> None:
    items = [*segment_items(kind, message, currency="USD"), segment_item({**message, "type": kind}, currency="USD")]
    verdict = open_door(items, site=SiteRules("shop", "USD"), received_at=NOW, server=False)
    assert len(verdict.accepted) + len(verdict.rejected) == 2
