"""What is applied and old goes; what is not applied stays, however old it is."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.log_retention import trim
from ingest.log import FileLog
from sql.store import Store
from tests.api.visitors import insert_rows

LINE = b'{"name":"page_view"}'
TOMORROW = time.time() + 86_400
YESTERDAY = time.time() - 86_400


@pytest.fixture
def log(tmp_path: Path) -> Iterator[FileLog]:
    log = FileLog(tmp_path, 2, segment_bytes=100)
    for _ in range(20):
        log.append([(0, LINE), (1, LINE)])
    yield log
    log.close()


def commit(store: Store, partition: int, offset: int) -> None:
    insert_rows(store, "commits", [{"partition": partition, "from_offset": 0, "to_offset": offset, "at": 0}])


def test_what_no_commit_covers_stays(log: FileLog, store: Store) -> None:
    assert trim(log, store, TOMORROW) == 0
    commit(store, 0, log.end(0) // 2)
    assert 0 < trim(log, store, TOMORROW) <= log.end(0) // 2
    assert 0 < log.start(0) <= log.end(0) // 2
    assert log.start(1) == 0
    assert log.count(1, 0, log.end(1)) == 20


def test_what_was_written_lately_stays(log: FileLog, store: Store) -> None:
    commit(store, 0, log.end(0))
    assert trim(log, store, YESTERDAY) == 0
    assert log.start(0) == 0


def test_the_segment_that_is_written_to_stays(log: FileLog, store: Store) -> None:
    commit(store, 0, log.end(0))
    assert 0 < trim(log, store, TOMORROW) < log.end(0)
    log.append([(0, LINE)])
    assert log.read(0, log.start(0), 1 << 20).lines.endswith(LINE + b"\n")


def test_of_the_log_of_transitions_goes_what_hooks_were_told_of(log: FileLog, store: Store) -> None:
    assert trim(log, store, TOMORROW, "dispatch_positions") == 0
    insert_rows(store, "dispatch_positions", [{"partition": 1, "version": 1, "position": log.end(1)}])
    assert trim(log, store, TOMORROW, "dispatch_positions") > 0
    assert (log.start(0), log.start(1) > 0) == (0, True)
