"""How fresh the figures are, read without going through all commits again and again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from api.freshness import Freshness, FreshnessReader
from sql.store import Store
from tests.api.conftest import HOUR, MINUTE, NOW
from tests.api.visitors import insert_rows

STALE_MS = 10_000


class Asked(Store):
    """A store that notes which queries it was asked."""

    asked: list[str]

    def rows(self, name: str, params: Any = None) -> list[dict[str, Any]]:
        self.asked.append(name)
        return super().rows(name, params)


@pytest.fixture
def noting(store: Store) -> Iterator[Asked]:
    store.command("TRUNCATE TABLE commits")
    noting = Asked(store.url, store.database)
    noting.asked = []
    yield noting
    noting.close()
    store.command("TRUNCATE TABLE commits")


def commit(store: Store, partition: int, at: int) -> None:
    row = {"partition": partition, "from_offset": at - NOW + HOUR, "to_offset": at - NOW + HOUR + 1, "at": at}
    insert_rows(store, "commits", [row])


def fresh(at: int, age_ms: int) -> Freshness:
    return Freshness(at, age_ms, age_ms > STALE_MS)


def test_all_commits_are_read_seldom_though_a_partition_rests_or_catches_up(noting: Asked) -> None:
    reader = FreshnessReader(noting, STALE_MS)
    assert reader.read(NOW) == Freshness(None, None, True)
    commit(noting, 0, NOW - HOUR)  # it catches up
    commit(noting, 1, NOW)
    assert reader.read(NOW + 1_000) == fresh(NOW - HOUR, HOUR + 1_000)
    commit(noting, 0, NOW - 30 * MINUTE)
    assert reader.read(NOW + 2_000) == fresh(NOW - 30 * MINUTE, 30 * MINUTE + 2_000)
    commit(noting, 0, NOW + MINUTE)  # and 1 rests
    assert reader.read(NOW + 2 * MINUTE) == fresh(NOW, 2 * MINUTE)
    commit(noting, 2, NOW - 20 * MINUTE)  # a partition nobody knew, which catches up
    assert reader.read(NOW + 3 * MINUTE) == fresh(NOW, 3 * MINUTE)
    assert noting.asked == ["freshness_before"] * 2 + ["freshness_recent"] * 3
    assert reader.read(NOW + 6 * MINUTE) == fresh(NOW - 20 * MINUTE, 26 * MINUTE)


def test_it_is_believed_for_a_fifth_of_a_second_in_whatever_order_threads_ask(noting: Asked) -> None:
    reader = FreshnessReader(noting, STALE_MS)
    commit(noting, 0, NOW)
    for now in (NOW + 100, NOW + 299, NOW + 99):
        assert reader.read(now).as_of == NOW
    assert noting.asked == ["freshness_before"]


def test_a_clock_that_was_set_back_forgets_what_is_in_the_future_now(noting: Asked) -> None:
    reader = FreshnessReader(noting, STALE_MS)
    commit(noting, 0, NOW)
    commit(noting, 0, NOW + HOUR)
    assert reader.read(NOW + HOUR) == fresh(NOW + HOUR, 0)
    assert reader.read(NOW + 1_000) == fresh(NOW, 1_000)
