"""The whole door, item by item."""

from typing import Any
from zlib import crc32

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.alias_tables import EVENT_ALIASES, FIELDS, ITEM_FIELDS
from ingest.door import Broken, SiteRules, Verdict, open_door
from ingest.vocabulary import EVENTS, Reason

NOW = 1_763_800_000_000
SITE = SiteRules("shop", "KRW")
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.4 Mobile/15E148 Safari/604.1"
)


def event(**fields: Any) -> dict[str, Any]:
    told = {"event_id": "e1", "visitor_id": "v1", "name": "page_view", "occurred_at": NOW - 1_000, **fields}
    return {key: value for key, value in told.items() if value is not ...}


def door(*items: object, **how: Any) -> Verdict:
    return open_door(items, **{"site": SITE, "received_at": NOW, "server": False, **how})


def record(item: object, **how: Any) -> dict[str, Any]:
    verdict = door(item, **how)
    assert verdict.rejected == []
    line: dict[str, Any] = orjson.loads(verdict.accepted[0].line)
    return line


def reason(item: object, **how: Any) -> tuple[str, str]:
    """(reason code, first word of the detail: the place)"""
    verdict = door(item, **how)
    assert verdict.accepted == []
    (rejection,) = verdict.rejected
    assert rejection.index == 0
    return str(rejection.reason), rejection.detail.split(":")[0]


def test_a_page_view_becomes_a_line_with_the_columns_of_events() -> None:
    told = event(
        sent_at=NOW - 500,
        member_id="m1",
        page={"url": "https://shop.example/p/1?utm_source=insta&utm_medium=social", "title": "니트", "referrer": ""},
        context={"user_agent": IPHONE, "ip": "203.0.113.9", "locale": "ko-KR"},
        colour="red",
    )
    assert record(told) == {
        "site_id": "shop",
        "visitor_id": "v1",
        "event_id": "e1",
        "name": "page_view",
        "occurred_at": NOW - 500,
        "received_at": NOW,
        "sent_at": NOW - 500,
        "member_id": "m1",
        "bot": False,
        "server": False,
        "pageview": True,
        "url": "https://shop.example/p/1?utm_source=insta&utm_medium=social",
        "title": "니트",
        "channel": "social",
        "utm_source": "insta",
        "utm_medium": "social",
        "environment": "mobile_web",
        "os": "iOS",
        "browser": "Mobile Safari",
        "user_agent": IPHONE,
        "ip": "203.0.113.9",
        "locale": "ko-KR",
        "properties": '{"colour":"red"}',
    }


def test_the_smallest_event_has_two_ids_and_a_name() -> None:
    assert record({"event_id": "e", "visitor_id": "v", "name": "view_cart"}) == {
        "site_id": "shop",
        "visitor_id": "v",
        "event_id": "e",
        "name": "view_cart",
        "occurred_at": NOW,
        "received_at": NOW,
        "bot": False,
        "server": False,
        "pageview": False,
    }


def test_a_purchase_keeps_amounts_in_minor_units_and_its_items() -> None:
    line = record(
        event(
            name="purchase",
            transaction_id="T1",
            value=39_800.0,
            items=[
                {"item_id": "a", "price": 19_900, "quantity": 2, "item_brand": "b", "item_category2": "c", "size": "L"},
                {"item_id": 7, "item_name": "n", "quantity": None},
            ],
        )
    )
    assert line["value"] == 39_800
    assert isinstance(line["value"], int)
    assert line["currency"] == "KRW"
    assert line["items"] == [
        {"item_id": "a", "price": 19_900, "quantity": 2, "brand": "b", "category2": "c"},
        {"item_id": "7", "item_name": "n", "quantity": 1},
    ]
    assert orjson.loads(line["properties"]) == {"items": [{"size": "L"}, {}]}
    assert "value" not in record(event(name="purchase", transaction_id="T1", value=None))


def test_the_key_decides_the_partition() -> None:
    verdict = door(event(visitor_id="손님"))
    key = "shop/손님".encode()
    assert verdict.accepted[0].key == key
    assert verdict.accepted[0].key_hash == crc32(key)
    assert verdict.records(64) == [(crc32(key) % 64, verdict.accepted[0].line)]


