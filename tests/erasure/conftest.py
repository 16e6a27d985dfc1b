"""An API over a database and a log of its own, whose erasures are moved on by the test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sql.migrate import migrate
from sql.store import Store
from tests.api.conftest import NOW
from tests.conftest import free_port, start_clickhouse
from tests.erasure.files import TABLES, throw_away_at_once
from tests.erasure.shop import Shop


@pytest.fixture(scope="session")
def clickhouse_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the server of these tests keeps its files."""
    return tmp_path_factory.mktemp("erasing")


@pytest.fixture(scope="session")
def erasing_store(clickhouse_files: Path) -> Iterator[Store]:
    """A migrated database that throws replaced files away within a second, in a server of its own."""
    port = free_port()
    process = start_clickhouse(clickhouse_files, port)
    store = Store(f"http://127.0.0.1:{port}", "erasing")
    migrate(store, NOW)
    throw_away_at_once(store)
    yield store
    store.close()
    process.kill()
    process.wait()


@pytest.fixture
def shop(erasing_store: Store, tmp_path: Path) -> Iterator[Shop]:
    """A site of its own, with its own log."""
    for table in (*TABLES, "commits", "opt_outs"):
        erasing_store.command(f"TRUNCATE TABLE {table}")
    shop = Shop(erasing_store, tmp_path / "log")
    yield shop
    shop.close()
