"""The whole product behind a shop's page: what a visitor does there is in the tables and in Live, counted once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import QUEUED
from tests.browser.shop import ShopServer, html
from tests.e2e.stack import Stack


@pytest.fixture
def stack(browser: Browser, tmp_path: Path) -> Iterator[Stack]:
    with Stack(tmp_path) as running:
        yield running


@pytest.fixture
def server() -> Iterator[ShopServer]:
    server = ShopServer()
    yield server
    server.close()


def test_a_visit_to_a_shop_is_in_live_and_in_the_tables_once(
    browser: Browser, stack: Stack, server: ShopServer
) -> None:
    shop = stack.add_site("knit")
    options = {"key": shop.write_key, "dataLayer": True, "currency": "KRW", "heartbeat": 0}
    server.put("/", html(shop.url, options, title="니트 가게"))
    server.put("/thanks", html(shop.url, options, title="주문 완료"))
    context = browser.new_context(locale="ko-KR")
    page = context.new_page()
    page.goto(server.url + "/")
    page.wait_for_function("() => window.sonnim.loaded")
    item = "items: [{item_id: 'P1001', item_name: '라운드 니트', price: 39900, quantity: 2}]"
    page.evaluate("() => history.pushState({}, '', '/product/P1001')")
    page.evaluate(f"() => {{ sonnim('view_item', {{{item}}}); sonnim('add_to_cart', {{{item}}}) }}")
    page.evaluate("() => sonnim('identify', {member_id: 'member-7'})")
    page.goto(server.url + "/thanks")
    page.wait_for_function("() => window.sonnim.loaded")
    bought = f"{{event: 'purchase', ecommerce: {{transaction_id: 'T-1', currency: 'KRW', value: 79800, {item}}}}}"
    page.evaluate(f"() => {{ dataLayer.push({bought}); dataLayer.push({bought}) }}")
    visitor = page.evaluate("() => new Promise((resolve) => sonnim('visitor_id', resolve))")
    stack.wait_until("everything is answered", lambda: page.evaluate(QUEUED) == 0)
    stack.settle(shop)
    rows = stack.rows(
        "SELECT name, count() AS n, uniqExact(event_id) AS ids FROM current_events GROUP BY name ORDER BY name"
    )
    assert {row["name"]: (row["n"], row["ids"]) for row in rows} == {
        "page_view": (3, 3),
        "view_item": (1, 1),
        "add_to_cart": (1, 1),
        "identify": (1, 1),
        "purchase": (2, 2),
    }
    live = shop.api.get("/v1/live/visitors")
    assert [one["visitor_id"] for one in live["visitors"]] == [visitor]
    site = shop.report()["site"]
    assert (site["visitors"], site["visits"], site["pageviews"]) == (1, 1, 3)
    assert (site["orders"], site["units"], site["revenue"]) == (1, 2, 79800)
    context.close()
