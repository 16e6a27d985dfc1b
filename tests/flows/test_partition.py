"""A partition lives with clocks that are set and with records that no shard has sent."""

from __future__ import annotations

import numpy as np
import orjson
import pyarrow as pa
import pytest

from flows.membership.definitions import Registry
from flows.partition import Partition
from flows.visitors.limits import DAY, HOUR, MINUTE
from tests.flows.running import AT, events

PART = {"site_id": "s", "member_id": "m", "visitor_id": "v", "version": 1, "rows": []}
SECOND = 1_000


class Nobody:
    """A store that knows no visitor, and remembers who was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def visitors(self, shard: int, keys: list[str]) -> pa.Table:
        self.asked += keys
        texts = dict.fromkeys(("site_id", "visitor_id", "member_id"), pa.string())
        nothing = {**texts, "gone": pa.bool_(), "stint_start": pa.int64()}
        return pa.table({name: pa.array([], kind) for name, kind in nothing.items()})

    def transactions(self, shard, keys):
        return {}

    def currency(self, site_id: str) -> str:
        return "KRW"

    def registry(self, now: int) -> Registry:
        return Registry()

    def sleepers(self, shard: int, now: int) -> tuple[list[str], list[str]]:
        return [], []

    def sites(self, now: int) -> list[str]:
        return ["s"]


@pytest.fixture
def partition() -> Partition:
    return Partition(0, 1, 0, Nobody())


def take(partition: Partition, now: int, *lines: bytes) -> None:
    first = partition.offset + 1
    offsets = np.arange(first, first + len(lines))
    partition.take(b"".join(line + b"\n" for line in lines), offsets, int(offsets[-1]), now)


def live(partition: Partition, begin: int, minutes: int) -> int:
    """Flush every so often; returns the time afterwards."""
    for minute in range(minutes):
        partition.flush(begin + minute * MINUTE)
    return begin + minutes * MINUTE


def test_rollups_go_on_after_the_clock_was_set_back(partition: Partition) -> None:
    assert "rollups" in partition.flush(AT).state
    assert "rollups" not in partition.flush(AT + SECOND).state
    assert "rollups" in partition.flush(AT - 3 * HOUR).state


def test_visitors_are_forgotten_after_eight_days_of_a_clock_that_goes_on(partition: Partition) -> None:
    take(partition, AT, *events(range(3), AT - 8 * DAY - HOUR))
    assert live(partition, AT, 50)
    assert len(partition.shard.slots) == 3
    live(partition, AT + 50 * MINUTE, 30)
    assert len(partition.shard.slots) == 0


def test_a_clock_that_leaps_forward_makes_nobody_forgotten_while_it_is_doubted(partition: Partition) -> None:
    take(partition, AT, *events(range(3), AT - 8 * DAY - HOUR), *events(range(10, 15), AT))
    now = live(partition, AT, 90)
    kept = len(partition.shard.slots)
    wrong = live(partition, now + 20 * DAY, 50)
    assert len(partition.shard.slots) == kept
    live(partition, wrong - 20 * DAY, 50)
    assert len(partition.shard.slots) == kept
    live(partition, now + 300 * DAY, 90)  # an hour later it is believed
    assert len(partition.shard.slots) == 0
    take(partition, now, *events([20], now))
    assert partition._lookup.asked == ["s/v6"]  # who comes back is looked up


@pytest.mark.parametrize(
    "record",
    [
        {"kind": "order_fact", "site_id": "s", "payload": "{}"},
        {"kind": "order_fact", "site_id": "s", "payload": '{"site_id": "s", "transaction_id": "t"}'},
        {"kind": "order", "site_id": "s", "payload": '{"site_id": "s", "visitor_id": "v", "order": 5}'},
        {"kind": "order", "site_id": "s", "payload": "no json"},
        {
            "kind": "rejected",
            "site_id": "s",
            "received_at": 1 << 62,
            "payload": '{"reason": 5, "detail": {}, "event": []}',
        },
        {"kind": "part", "site_id": "s", "payload": "{}"},
        {"kind": "part", "site_id": "s", "payload": orjson.dumps(PART | {"rows": [[-1, {}]]}).decode()},
        {"kind": "part", "site_id": "s", "payload": orjson.dumps(PART | {"member_id": ""}).decode()},
        {
            "kind": "part",
            "site_id": "s",
            "payload": orjson.dumps(PART | {"rows": [[0, {"visit_start": [1]}]]}).decode(),
        },
        {"kind": "part", "site_id": "s", "payload": orjson.dumps(PART | {"rows": [[0, {"stay_ms": "much"}]]}).decode()},
        {
            "kind": "part",
            "site_id": "s",
            "payload": orjson.dumps(PART | {"rows": [[0, {"bought_order": [0], "bought_units": [1]}]]}).decode(),
        },
        {"kind": "something", "site_id": "s" * 5_000},
        {"kind": ""},
    ],
)
def test_records_no_shard_has_sent_are_rejected_and_the_partition_goes_on(partition: Partition, record: dict) -> None:
    take(partition, AT, orjson.dumps(record), *events(range(3), AT))
    state = partition.flush(AT).state
    assert state["rejected_events"]["reason"].to_pylist() == ["unreadable_record"]
    assert len(state["visitors"]) == 3
