"""Live and the visitor card."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import DAY, HOUR, MINUTE, NOW, Shop, World
from tests.api.visitors import Order, Visit, Visitor, insert_rows, insert_visitors

T = {0: "2026-01-01T00:00:00.000Z"}


def one_visitor() -> Visitor:
    older = Visit(NOW - 2 * DAY, NOW - 2 * DAY + MINUTE, 3, [Order("o1", NOW - 2 * DAY, 30_000, [("shirt", 2)])])
    present = Visit(NOW - 10 * MINUTE, NOW - MINUTE, 4, [], [("shoes", 1, 0)])
    return Visitor(
        "v 1/한",
        [older, present],
        [("shoes", 1)],
        columns={
            "environment": "mobile_web",
            "os": "Android",
            "browser": "Chrome Mobile",
            "page_url": "https://shop.example/p/shoes",
            "page_title": "구두",
            "page_item": "shoes",
            "first_channel": "paid_search",
            "channel": "direct",
            "largest_order": 30_000,
            "last_order_at": NOW - 2 * DAY,
            "cart_value": 50_000,
            "cart_price": [50_000],
            "visit_channel": ["paid_search", "direct"],
            "product_item": ["shirt", "shoes"],
            "product_category": ["상의", ""],
            "product_adds": [2, 1],
            "product_carted_at": [NOW - 2 * DAY, NOW - 2 * MINUTE],
            "product_units": [2, 0],
            "product_bought_at": [NOW - 2 * DAY, 0],
        },
    )


def names(world: World, shop: Shop) -> None:
    rows = [
        {"site_id": shop.site_id, "item_id": "shoes", "item_name": "구두", "seen_at": NOW},
        {"site_id": shop.site_id, "item_id": "shirt", "item_name": "셔츠", "seen_at": NOW},
    ]
    insert_rows(world.store, "products", rows)


def live(world: World, shop: Shop, query: str = "") -> dict[str, Any]:
    answer = world.client.get(f"/v1/live/visitors{query}", headers=shop.reads)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def test_a_card_shows_what_is_known_of_a_visitor(world: World, shop: Shop) -> None:
    names(world, shop)
    insert_visitors(world.store, shop.site_id, [one_visitor()])
    body = live(world, shop)
    assert body["population"] == {"visitors": 1, "share": 1.0, "online": 1}
    assert body["next_cursor"] is None
    (card,) = body["visitors"]
    assert card["visitor_id"] == "v 1/한"
    assert card["online"] is True
    assert card["last_seen"] == "2025-12-31T23:59:00.000Z"
    assert (card["visits"], card["pageviews"], card["stay_seconds"]) == (2, 7, 600.0)
    assert card["visit"]["started_at"] == "2025-12-31T23:50:00.000Z"
    assert (card["visit"]["pageviews"], card["visit"]["stay_seconds"], card["visit"]["channel"]) == (4, 540.0, "direct")
    item = {"item_id": "shoes", "item_name": "구두"}
    assert card["page"] == {"url": "https://shop.example/p/shoes", "title": "구두", "item": item}
    assert (card["orders"], card["units"], card["revenue"], card["average_order_value"]) == (1, 2, 30_000, 30_000)
    line = {**item, "category": None, "quantity": 1, "price": 50_000, "added_at": "2025-12-31T23:59:00.000Z"}
    assert card["cart"] == {"value": 50_000, "units": 1, "items": [line]}
    assert [one["item_id"] for one in card["recent_carted"]] == ["shoes", "shirt"]
    assert [(one["item_name"], one["units"]) for one in card["recent_purchased"]] == [("셔츠", 2)]
    assert card["acquisition"]["first"]["channel"] == "paid_search"
    assert card["acquisition"]["latest"]["referrer"] is None
    assert card["currency"] == "KRW"


def test_a_visitor_is_shown_with_visits_and_orders(world: World, shop: Shop) -> None:
    names(world, shop)
    insert_visitors(world.store, shop.site_id, [one_visitor()])
    order = {"transaction_id": "o1", "visitor_id": "v 1/한", "currency": "KRW", "value": 35_000, "refunded": 5_000}
    insert_rows(world.store, "orders", [{"site_id": shop.site_id, "version": 1, **order}])
    answer = world.client.get("/v1/visitors/v%201%2F%ED%95%9C", headers=shop.reads)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert [visit["pageviews"] for visit in body["visits"]] == [4, 3]
    (shown,) = body["orders"]
    assert (shown["transaction_id"], shown["revenue"], shown["value"], shown["refunded"]) == (
        "o1",
        30_000,
        35_000,
        5_000,
    )
    assert shown["items"] == [{"item_id": "shirt", "item_name": "셔츠", "category": None, "units": 2}]


def test_an_unknown_visitor_is_404(world: World, shop: Shop) -> None:
    for path in ("/v1/visitors/nobody", "/v1/visitors/nobody/segments"):
        assert world.client.get(path, headers=shop.reads).status_code == 404


def test_windows_run_out_with_the_clock_and_nothing_else(world: World, shop: Shop) -> None:
    insert_visitors(world.store, shop.site_id, [Visitor("v", [Visit(NOW - HOUR, NOW)])])
    counts = []
    for after in (0, 5 * MINUTE, 5 * MINUTE + 1, DAY, DAY + 1, 7 * DAY, 7 * DAY + 1):
        world.clock.now = NOW + after
        day, week = live(world, shop)["population"], live(world, shop, "?window=7d")["population"]
        counts.append((day["visitors"], day["online"], week["visitors"]))
    assert counts == [(1, 1, 1), (1, 1, 1), (1, 0, 1), (1, 0, 1), (0, 0, 1), (0, 0, 1), (0, 0, 0)]


def test_further_pages_are_of_the_first_ones_window_but_online_is_of_now(world: World, shop: Shop) -> None:
    insert_visitors(world.store, shop.site_id, [Visitor(f"v{n}", [Visit(NOW - n, NOW - n)]) for n in range(4)])
    first = live(world, shop, "?limit=2")
    world.clock.now += 6 * MINUTE
    second = live(world, shop, f"?limit=2&cursor={first['next_cursor']}")
    assert [card["online"] for card in (*first["visitors"], *second["visitors"])] == [True, True, False, False]
    assert second["population"] == first["population"]


def test_search_narrows_the_list_but_not_the_population(world: World, shop: Shop) -> None:
    insert_visitors(world.store, shop.site_id, [Visitor(f"user%{n}_", [Visit(NOW - n, NOW - n)]) for n in range(12)])
    body = live(world, shop, "?q=%251")
    assert {card["visitor_id"] for card in body["visitors"]} == {"user%1_", "user%10_", "user%11_"}
    assert body["population"]["visitors"] == 12


def test_a_segment_of_the_present_moment_has_a_list_but_no_population(world: World, shop: Shop) -> None:
    insert_visitors(world.store, shop.site_id, [one_visitor()])
    body = world.client.post(
        "/v1/live/visitors",
        json={"segment": {"field": "viewing_item", "op": "is", "value": "shoes"}},
        headers=shop.reads,
    ).json()
    assert body["population"] is None
    assert body["reason"] == "now_condition"
    assert [card["visitor_id"] for card in body["visitors"]] == ["v 1/한"]
    report = world.client.post(
        "/v1/reports/live",
        json={"segment": {"field": "viewing_item", "op": "is", "value": "shoes"}},
        headers=shop.reads,
    ).json()
    assert (report["segment"], report["reason"], report["site"]["visitors"]) == (None, "now_condition", 1)


def test_the_population_stays_the_same_while_paging_although_the_shop_lives_on(world: World, shop: Shop) -> None:
    insert_visitors(world.store, shop.site_id, [Visitor(f"v{n}", [Visit(NOW - n, NOW - n)]) for n in range(5)])
    first = live(world, shop, "?limit=2")
    world.clock.now += 1000
    insert_visitors(world.store, shop.site_id, [Visitor("w", [Visit(NOW + 500, NOW + 500)])])
    second = live(world, shop, f"?limit=2&cursor={first['next_cursor']}")
    third = live(world, shop, f"?limit=2&cursor={second['next_cursor']}")
    assert [page["population"]["visitors"] for page in (first, second, third)] == [5, 5, 5]
    shown = [card["visitor_id"] for page in (first, second, third) for card in page["visitors"]]
    assert shown == ["v0", "v1", "v2", "v3", "v4"]
    assert live(world, shop)["population"]["visitors"] == 6


@pytest.mark.parametrize("cursor", ["x", "e30", "WzEsMV0", "W10", "%00", "bnVsbA"])
def test_a_cursor_that_is_not_ours_is_a_400(world: World, shop: Shop, cursor: str) -> None:
    answer = world.client.get(f"/v1/live/visitors?cursor={cursor}", headers=shop.reads)
    assert answer.status_code == 400
    assert answer.json()["type"].endswith("bad_cursor")


def test_a_cursor_of_another_question_is_refused(world: World, shop: Shop) -> None:
    insert_visitors(world.store, shop.site_id, [Visitor(f"v{n}", [Visit(NOW - n, NOW - n)]) for n in range(3)])
    cursor = live(world, shop, "?limit=1")["next_cursor"]
    answer = world.client.get(f"/v1/live/visitors?limit=1&window=7d&cursor={cursor}", headers=shop.reads)
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("query", "place"),
    [("window=25h", "?window"), ("limit=0", "?limit"), ("limit=201", "?limit"), ("windows=24h", "?windows")],
)
def test_a_wrong_query_is_refused_with_its_place(world: World, shop: Shop, query: str, place: str) -> None:
    answer = world.client.get(f"/v1/live/visitors?{query}", headers=shop.reads)
    assert answer.status_code == 422
    assert [error["place"] for error in answer.json()["errors"]] == [place]


def test_a_wrong_body_is_refused_with_its_place(world: World, shop: Shop) -> None:
    segment = {"all": [{"field": "visits", "op": ">=", "value": 1}, {"field": "visits", "op": ">=", "value": "ten"}]}
    for path in ("/v1/live/visitors", "/v1/reports/live"):
        answer = world.client.post(path, json={"segment": segment}, headers=shop.reads)
        assert answer.status_code == 422
        assert [error["place"] for error in answer.json()["errors"]] == ["/segment/all/1/value"]
        answer = world.client.post(path, json={"segmant": None}, headers=shop.reads)
        assert [error["place"] for error in answer.json()["errors"]] == ["/segmant"]
        headers = {**shop.reads, "content-type": "application/json"}
        assert world.client.post(path, content=b'{"window": NaN}', headers=headers).status_code == 400
        assert world.client.post(path, content=b'{"q": "\\ud800"}', headers=headers).status_code == 400
        assert world.client.post(path, content=b"[" * 100_000, headers=headers).status_code == 400


def test_answers_say_how_fresh_they_are(world: World, shop: Shop) -> None:
    world.store.command("TRUNCATE TABLE commits")
    assert live(world, shop)["as_of"] is None
    assert live(world, shop)["stale"] is True
    commits = [
        {"partition": partition, "from_offset": offset, "to_offset": offset + 1, "at": NOW - age}
        for partition, offset, age in [(0, 1, 9_000), (0, 2, 1_000), (1, 5, 3_000)]
    ]
    insert_rows(world.store, "commits", commits)
    world.clock.now += 200
    body = live(world, shop)
    assert (body["as_of"], body["age_seconds"], body["stale"]) == ("2025-12-31T23:59:57.000Z", 3.2, False)
    insert_rows(world.store, "commits", [{"partition": 0, "from_offset": 3, "to_offset": 4, "at": NOW + HOUR}])
    world.clock.now = NOW + HOUR + 200
    body = live(world, shop)
    assert (body["as_of"], body["stale"]) == ("2025-12-31T23:59:57.000Z", True)


def test_carts_of_thousands_of_products_are_named(world: World, shop: Shop) -> None:
    items = [f"'{number:0>60}\\" for number in range(3000)]
    insert_visitors(world.store, shop.site_id, [Visitor("v", [Visit(NOW, NOW)], [(item, 1) for item in items])])
    rows = [{"site_id": shop.site_id, "item_id": item, "item_name": f"n{item}", "seen_at": NOW} for item in items]
    insert_rows(world.store, "products", rows)
    (card,) = live(world, shop)["visitors"]
    assert [(line["item_id"], line["item_name"]) for line in card["cart"]["items"]] == [(i, f"n{i}") for i in items]
