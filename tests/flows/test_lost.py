"""A log that no longer holds what is next: the flow says what is missing and ends, or goes on if the loss is accepted."""

from __future__ import annotations

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from flows.lost import RecordsLost, require_reach
from ingest.log import FileLog
from tests.flows.running import AT, SECOND, Holding, Running, events


def filled(directory: Path, numbers: range) -> FileLog:
    log = FileLog(directory, 1, segment_bytes=500)
    for line in events(numbers, AT):
        log.append([(0, line)])
    return log


def kept(store: Holding) -> list[str]:
    return [row["event_id"] for row in store.rows_of("SELECT event_id FROM events FINAL ORDER BY log_offset")]


def test_records_deleted_before_they_were_read_end_the_flow_with_what_is_missing(
    tmp_path: Path, store: Holding
) -> None:
    log = filled(tmp_path, range(10))
    Running(log, store).drain()
    for line in events(range(10, 40), AT):
        log.append([(0, line)])
    committed = store.rows("shard_offset", {"partition": 0})[0]["to_offset"]
    start = log.trim(0, log.end(0))
    assert start > committed
    with pytest.raises(RecordsLost, match=f"partition 0 holds nothing of offsets {committed} to {start}") as lost:
        Running(log, store).turn()
    assert "--accept-loss" in lost.value.advice
    assert len(kept(store)) == 10


def test_a_loss_that_is_accepted_is_noted_once_and_the_flow_goes_on(tmp_path: Path, store: Holding) -> None:
    log = filled(tmp_path, range(10))
    Running(log, store).drain()
    for line in events(range(10, 40), AT):
        log.append([(0, line)])
    committed = store.rows("shard_offset", {"partition": 0})[0]["to_offset"]
    start = log.trim(0, log.end(0))
    with capture_logs() as told:
        Running(log, store, accept_loss=True, now=AT + 60 * SECOND).drain()
    (row,) = store.rows_of("SELECT reason, detail, shard, log_offset FROM rejected_events")
    assert (row["reason"], row["shard"], row["log_offset"]) == ("lost_records", 0, start)
    assert f"offsets {committed} to {start}" in row["detail"]
    assert [line["log_level"] for line in told if "lost" in line["event"]] == ["error"]
    assert kept(store)[:10] == [f"e{n}" for n in range(10)]
    assert kept(store)[-1] == "e39"
    Running(log, store).drain()  # afterwards nothing is missing any more
    assert len(store.rows_of("SELECT 1 FROM rejected_events")) == 1


def test_records_deleted_while_it_reads_are_found_too(tmp_path: Path, store: Holding) -> None:
    log = filled(tmp_path, range(10))
    flow = Running(log, store)
    flow.drain()
    for line in events(range(10, 40), AT):
        log.append([(0, line)])
    log.trim(0, log.end(0))
    with pytest.raises(RecordsLost):
        flow.drain()


@pytest.mark.parametrize("accept_loss", [False, True])
def test_a_log_made_anew_is_refused_whatever_is_accepted(tmp_path: Path, store: Holding, accept_loss: bool) -> None:
    Running(filled(tmp_path / "old", range(20)), store).drain()
    with pytest.raises(RecordsLost, match="made anew, or is an older copy"):
        Running(filled(tmp_path / "new", range(5)), store, accept_loss=accept_loss).turn()


def test_a_start_looks_first_whether_everything_is_there(tmp_path: Path) -> None:
    log = filled(tmp_path, range(40))
    require_reach(log, lambda number: 0)
    start = log.trim(0, log.end(0))
    require_reach(log, lambda number: start)
    require_reach(log, lambda number: 0, accept_loss=True)
    with pytest.raises(RecordsLost, match="offsets 0 to"):
        require_reach(log, lambda number: 0)
    with pytest.raises(RecordsLost, match="made anew"):
        require_reach(log, lambda number: log.end(0) + 1, accept_loss=True)
    log.close()
    require_reach(log, lambda number: 0)
