"""A migrated database for each test that asks for one."""

from collections.abc import Iterator

import pytest

from sql.migrate import migrate
from sql.store import Store


@pytest.fixture
def store(clickhouse_url: str, database: str) -> Iterator[Store]:
    store = Store(clickhouse_url, database)
    migrate(store, 0)
    yield store
    store.close()
