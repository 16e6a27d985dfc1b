"""A visitor's row is its whole state: written, read back, forgotten and compacted, it stays the same."""

import numpy as np
import pytest

from flows.visitors.limits import DAY
from flows.visitors.load import load
from flows.visitors.rows import rows_of
from flows.visitors.shard import Shard
from tests.laws.events import CURRENCIES, arrivals, random_world
from tests.laws.machine import Machine


def filled(seed: int) -> Machine:
    rng = np.random.default_rng(seed)
    machine = Machine(CURRENCIES, 1)
    events = random_world(rng, 400, visitors=20, items=6, transactions=15)
    machine.now = max(e["occurred_at"] for e in events)
    for event in arrivals(events, rng):
        machine.send(event)
    machine.drain(60)
    return machine


def by_id(rows) -> dict[tuple, dict]:
    return {(row["visitor_id"], row["stint_start"]): row for row in rows.to_pylist() if not row["gone"]}


def alive(shard: Shard) -> np.ndarray:
    return np.flatnonzero(shard.visitors["alive"])


@pytest.mark.parametrize("seed", range(3))
def test_rows_read_back_are_the_same_state(seed):
    shard = filled(seed).partitions[0].shard
    rows = rows_of(shard, alive(shard), 0)
    other = Shard()
    load(other, rows, now=1)
    load(other, rows, now=2)  # who is there already is left alone
    assert by_id(rows_of(other, alive(other), 0)) == by_id(rows)


@pytest.mark.parametrize("seed", range(3))
def test_compaction_changes_nobody_who_stays(seed):
    machine = filled(seed)
    shard = machine.partitions[0].shard
    before = by_id(rows_of(shard, alive(shard), 0))
    last_seen = sorted(row["last_seen"] for row in before.values())
    middle = round(last_seen[len(last_seen) // 2].timestamp() * 1000)
    gone = shard.evict(middle + 8 * DAY)
    assert 0 < gone < len(before)
    assert shard.visitors.size == len(before) - gone, "a quarter and more is gone, so the tables are compacted"
    after = by_id(rows_of(shard, alive(shard), 0))
    assert after == {visitor: before[visitor] for visitor in after}
    ids = list(dict.fromkeys(visitor for visitor, _ in before))
    assert shard.missing([f"alpha/{visitor}" for visitor in ids]) == [
        f"alpha/{visitor}" for visitor in ids if visitor not in {visitor for visitor, _ in after}
    ]
