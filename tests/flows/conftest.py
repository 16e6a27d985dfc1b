"""A migrated database for each test that asks for one; the test can hold its writes back."""

from collections.abc import Iterator

import pytest

from sql.migrate import migrate
from tests.flows.running import Holding


@pytest.fixture
def store(clickhouse_url: str, database: str) -> Iterator[Holding]:
    store = Holding(clickhouse_url, database)
    migrate(store, 0)
    yield store
    store.close()
