"""Blocks come decoded, in order and once, whether they were read ahead or not."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import orjson
import pytest

from flows import read_ahead
from flows.read_ahead import Reader
from ingest.log.files import FileLog
from ingest.log.log import Block, EventLog, LogUnavailable

EVENT = {
    "site_id": "s",
    "visitor_id": "v",
    "name": "page_view",
    "occurred_at": 1_767_225_600_000,
    "received_at": 1_767_225_600_000,
}


class Breakable:
    """A log that remembers what it was asked, and is away from the nth question on if that is told."""

    def __init__(self, log: EventLog) -> None:
        self.log = log
        self.asked_before_away: int | None = None
        self.asked: list[tuple[int, int]] = []

    def read(self, partition: int, offset: int, max_bytes: int) -> Block:
        self.asked.append((partition, offset))
        if self.asked_before_away is not None and len(self.asked) >= self.asked_before_away:
            raise LogUnavailable("away")
        return self.log.read(partition, offset, max_bytes)


@pytest.fixture
def log(tmp_path: Path) -> Breakable:
    files = FileLog(tmp_path, 2)
    files.append([(i % 2, orjson.dumps(EVENT | {"event_id": f"e{i:05d}"})) for i in range(2000)])
    return Breakable(files)


@dataclass
class Follower:
    """Reads a partition on from where it is."""

    reader: Reader
    partition: int = 0
    offset: int = 0
    found: list[str] = field(default_factory=list)

    def to_the_end(self) -> list[str]:
        while (read := self.reader.read(self.partition, self.offset)).stretches:
            for stretch in read.stretches:
                self.found += stretch.decoded.events["event_id"].to_pylist()
                assert stretch.upto == stretch.decoded.offsets[-1]
            self.offset = read.next_offset
            assert self.offset == read.stretches[-1].upto
        return self.found


@pytest.fixture(params=["in small blocks, ahead", "at once"])
def reader(request: pytest.FixtureRequest, log: Breakable, monkeypatch: pytest.MonkeyPatch) -> Reader:
    if request.param != "at once":
        monkeypatch.setattr(read_ahead, "BLOCK_BYTES", 5_000)
    reader = Reader(log)
    for partition in (0, 1):
        reader.open(partition)
    return reader


def ids(numbers: Sequence[int]) -> list[str]:
    return [f"e{i:05d}" for i in numbers]


def test_every_record_comes_once_and_in_order(reader: Reader, log: Breakable) -> None:
    assert Follower(reader, 0).to_the_end() == ids(range(0, 2000, 2))
    assert Follower(reader, 1).to_the_end() == ids(range(1, 2000, 2))
    assert len(log.asked) == len(set(log.asked)), "a block was read twice"


def test_a_log_that_is_away_is_asked_again_from_the_same_place(reader: Reader, log: Breakable) -> None:
    follower = Follower(reader)
    log.asked_before_away = 2
    with pytest.raises(LogUnavailable):
        follower.to_the_end()
    log.asked_before_away = None
    assert follower.to_the_end() == ids(range(0, 2000, 2))


def test_blocks_are_smaller_the_more_partitions_there_are(log: Breakable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_ahead, "READ_BYTES", 20_000)
    monkeypatch.setattr(read_ahead, "SMALLEST_BLOCK", 1_000)
    reader = Reader(log)
    reader.open(0)
    alone = reader.read(0, 0).next_offset
    shared = Reader(log)
    shared.open(0)
    shared.open(1)
    assert 0 < shared.read(0, 0).next_offset < alone