def test_nobody_names_a_site_the_server_or_the_bot_but_the_door() -> None:
    line = record(event(site_id="other", server=True, bot=True, kind="order_fact", received_at=1))
    assert (line["site_id"], line["server"], line["bot"], line["received_at"]) == ("shop", False, False, NOW)
    assert "kind" not in line


def test_a_pageview_may_be_said_of_any_event() -> None:
    assert record(event(name="view_item", pageview=True))["pageview"]
    assert not record(event(name="view_item"))["pageview"]
    assert record(event(pageview=False))["pageview"]


@pytest.mark.parametrize("alias", EVENT_ALIASES)
def test_every_alias_of_an_event_name_ends_in_the_vocabulary(alias: str) -> None:
    assert EVENT_ALIASES[alias] in EVENTS
    assert record(event(name=..., event=alias, order_id="T"))["name"] == EVENT_ALIASES[alias]


def test_fields_have_aliases_and_the_canonical_name_wins() -> None:
    line = record(
        {
            "id": "e9",
            "anonymousId": "v9",
            "userId": 12,
            "event": "AddToCart",
            "timestamp": NOW - 5,
            "sku": "S",
            "qty": 2,
        }
    )
    assert (line["event_id"], line["visitor_id"], line["member_id"]) == ("e9", "v9", "12")
    assert line["items"] == [{"item_id": "S", "quantity": 2}]
    for told in ({"id": "my own", "event_id": "e1"}, {"event_id": "e1", "id": "my own"}):
        line = record({"visitor_id": "v", "name": "search", **told})
        assert line["event_id"] == "e1"
        assert orjson.loads(line["properties"]) == {"id": "my own"}


