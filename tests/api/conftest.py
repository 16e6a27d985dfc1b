"""One migrated database for all API tests; each test has a site of its own in it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from api.app import create_app
from api.settings import ApiSettings
from sql.keys import create_key
from sql.migrate import migrate
from sql.sites import add_site
from sql.store import Store
from tests.api.client import Client
from tests.api.memory_log import MemoryLog

NOW = 1_767_225_600_000  # 2026-01-01T00:00:00Z
MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR


@dataclass
class Clock:
    """A clock that tests set."""

    now: int = NOW

    def __call__(self) -> int:
        return self.now


@dataclass(frozen=True)
class Shop:
    """A site with its keys."""

    site_id: str
    write_key: str
    secret_key: str

    @property
    def reads(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secret_key}"}

    @property
    def writes(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.write_key}"}


@dataclass
class World:
    """An API over the test database. Its streams end at once: the client reads answers whole."""

    store: Store
    log: MemoryLog = field(default_factory=MemoryLog)
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.app = create_app(self.store, self.log, self.clock, ApiSettings(stream_seconds=0.05))
        self.client = Client(self.app)

    def shop(self, currency: str = "KRW") -> Shop:
        """A new, empty site."""
        site_id = f"s{uuid.uuid4().hex[:10]}"
        add_site(self.store, site_id, "Shop", currency, "Asia/Seoul", NOW)
        write_key, _ = create_key(self.store, site_id, "write", NOW)
        secret_key, _ = create_key(self.store, site_id, "secret", NOW)
        return Shop(site_id, write_key, secret_key)


@pytest.fixture(scope="session")
def store(clickhouse_url: str) -> Iterator[Store]:
    """A migrated database, shared by tests that keep to their own sites."""
    store = Store(clickhouse_url, f"api_{uuid.uuid4().hex[:8]}")
    migrate(store, NOW)
    yield store
    store.command(f"DROP DATABASE {store.database} SYNC")
    store.close()


@pytest.fixture
def world(store: Store) -> Iterator[World]:
    """An API of its own over the shared database, its clock at NOW."""
    world = World(store)
    yield world
    world.client.close()


@pytest.fixture
def shop(world: World) -> Shop:
    """A site that only this test knows."""
    return world.shop()
