"""Chromium, the collector and a shop. The browser lives as long as a module: its loop would disturb other tests' loops."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from deploy.clock import now_ms
from sql.keys import create_key
from sql.migrate import migrate
from sql.sites import add_site
from sql.store import Store
from tests.browser import prepare
from tests.browser.collector import Call, Collector
from tests.browser.shop import ShopServer, html

PATIENCE_MS = 60_000
#: Told to the browser, not to its pages: what a page leaves behind is sent without a page. "Headless" would make it a bot.
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
QUEUED = "() => Object.keys(localStorage).filter((name) => name.startsWith('sonnim.q')).length"
STORED = "() => Object.keys(localStorage).filter((name) => name.startsWith('sonnim.'))"


@pytest.fixture(scope="session")
def _no_browser() -> str | None:
    """Why there is no Chromium here, or None."""
    return prepare.missing()


@pytest.fixture(scope="module")
def _browser(_no_browser: str | None) -> Iterator[Browser | None]:
    if _no_browser is not None:
        yield None
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=prepare.executable(),
            args=["--no-sandbox", "--disable-background-networking", f"--user-agent={AGENT}"],
        )
        yield browser
        browser.close()


@pytest.fixture
def browser(request: pytest.FixtureRequest, _no_browser: str | None, _browser: Browser | None) -> Browser:
    """A real Chromium."""
    if _browser is None:
        told = f"{request.node.nodeid} needs Chromium: {_no_browser}"
        if os.environ.get("CI"):
            pytest.fail(told)
        pytest.skip(told)
    assert _browser is not None
    return _browser


@pytest.fixture(scope="module")
def collector(clickhouse_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    """The API on a port."""
    store = Store(clickhouse_url, f"browser_{uuid.uuid4().hex[:8]}")
    migrate(store, now_ms())
    collector = Collector(store, tmp_path_factory.mktemp("log"))
    yield collector
    collector.close()
    store.command(f"DROP DATABASE {store.database} SYNC")
    store.close()


@dataclass
class Visit:
    """A visitor's browser at a shop: what the page says on its console, and what arrives of it."""

    collector: Collector
    server: ShopServer
    context: BrowserContext
    site_id: str
    key: str
    said: list[str] = field(default_factory=list)
    thrown: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def lay(self, path: str = "/", *, title: str = "Shop", before: str = "", body: str = "", **init: Any) -> str:
        """Lay a page with the snippet, `init` its options; returns its address. It has a heartbeat only if it is told."""
        told = {"key": self.key, "heartbeat": 0, **init}
        return self.server.put(path, html(self.collector.url, told, title=title, before=before, body=body))

    def tab(self) -> Page:
        """A new tab."""
        page = self.context.new_page()
        page.on("pageerror", lambda error: self.thrown.append(str(error)))
        page.on("console", self._heard)
        return page

    def open(self, path: str = "/", **more: Any) -> Page:
        """A new tab with a page of the shop, laid now, when the snippet runs in it."""
        page = self.tab()
        page.goto(self.lay(path, **more))
        page.wait_for_function("() => window.sonnim.loaded")
        return page

    def enter(self, path: str = "/", **more: Any) -> Page:
        """The same, and its page view has arrived: what is done from now on is later by every clock."""
        page = self.open(path, **more)
        self.arrived(page, "page_view")
        return page

    def until(self, page: Page, what: str, holds: Callable[[], Any]) -> None:
        """Look until it holds. The page goes on meanwhile."""
        for _ in range(PATIENCE_MS // 50):
            if holds():
                return
            page.wait_for_timeout(50)
        raise AssertionError(f"not so: {what}; arrived: {self.names()}; said: {self.said}")

    def settle(self, page: Page) -> None:
        """Wait until everything the page has queued is answered."""
        page.evaluate("() => sonnim('visitor_id', () => {})")
        self.until(page, "the page view is queued", lambda: self.collector.calls(self.key) or page.evaluate(QUEUED))
        self.until(page, "the queue is empty", lambda: page.evaluate(QUEUED) == 0)

    def events(self, name: str | None = None, *, heartbeats: bool = False) -> list[dict[str, Any]]:
        """What the log has of this site, in the order it happened; of a repeated event one."""
        found = self.collector.events(self.site_id, heartbeats=heartbeats or name == "heartbeat")
        return [event for event in found if name in (None, event["name"])]

    def names(self) -> list[str]:
        """The names of what the log has, but for heartbeats."""
        return [event["name"] for event in self.events()]

    def calls(self) -> list[Call]:
        """The requests that came from this site's pages."""
        return self.collector.calls(self.key)

    def arrived(self, page: Page, *names: str) -> list[dict[str, Any]]:
        """Wait for exactly these events, in this order, and an empty queue."""
        self.until(page, f"{names} arrived", lambda: len(self.names()) >= len(names))
        self.settle(page)
        assert self.names() == list(names)
        return self.events()

    def _heard(self, message: ConsoleMessage) -> None:
        self.said.append(message.text)


@pytest.fixture
def visit(browser: Browser, collector: Collector) -> Iterator[Visit]:
    """A visitor with a fresh browser at a shop with a site of its own. At the end nothing may have been thrown."""
    site_id = f"s{uuid.uuid4().hex[:10]}"
    add_site(collector.store, site_id, "Shop", "KRW", "Asia/Seoul", now_ms())
    key, _ = create_key(collector.store, site_id, "write", now_ms())
    collector.log.away = False
    server = ShopServer()
    context = browser.new_context(locale="ko-KR")
    visit = Visit(collector, server, context, site_id, key)
    yield visit
    context.close()
    server.close()
    assert visit.thrown == visit.expected