def test_ga4_parameters_page_and_context_are_opened() -> None:
    line = record(
        event(
            name="purchase",
            params={"transaction_id": "T", "value": 5, "page_location": "https://a.example/", "tax": 1},
            page={"path": "/x"},
            context={
                "campaign": {"source": "kakao", "id": 4},
                "app": {"name": "Shop", "version": "2.1"},
                "page": {"title": "t"},
            },
        )
    )
    assert (line["transaction_id"], line["value"], line["url"]) == ("T", 5, "https://a.example/")
    assert (line["title"], line["channel"], line["app_version"]) == ("t", "message", "2.1")
    assert line["environment"] == "hybrid_app"
    assert orjson.loads(line["properties"]) == {
        "params": {"tax": 1},
        "page": {"path": "/x"},
        "campaign": {"id": 4},
    }


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"name": ...}, ("missing_name", "name")),
        ({"name": ""}, ("missing_name", "name")),
        ({"name": 5}, ("wrong_type", "name")),
        ({"name": "Bad Name"}, ("bad_name", "name")),
        ({"name": "x" * 65}, ("bad_name", "name")),
        ({"name": "x\n"}, ("bad_name", "name")),
        ({"name": "order_fact"}, ("reserved_name", "name")),
        ({"name": "order"}, ("reserved_name", "name")),
        ({"name": "sonnim_thing"}, ("reserved_name", "name")),
        ({"event_id": ...}, ("missing_event_id", "event_id")),
        ({"event_id": ""}, ("missing_event_id", "event_id")),
        ({"event_id": 5}, ("wrong_type", "event_id")),
        ({"event_id": "e" * 65}, ("id_too_long", "event_id")),
        ({"event_id": "가" * 22}, ("id_too_long", "event_id")),
        ({"event_id": "a\0b"}, ("control_character_in_id", "event_id")),
        ({"visitor_id": None}, ("missing_visitor_id", "visitor_id")),
        ({"visitor_id": ["v"]}, ("wrong_type", "visitor_id")),
        ({"visitor_id": True}, ("wrong_type", "visitor_id")),
        ({"visitor_id": "v" * 1_000_000}, ("id_too_long", "visitor_id")),
        ({"visitor_id": "a\nb"}, ("control_character_in_id", "visitor_id")),
        ({"visitor_id": "\ud800"}, ("invalid_text", "visitor_id")),
        ({"member_id": 1.5}, ("wrong_type", "member_id")),
        ({"member_id": "m" * 2001}, ("text_too_long", "member_id")),
        ({"title": "t" * 2001}, ("text_too_long", "title")),
        ({"title": {"a": 1}}, ("wrong_type", "title")),
        ({"page": {"url": 5}}, ("wrong_type", "url")),
        ({"page": "https://shop.example/"}, ("wrong_type", "page")),
        ({"context": []}, ("wrong_type", "context")),
        ({"params": 1}, ("wrong_type", "params")),
        ({"properties": "x"}, ("wrong_type", "properties")),
        ({"pageview": 1}, ("wrong_type", "pageview")),
        ({"context": {"environment": "tv"}}, ("unknown_environment", "environment")),
        ({"name": "purchase"}, ("missing_transaction_id", "transaction_id")),
        ({"name": "refund", "transaction_id": ""}, ("missing_transaction_id", "transaction_id")),
        ({"value": -1}, ("negative_money", "value")),
        ({"value": 0.5}, ("fractional_money", "value")),
        ({"value": float("nan")}, ("not_a_number", "value")),
        ({"value": float("inf")}, ("not_a_number", "value")),
        ({"value": True}, ("wrong_type", "value")),
        ({"value": "19900"}, ("wrong_type", "value")),
        ({"value": 10**12 + 1}, ("out_of_range", "value")),
        ({"items": [{"item_id": "a", "price": 10**7, "quantity": 10**6}]}, ("out_of_range", "items")),
        ({"value": 10**6000}, ("out_of_range", "value")),
        ({"value": 1e300}, ("out_of_range", "value")),
        ({"currency": "WON"}, ("unknown_currency", "currency")),
        ({"currency": "ſek"}, ("unknown_currency", "currency")),
        ({"currency": 410}, ("wrong_type", "currency")),
        ({"items": {}}, ("wrong_type", "items")),
        ({"items": ["a"]}, ("wrong_type", "items[0]")),
        ({"items": [{"item_id": "a"}, {"price": 1}]}, ("missing_item_id", "items[1].item_id")),
        ({"items": [{"item_id": "a", "price": -1}]}, ("negative_money", "items[0].price")),
        ({"items": [{"item_id": "a", "item_price": 1.01}]}, ("fractional_money", "items[0].item_price")),
        ({"items": [{"item_id": "a", "quantity": 1.5}]}, ("not_an_integer", "items[0].quantity")),
        ({"items": [{"item_id": "a", "quantity": 10**6 + 1}]}, ("out_of_range", "items[0].quantity")),
        ({"items": [{"item_id": "a", "quantity": -1}]}, ("out_of_range", "items[0].quantity")),
        ({"items": [{"item_id": "a", "quantity": False}]}, ("wrong_type", "items[0].quantity")),
        ({"items": [{"item_id": "a", "item_name": "n" * 2001}]}, ("text_too_long", "items[0].item_name")),
        ({"items": [{"item_id": "a\t"}]}, ("control_character_in_id", "items[0].item_id")),
        ({"items": [{"item_id": "a"}] * 201}, ("too_many_items", "items")),
        ({"occurred_at": True}, ("bad_time", "occurred_at")),
        ({"occurred_at": "yesterday"}, ("bad_time", "occurred_at")),
        ({"occurred_at": "2025-11-22T10:00:00"}, ("bad_time", "occurred_at")),
        ({"occurred_at": NOW // 1000}, ("bad_time", "occurred_at")),
        ({"occurred_at": float("nan")}, ("bad_time", "occurred_at")),
        ({"occurred_at": "3000-01-01T00:00:00Z"}, ("in_the_future", "occurred_at")),
        ({"occurred_at": 10**400}, ("in_the_future", "occurred_at")),
        ({"sent_at": "3000-01-01T00:00:00Z"}, ("in_the_future", "sent_at")),
        ({"occurred_at": NOW - 9 * 86_400_000}, ("too_late", "occurred_at")),
        ({"blob": "x" * 40_000}, ("properties_too_large", "properties")),
        ({"blob": 2**64}, ("out_of_range", "properties")),
        ({"blob": "\udfff"}, ("invalid_text", "half a surrogate pair in a text")),
    ],
)
def test_what_is_wrong_is_rejected_with_its_reason_and_place(told: dict[str, Any], expected: tuple[str, str]) -> None:
    assert reason(event(**told)) == expected


