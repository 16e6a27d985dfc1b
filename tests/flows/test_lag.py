"""Lag and freshness are the truth: of a backlog that is known, over both logs, whatever is away."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.freshness import FreshnessReader
from flows import read_ahead
from ingest.log import EventLog, FileLog, KafkaLog
from tests.flows.running import AT, SECOND, Holding, Running, events, gauge

PARTITIONS = 3


@pytest.fixture(params=["files", "files in small segments", "kafka"])
def log(request: pytest.FixtureRequest, tmp_path: Path, topic: str) -> Iterator[EventLog]:
    opened: EventLog
    if request.param == "kafka":
        opened = KafkaLog(request.getfixturevalue("kafka"), topic, PARTITIONS, append_seconds=20, read_seconds=20)
    else:
        opened = FileLog(tmp_path / "log", PARTITIONS, 5_000 if "small" in request.param else 1 << 28)
    yield opened
    opened.close()


def lags(flow: Running) -> list[tuple[float, float]]:
    """Events and seconds, partition by partition."""
    flow.lag.measure()
    return [(gauge("lag_events", p), gauge("lag_seconds", p)) for p in range(PARTITIONS)]


def backlog(partition: int, count: int, received_at: int, first: int = 0) -> list[tuple[int, bytes]]:
    return [(partition, line) for line in events(range(first, first + count), received_at, step=10)]


def test_gauges_tell_a_known_backlog_while_clickhouse_is_away_and_nothing_when_it_is_back(
    log: EventLog, store: Holding
) -> None:
    log.append(backlog(0, 700, AT - 90 * SECOND) + backlog(1, 3, AT - 5 * SECOND, first=2_000))
    store.held = "memory"
    flow = Running(log, store)
    for _ in range(4):
        flow.turn()
    assert lags(flow) == [(700, 90), (3, 5), (0, 0)]
    assert math.isnan(gauge("freshness_seconds", 0))

    flow.now += 30 * SECOND
    log.append(backlog(1, 5, flow.now - SECOND, first=3_000) + backlog(2, 1, flow.now - 2 * SECOND, first=4_000))
    assert lags(flow) == [(700, 120), (8, 35), (1, 0)]  # of what is not even read the age is counted from now on
    flow.now += SECOND
    flow.turn()
    assert lags(flow) == [(700, 121), (8, 36), (1, 3)]

    store.held = None
    flow.drain()
    assert lags(flow) == [(0, 0)] * PARTITIONS
    assert gauge("checkpoint_age_seconds", 0) == gauge("freshness_seconds", 0) == 0
    flow.now += 40 * SECOND
    flow.lag.measure()
    assert gauge("checkpoint_age_seconds", 0) == gauge("freshness_seconds", 0) == 40


def test_a_flow_that_starts_again_tells_only_what_no_commit_covers(log: EventLog, store: Holding) -> None:
    log.append(backlog(0, 20, AT - 90 * SECOND))
    Running(log, store).drain()
    log.append(backlog(0, 5, AT - 60 * SECOND, first=20))
    store.held = "away"
    again = Running(log, store)
    again.turn()
    assert lags(again) == [(5, 60), (0, 0), (0, 0)]
    store.held = None
    again.drain()
    assert lags(again)[0] == (0, 0)


def test_while_the_log_is_away_nothing_is_told_that_is_not_known(log: EventLog, store: Holding) -> None:
    flow = Running(log, store)
    flow.drain()
    assert lags(flow)[0] == (0, 0)
    fresh = FreshnessReader(store, 10 * SECOND)
    assert not fresh.read(flow.now).stale
    last = flow.now
    log.close()
    flow.now += 30 * SECOND
    flow.turn()
    flow.writer.settle()
    for part in flow.parts:
        part.close()
    assert all(math.isnan(value) for lag in lags(flow) for value in lag)
    assert gauge("freshness_seconds", 0) == 30
    assert (fresh.read(flow.now).as_of, fresh.read(flow.now).stale) == (last, True)


def test_while_the_flow_catches_up_figures_are_as_old_as_the_newest_event_in_them(
    log: EventLog, store: Holding, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_ahead, "BLOCK_BYTES", 15_000)
    hour = 3_600 * SECOND
    log.append([r for p in range(PARTITIONS) for r in backlog(p, 400, AT - hour, first=1_000 * p)])
    flow = Running(log, store)
    fresh = FreshnessReader(store, 10 * SECOND)
    seen = set()
    for _ in range(400):
        flow.now += 4 * SECOND
        flow.turn()
        flow.writer.settle()
        rows = store.rows_of(
            "SELECT shard, count() AS n, toUnixTimestamp64Milli(max(received_at)) AS at FROM events GROUP BY 1"
        )
        if len(rows) == PARTITIONS and all(row["n"] == 400 for row in rows):
            break
        if len(rows) == PARTITIONS:
            found = fresh.read(flow.now)
            assert found.as_of == min(row["at"] for row in rows if row["n"] < 400)
            assert found.stale
            seen.add(found.as_of)
    assert len(seen) > 1
    flow.drain()
    assert fresh.read(flow.now).age_ms == 0
