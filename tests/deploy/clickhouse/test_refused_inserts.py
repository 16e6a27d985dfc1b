"""An INSERT that the table refuses is said to be refused: nothing is taken for written that is not there."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pytest

from sql.store import Store, StoreError, StoreUnavailable


@pytest.fixture
def store(clickhouse_url: str, database: str) -> Iterator[Store]:
    opened = Store(clickhouse_url, database)
    yield opened
    opened.close()


def rows(*numbers: int) -> pa.Table:
    return pa.table({"n": pa.array(numbers, pa.uint64())})


def count(store: Store, table: str) -> int:
    return int(store.rows_of(f"SELECT count() AS n FROM {table}")[0]["n"])


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ("parts_to_throw_insert = 1, parts_to_delay_insert = 1", "too_many_parts"),
        ("min_free_disk_bytes_to_perform_insert = 1000000000000000000", "disk_full"),
    ],
)
def test_an_insert_the_table_refuses_is_unavailable_and_says_why(store: Store, settings: str, why: str) -> None:
    store.command("CREATE TABLE t (n UInt64) ENGINE = MergeTree ORDER BY n")
    store.command(f"CREATE TABLE full (n UInt64) ENGINE = MergeTree ORDER BY n PARTITION BY n SETTINGS {settings}")
    if why == "too_many_parts":
        store.insert("full", rows(1))
    before = count(store, "full")
    for _ in range(3):
        with pytest.raises(StoreUnavailable) as refused:
            store.insert("full", rows(1))
        assert refused.value.why == why
    assert count(store, "full") == before
    store.insert("t", rows(1, 2))
    assert count(store, "t") == 2


def test_data_that_cannot_be_read_writes_nothing(store: Store) -> None:
    store.command("CREATE TABLE t (n UInt64) ENGINE = MergeTree ORDER BY n")
    with pytest.raises(StoreError):
        store.insert("t", pa.table({"n": ["no number"]}))
    assert count(store, "t") == 0
