"""The pages on a port, and people who sign in in a real Chromium."""

from __future__ import annotations

import json
import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, expect

from api.accounts.passwords import keep
from api.app import create_app
from api.freshness import FreshnessReader
from deploy.clock import now_ms
from sql.migrate import migrate
from sql.sites import add_site
from sql.store import Store
from sql.users import Language, Role, add_user, set_role
from tests.api.memory_log import MemoryLog
from tests.browser.conftest import _browser, _no_browser, browser  # noqa: F401  (fixtures are found by their names here)

PASSWORD = "correct horse battery"
PATIENCE_MS = 60_000
expect.set_options(timeout=PATIENCE_MS)


@dataclass
class Server:
    """The API with its pages on a port. Runs until `close`."""

    store: Store

    def __post_init__(self) -> None:
        self.app = create_app(self.store, MemoryLog(), now_ms)
        listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        config = uvicorn.Config(self.app, log_level="error", lifespan="off", ws="none")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listener]})
        self._thread.start()

    def close(self) -> None:
        self._server.should_exit = True
        self._thread.join()

    def forget_commits(self) -> None:
        """As if no flow had ever written."""
        self.store.command("TRUNCATE TABLE commits")
        context = self.app.state.context
        vars(context.freshness).update(vars(FreshnessReader(self.store, context.settings.stale_after_ms)))

    def site(self, name: str = "손님 상점") -> str:
        """A site of its own; its id."""
        site_id = f"s{uuid.uuid4().hex[:10]}"
        add_site(self.store, site_id, name, "KRW", "Asia/Seoul", now_ms())
        return site_id

    def user(self, language: Language = "ko", name: str = "김민지", **roles: Role) -> str:
        """Somebody with an account; his e-mail."""
        email = f"{uuid.uuid4().hex[:8]}@shop.example"
        user = add_user(self.store, email, name, language, keep(PASSWORD), now_ms())
        for site_id, role in roles.items():
            set_role(self.store, user.user_id, site_id, role, now_ms())
        return email


@pytest.fixture(scope="module")
def server(clickhouse_url: str) -> Iterator[Server]:
    """The pages, over a database of their own."""
    store = Store(clickhouse_url, f"pages_{uuid.uuid4().hex[:8]}")
    migrate(store, now_ms())
    server = Server(store)
    yield server
    server.close()
    store.command(f"DROP DATABASE {store.database} SYNC")
    store.close()


def entered(page: Page) -> Page:
    """Wait until who signs in is in, and the page and its scripts are there."""
    page.wait_for_selector(".bar")
    page.wait_for_load_state()
    return page


@dataclass
class Desk:
    """Somebody's browser: what its console says is kept, and at the end there may be nothing."""

    server: Server
    context: BrowserContext
    said: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def tab(self) -> Page:
        """A new tab."""
        page = self.context.new_page()
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("console", lambda message: self.said.append(message.text) if message.type == "error" else None)
        return page

    def go(self, path: str = "/") -> Page:
        """A new tab at a path."""
        page = self.tab()
        page.goto(self.server.url + path)
        return page

    def sign_in(self, email: str, path: str = "/", password: str = PASSWORD) -> Page:
        """A new tab, signed in, at a path."""
        page = self.go(path)
        page.locator("[name=email]").fill(email)
        page.locator("[name=password]").fill(password)
        page.locator("[type=submit]").click()
        return entered(page)


def api(desk: Desk, site_id: str, method: str, path: str, body: Any = None) -> Any:
    """What the API answers who is signed in at this desk."""
    headers = {"X-Sonnim": "1", "X-Sonnim-Site": site_id, "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body)
    answer = desk.context.request.fetch(desk.server.url + path, method=method, headers=headers, data=data)
    assert answer.ok, answer.text()
    return answer.json()


Desks = Callable[..., Desk]


@pytest.fixture
def desks(browser: Browser, server: Server) -> Iterator[Desks]:  # noqa: F811  (a fixture)
    """Opens browsers, as `browser.new_context` is told."""
    opened: list[Desk] = []

    def made(**options: Any) -> Desk:
        told = {"locale": "ko-KR", "viewport": {"width": 1280, "height": 800}, **options}
        opened.append(Desk(server, browser.new_context(**told)))
        opened[-1].context.set_default_timeout(PATIENCE_MS)
        return opened[-1]

    yield made
    for one in opened:
        one.context.close()
    for one in opened:
        assert [said for said in one.said if not any(part in said for part in one.expected)] == []


@pytest.fixture
def desk(desks: Desks) -> Desk:
    """A Korean browser on a desk."""
    return desks()