@pytest.mark.parametrize("item", ["text", 5, None, True, [1], 1.5])
def test_what_is_no_object_is_rejected(item: object) -> None:
    assert reason(item)[0] == "not_an_object"


def test_deep_nesting_is_rejected_and_its_text_kept_in_part() -> None:
    deep: list[Any] = []
    for _ in range(900):
        deep = [deep]
    verdict = door(event(deep=deep), event(items=deep), event(value=deep))
    assert [rejection.reason for rejection in verdict.rejected] == ["too_deep", "wrong_type", "wrong_type"]
    assert '"deep":[[' in verdict.rejected[0].event_text
    assert len(verdict.rejected[0].event_text) < 10_000
    nested: dict[str, Any] = {}
    for _ in range(30):
        nested = {"a": nested}
    assert record(event(nested=nested))["properties"].count("{") == 32


def test_neighbours_of_a_bad_item_are_accepted_in_order() -> None:
    items = [event(event_id=f"e{n}", value=-1 if n % 3 == 0 else 1) for n in range(10)]
    verdict = door(*items)
    assert [rejection.index for rejection in verdict.rejected] == [0, 3, 6, 9]
    assert [orjson.loads(accepted.line)["event_id"] for accepted in verdict.accepted] == [
        "e1",
        "e2",
        "e4",
        "e5",
        "e7",
        "e8",
    ]


def test_items_beyond_the_two_hundredth_are_rejected_and_the_others_are_not() -> None:
    items = [event(event_id=f"e{n}") for n in range(203)]
    verdict = door(*items)
    assert len(verdict.accepted) == 200
    assert [(rejection.index, rejection.reason) for rejection in verdict.rejected] == [
        (200, "too_many_items_in_request"),
        (201, "too_many_items_in_request"),
        (202, "too_many_items_in_request"),
    ]
    assert len(door(*items, max_items=None).accepted) == 203


def test_a_rejection_keeps_the_event_as_it_came_up_to_a_limit() -> None:
    (rejection,) = door(event(name="Bad Name", note="x" * 50_000)).rejected
    assert rejection.event_text.startswith('{"event_id":"e1"')
    assert len(rejection.event_text) == 10_000
    (rejection,) = door(Broken(Reason.BROKEN_JSON, "unexpected end", '{"a"')).rejected
    assert (rejection.reason, rejection.detail, rejection.event_text) == ("broken_json", "unexpected end", '{"a"')


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(NOW - 10**9, NOW + 10**9)
    | st.floats()
    | st.text(st.characters(), max_size=8)
    | st.sampled_from(["", "KRW", "2025-11-22T00:00:00Z", "http://[", "https://a.b/?utm_source=x", "\ud800", "a\0"])
)
KEYS = st.sampled_from([*FIELDS, *ITEM_FIELDS, "app", "campaign", "other"]) | st.text(max_size=5)
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6), max_leaves=20
)
NEARLY_EVENTS = st.builds(
    lambda rest, name: {"event_id": "e", "visitor_id": "v", "name": name, "transaction_id": "t", **rest},
    st.dictionaries(KEYS, ANYTHING, max_size=5),
    st.sampled_from([*EVENTS, *EVENT_ALIASES]),
)


@settings(max_examples=400, deadline=None)
@given(st.lists(ANYTHING | NEARLY_EVENTS, max_size=6), st.booleans(), st.booleans(), st.text(max_size=20))
def test_every_item_is_accepted_or_rejected_exactly_once_whatever_it_is(
    items: list[object], server: bool, history: bool, user_agent: str
) -> None:
    verdict = door(*items, server=server, history=history, user_agent=user_agent)
    indexes = [rejection.index for rejection in verdict.rejected]
    assert indexes == sorted(set(indexes))
    assert len(verdict.accepted) + len(indexes) == len(items)
    assert set(indexes) <= set(range(len(items)))
    for accepted in verdict.accepted:
        line = orjson.loads(accepted.line)
        assert b"\n" not in accepted.line
        assert line["site_id"] == "shop"
        assert accepted.key == f"shop/{line['visitor_id']}".encode()
        assert NOW - 7 * 86_400_000 <= line["occurred_at"] <= NOW or history
        assert type(line.get("value", 0)) is int
    for rejection in verdict.rejected:
        assert rejection.detail
        rejection.event_text.encode()
