"""Shops that already tell Google Analytics 4: the snippet listens to dataLayer and sends on."""

from __future__ import annotations

import json

from ingest.currencies import DECIMALS
from tests.browser.conftest import Visit

GTAG = "window.dataLayer=window.dataLayer||[]; function gtag(){dataLayer.push(arguments)} "
ITEMS = "items: [{item_id: 'SKU-1', item_name: 'Stan & Friends Tee', price: 19.99, quantity: '2', item_category: 7, index: 0}]"


def test_gtags_calls_arrive_under_our_names_with_whole_amounts(visit: Visit) -> None:
    early = (
        GTAG
        + "gtag('js', new Date()); gtag('config', 'G-1'); gtag('event', 'view_item', {currency: 'USD', value: 19.99, "
        + ITEMS
        + "});"
    )
    page = visit.open("/", before=early, dataLayer=True)
    visit.arrived(page, "page_view", "view_item")
    page.evaluate("() => { gtag('event', 'add_to_cart', {currency: 'USD', value: 39.98, " + ITEMS + "}) }")
    page.evaluate("() => { gtag('event', 'view_search_results', {search_term: '니트'}); gtag('event', 'scroll') }")
    page.evaluate(
        "() => gtag('event', 'purchase', {transaction_id: 20251122, currency: 'usd', value: 39.98, tax: 4.9, shipping: 5, "
        + ITEMS
        + ", event_callback() {}})"
    )
    page.evaluate("() => gtag('event', 'refund', {transaction_id: 20251122, currency: 'USD'})")
    events = visit.arrived(page, "page_view", "view_item", "add_to_cart", "search", "purchase", "refund")
    purchase = events[4]
    assert (purchase["transaction_id"], purchase["value"], purchase["currency"]) == ("20251122", 3998, "USD")
    assert purchase["items"] == [
        {"item_id": "SKU-1", "item_name": "Stan & Friends Tee", "price": 1999, "quantity": 2, "category": "7"}
    ]
    assert json.loads(purchase["properties"]) == {"tax": 4.9, "shipping": 5, "items": [{"index": 0}]}
    assert events[3]["search_term"] == "니트"
    assert "items" not in events[5]


def test_tag_managers_objects_arrive_too(visit: Visit) -> None:
    page = visit.enter("/", dataLayer=True, before="window.dataLayer=[{event: 'gtm.js'}];")
    page.evaluate(
        "() => { dataLayer.push({ecommerce: null}); dataLayer.push({event: 'view_item_list', ecommerce: {currency: 'KRW',"
        "item_list_name: '베스트', items: [{item_name: '이름뿐'}, {item_id: 'B', price: 39900}]}});"
        "dataLayer.push({event: 'remove_from_cart', ecommerce: {currency: 'KRW', items: []}});"
        "dataLayer.push({event: 'search', search_term: '코트'}, {event: 'gtm.dom'}, null, 'text', () => {});"
        "dataLayer.push({event: 'purchase', ecommerce: {transaction_id: 'T-1', currency: 'KRW', value: 39900,"
        "items: [{item_id: 'B', price: '39900', quantity: 1}]}}) }"
    )
    events = visit.arrived(page, "page_view", "view_item_list", "search", "purchase")
    assert [item["item_id"] for item in events[1]["items"]] == ["이름뿐", "B"]
    assert (events[3]["value"], events[3]["items"][0]["price"]) == (39900, 39900)
    assert visit.said == []


def test_an_amount_without_a_currency_is_left_out_unless_the_shop_names_its_own(visit: Visit) -> None:
    push = "() => dataLayer.push({event: 'view_item', ecommerce: {value: 5, items: [{item_id: 'A', price: 5}]}})"
    page = visit.enter("/", dataLayer=True)
    page.evaluate(push)
    visit.arrived(page, "page_view", "view_item")
    page = visit.open("/", dataLayer=True, currency="USD")
    page.evaluate(push)
    events = visit.arrived(page, "page_view", "view_item", "page_view", "view_item")
    assert "value" not in events[1]
    assert "price" not in events[1]["items"][0]
    assert (events[3]["value"], events[3]["items"][0]["price"]) == (500, 500)
    assert visit.said == ["sonnim: an amount without a currency in dataLayer; name one in init"]


def test_every_currency_has_the_decimals_that_the_door_knows(visit: Visit) -> None:
    page = visit.open("/", dataLayer="ownLayer")
    page.evaluate(
        "(codes) => codes.forEach((currency) => ownLayer.push({event: 'view_cart', ecommerce: {currency, value: 1}}))",
        list(DECIMALS),
    )
    visit.until(page, "all arrived", lambda: len(visit.events("view_cart")) == len(DECIMALS))
    found = {event["currency"]: event["value"] for event in visit.events("view_cart")}
    assert found == {code: 10**decimals for code, decimals in DECIMALS.items()}


def test_the_user_id_that_google_is_told_names_the_member(visit: Visit) -> None:
    early = GTAG + "gtag('config', 'G-1', {user_id: 42}); gtag('set', 'user_id', '42'); gtag('set', {user_id: '42'});"
    page = visit.open("/", before=early, dataLayer=True)
    visit.arrived(page, "page_view", "identify")
    page.evaluate("() => dataLayer.push({event: 'login', user_id: '42'})")
    page.evaluate("() => gtag('event', 'view_cart', {})")
    events = visit.arrived(page, "page_view", "identify", "view_cart")
    assert [event["member_id"] for event in events] == ["42"] * 3


def test_the_shops_own_layer_works_on_as_it_did(visit: Visit) -> None:
    page = visit.enter("/", dataLayer=True, before="window.dataLayer=[1];")
    answered = page.evaluate(
        "() => { const before = dataLayer.push; dataLayer.push = function () { return before.apply(dataLayer, arguments) };"
        "return [dataLayer.push({event: 'view_cart'}), dataLayer.length] }"
    )
    assert answered == [2, 2]
    visit.arrived(page, "page_view", "view_cart")
