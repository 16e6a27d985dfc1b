"""A database for hooks, emptied of them before each test, and a stage in it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from sql.migrate import migrate
from sql.store import Store
from tests.api.conftest import NOW
from tests.api.dispatch.stage import Stage

TABLES = ("hooks", "deliveries", "dispatchers", "dispatch_positions", "visitors")


@pytest.fixture(scope="session")
def hooks_store(clickhouse_url: str) -> Iterator[Store]:
    """A migrated database that only these tests use."""
    store = Store(clickhouse_url, f"hooks_{uuid.uuid4().hex[:8]}")
    migrate(store, NOW)
    yield store
    store.command(f"DROP DATABASE {store.database} SYNC")
    store.close()


@pytest.fixture
def stage(hooks_store: Store, tmp_path: Path) -> Iterator[Stage]:
    """A site of its own, its hooks the only ones."""
    for table in TABLES:
        hooks_store.command(f"TRUNCATE TABLE {table}")
    stage = Stage(hooks_store, tmp_path / "transitions")
    yield stage
    stage.close()
