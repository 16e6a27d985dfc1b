"""Partitions opened together are those opened one by one, and nothing is taken for whole that was cut off."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pyarrow as pa
import pytest

from flows import opening
from flows.lookup import offset_of
from flows.opening import Opening, open_partitions
from flows.partition import Partition
from sql.store import Store
from tests.flows.shop import DenseLog, Shop
from tests.laws.events import arrivals, random_world

PARTITIONS = 3


@pytest.fixture
def shop(clickhouse_url: str, database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    monkeypatch.setattr(opening, "ROWS_AT_ONCE", 7)
    rng = np.random.default_rng(3)
    shop = Shop(clickhouse_url, database, DenseLog(PARTITIONS))
    world = random_world(rng, 400, sites=("alpha", "beta"), visitors=40, items=5, transactions=30)
    shop.play(arrivals(world, rng), rng)
    shop.drain()
    yield shop
    shop.store.close()


def offsets(shop: Shop) -> dict[int, int]:
    return {number: offset_of(shop.store, number) for number in range(PARTITIONS)}


def told(partition: Partition) -> tuple[object, ...]:
    shard = partition.shard
    return (
        partition.offset,
        sorted(shard.keys),
        {key: int(shard.visitors["version"][slot]) for key, slot in shard.slots.items()},
        (shard.dormant.used, shard.seen._now.used, partition.known_transactions.used),
    )


def test_together_they_are_as_one_by_one(shop: Shop) -> None:
    shop.now += 3 * 86_400_000  # some visitors are dormant by now
    together = open_partitions(shop.store, shop.lookup, PARTITIONS, offsets(shop), shop.now)
    for number, offset in offsets(shop).items():
        alone = open_partitions(shop.store, shop.lookup, PARTITIONS, {number: offset}, shop.now)[number]
        assert told(together[number]) == told(alone)
        assert len(together[number].shard.slots) > 3


def test_the_tables_are_read_once_for_all_that_were_expected(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[int]] = []
    parts = Store.arrow_parts

    def counted(store: Store, name: str, params: Mapping[str, object]) -> Iterator[pa.Table]:
        asked.append(sorted(params["shards"]))  # type: ignore[call-overload]
        return parts(store, name, params)

    monkeypatch.setattr(Store, "arrow_parts", counted)
    all_at_once = Opening(shop.store, shop.lookup, PARTITIONS, lambda: shop.now)
    for number, offset in offsets(shop).items():
        all_at_once.expect(number, offset)
    assert [all_at_once.open(number, offset).number for number, offset in offsets(shop).items()] == [0, 1, 2]
    assert asked == [[0, 1, 2]]
    assert all_at_once.open(1, 5).offset == 5  # once more: afresh, and alone
    assert asked == [[0, 1, 2], [1]]


def test_an_answer_that_was_cut_off_is_asked_for_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = open_partitions(shop.store, shop.lookup, PARTITIONS, offsets(shop), shop.now)
    parts, cuts = Store.arrow_parts, [1]

    def cut(store: Store, name: str, params: Mapping[str, object]) -> Iterator[pa.Table]:
        for part in parts(store, name, params):
            yield part.slice(0, len(part) // 2) if cuts else part
        del cuts[:]

    monkeypatch.setattr(Store, "arrow_parts", cut)
    again = open_partitions(shop.store, shop.lookup, PARTITIONS, offsets(shop), shop.now)
    assert [told(again[number]) for number in range(PARTITIONS)] == [
        told(whole[number]) for number in range(PARTITIONS)
    ]
