"""A visitor at a shop and a marketer at the Live page, each in a browser of his own, over the whole stack."""

# ruff: noqa: F811  (fixtures are named as they are where they come from)

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from deploy.clock import now_ms
from tests.browser.conftest import _browser, _no_browser, browser  # noqa: F401  (fixtures are found by their names here)
from tests.browser.shop import ShopServer, html
from tests.e2e import golden
from tests.e2e.stack import Shop, Stack
from tests.pages.look import KO

PASSWORD = "correct horse battery"
EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"
FREQUENT = {"field": "visits", "op": ">=", "value": 10}
PATIENCE_MS = 60_000
expect.set_options(timeout=PATIENCE_MS)
BUY = """
    sonnim('purchase', {transaction_id: 'T-1', value: 39900, currency: 'KRW',
        items: [{item_id: 'K-1', item_name: '꽈배기 가디건', price: 39900, quantity: 1}]})
"""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    directory: Path = tmp_path_factory.mktemp("pages")
    with Stack(directory) as running:
        yield running


@pytest.fixture
def server() -> Iterator[ShopServer]:
    running = ShopServer()
    yield running
    running.close()


@pytest.fixture(scope="module")
def shop(stack: Stack) -> Shop:
    return stack.add_site("alpha")


def marketer(stack: Stack, shop: Shop, browser: Browser, path: str = "/") -> Page:
    """The page of somebody who signed in."""
    email = f"kim-{time.monotonic_ns()}@shop.example"
    done = stack.run(
        "user", "add", email, "--site", shop.site_id, "--role", "editor", "--password-stdin", stdin=PASSWORD
    )
    assert done.returncode == 0, done.stderr
    page = browser.new_context(locale="ko-KR", viewport={"width": 1280, "height": 900}).new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"{stack.url}/login?next={path}")
    page.locator("[name=email]").fill(email)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[type=submit]").click()
    page.wait_for_selector("#app h1")
    return page


def test_what_a_visitor_does_is_seen_on_the_live_page_as_it_happens(
    stack: Stack, shop: Shop, server: ShopServer, browser: Browser, capsys: pytest.CaptureFixture[str]
) -> None:
    live = marketer(stack, shop, browser)
    dialogs: list[str] = []

    def no(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    live.on("dialog", no)
    visitor = browser.new_context().new_page()
    told = {"key": shop.write_key, "heartbeat": 0}
    rows = live.locator("[data-person]")
    took: dict[str, float] = {}

    def seen(what: str, row: str, since: float) -> None:
        expect(rows.first).to_contain_text(row, timeout=PATIENCE_MS)
        took[what] = time.monotonic() - since

    visitor.goto(server.put("/warm", html(shop.url, told, title="처음")))
    seen("first page", "처음", time.monotonic())
    at = time.monotonic()
    visitor.goto(server.put("/item", html(shop.url, told, title=f"가디건 {EVIL}")))
    seen("page", EVIL, at)
    at = time.monotonic()
    visitor.evaluate(
        "sonnim('add_to_cart', {items: [{item_id: 'K-1', item_name: '꽈배기 가디건', price: 39900, quantity: 2}]})"
    )
    seen("cart", "79,800원", at)
    at = time.monotonic()
    visitor.evaluate(BUY)
    seen("purchase", "39,900원", at)
    at = time.monotonic()
    visitor.evaluate("sonnim('identify', {member_id: '회원 7', traits: {}})")
    seen("login", "회원 7", at)
    with capsys.disabled():
        print(
            "\nfrom the visitor's click to the Live page:", ", ".join(f"{what} {s:.2f} s" for what, s in took.items())
        )
    expect(rows).to_have_count(1)
    expect(live.locator(".counts dd").first).to_have_text("1명")

    rows.first.get_by_role("link").first.click()
    live.wait_for_url("**/people/member%3A**")
    timeline = live.locator("main")
    for words in ("회원 7", "꽈배기 가디건", "T-1", EVIL):
        expect(timeline).to_contain_text(words, timeout=PATIENCE_MS)
    assert dialogs == []


def test_a_segment_is_clicked_together_counted_compared_and_hooked(stack: Stack, browser: Browser) -> None:
    shop = stack.add_site("frequent")
    shop.send(golden.frequent(now_ms()))
    stack.settle(shop)
    page = marketer(stack, shop, browser, "/segments/new")
    page.locator("[data-add=condition]").last.click()
    page.get_by_role("combobox", name=KO["segment.pick.search"]).fill("방문 횟수")
    page.keyboard.press("Enter")
    page.locator(".condition [data-part=value]").fill("10")
    told = shop.api.post("/v1/segments/preview", {"window": "24h", "expression": FREQUENT})
    assert told["population"]["visitors"] == 17
    expect(page.locator("[data-count='24h']")).to_have_text("17명")
    expect(page.locator("[data-sentence]")).to_have_text(told["sentence"]["ko"])
    page.locator("[data-save]").click()
    page.get_by_label(KO["segment.name"]).fill("자주 오는 손님")
    page.locator("dialog").get_by_role("button", name=KO["common.save"]).click()
    page.wait_for_url("**/segments/seg_*")
    page.locator("main").get_by_role("link", name=KO["segment.to_report"], exact=True).click()

    rate = page.locator("[data-measure=purchase_rate]")
    expect(rate.locator(".report-side-figure")).to_have_text(["17.6%", "7.9%"])
    expect(rate).to_contain_text("+122.8%")
    expect(page.locator("[data-measure=visits]")).to_contain_text("947회")
    expect(page.locator("[data-measure=orders]").get_by_role("cell").last).to_have_text("40.0%")
    page.locator("main").get_by_role("link", name=KO["report.hook"], exact=True).click()
    page.wait_for_url("**/hooks?segment=seg_*")
    expect(page.get_by_text("자주 오는 손님").first).to_be_visible()
