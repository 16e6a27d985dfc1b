"""What every event log must do. Another implementation is one more `Place`."""

import multiprocessing
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from ingest.log import Block, EventLog, FileLog, KafkaLog, LogUnavailable, OffsetOutOfRange, PartitionsDiffer

Opener = Callable[[], EventLog]
PARTITIONS = 3

APPENDER = """
import sys
from pathlib import Path
from ingest.log import FileLog, KafkaLog

kind, where, segment_bytes, name = sys.argv[1:]
log = KafkaLog(*where.split(), 3) if kind == "kafka" else FileLog(Path(where), 3, segment_bytes=int(segment_bytes))
for n in range(1_000_000):
    log.append([(partition, f"{name} {n} ".encode() + b"x" * 500) for partition in range(3)])
    print(n, flush=True)
"""


@dataclass(frozen=True)
class Place:
    """Where a log is, told to other processes too. `where`: a directory, or `host:port topic`."""

    kind: str
    where: str
    segment_bytes: int = 1 << 28

    def open(self) -> EventLog:
        if self.kind == "kafka":
            bootstrap, topic = self.where.split()
            return KafkaLog(bootstrap, topic, PARTITIONS, append_seconds=20, read_seconds=20)
        return FileLog(Path(self.where), PARTITIONS, segment_bytes=self.segment_bytes)


@pytest.fixture(params=["files", "files in small segments", "kafka"])
def place(request: pytest.FixtureRequest, tmp_path: Path, topic: str) -> Place:
    """Where no log is yet."""
    if request.param == "kafka":
        return Place("kafka", f"{request.getfixturevalue('kafka')} {topic}")
    return Place("files", str(tmp_path / "log"), 1_000 if request.param == "files in small segments" else 1 << 28)


@pytest.fixture
def opener(place: Place) -> Iterator[Opener]:
    """Opens the same log again and again, each time as another process would."""
    opened: list[EventLog] = []

    def open_log() -> EventLog:
        opened.append(place.open())
        return opened[-1]

    yield open_log
    for log in opened:
        log.close()


def blocks(log: EventLog, partition: int, offset: int | None = None, max_bytes: int = 300) -> Iterator[Block]:
    offset = log.start(partition) if offset is None else offset
    while (block := log.read(partition, offset, max_bytes)).lines:
        yield block
        offset = block.next_offset


def lines(log: EventLog, partition: int, offset: int | None = None, max_bytes: int = 300) -> list[bytes]:
    return b"".join(block.lines for block in blocks(log, partition, offset, max_bytes)).splitlines()


def test_an_empty_log_reads_as_an_empty_block_at_its_end(opener: Opener) -> None:
    log = opener()
    block = log.read(0, log.start(0), 1_000)
    assert block.lines == b""
    assert block.offsets.dtype == np.int64
    assert block.offsets.shape == (0,)
    assert block.next_offset == log.start(0) == log.end(0)


def test_what_was_appended_is_read_in_order_partition_by_partition(opener: Opener) -> None:
    log = opener()
    log.append([(0, b"a0"), (2, b"c0"), (0, b"a1")])
    log.append([(2, b"c1")])
    assert lines(log, 0) == [b"a0", b"a1"]
    assert lines(log, 1) == []
    assert lines(log, 2) == [b"c0", b"c1"]


def test_appending_nothing_changes_nothing(opener: Opener) -> None:
    log = opener()
    log.append([])
    assert [log.end(partition) for partition in range(PARTITIONS)] == [0, 0, 0]


def test_another_opening_of_the_log_sees_what_was_appended(opener: Opener) -> None:
    first, second = opener(), opener()
    first.append([(1, b"one")])
    assert lines(second, 1) == [b"one"]
    second.append([(1, b"two")])
    first.append([(1, b"three")])
    first.close()
    assert lines(opener(), 1) == [b"one", b"two", b"three"]


def test_offsets_increase_are_above_zero_and_one_a_line(opener: Opener) -> None:
    log = opener()
    log.append([(0, b"x" * (n % 50 + 1)) for n in range(200)])
    before, count = log.start(0), 0
    for block in blocks(log, 0):
        assert len(block.offsets) == block.lines.count(b"\n")
        assert block.offsets[0] > before
        assert (np.diff(block.offsets) > 0).all()
        assert block.next_offset == block.offsets[-1]
        before, count = block.next_offset, count + len(block.offsets)
    assert count == 200
    assert before == log.end(0)


def test_reading_goes_on_after_any_offset_that_was_seen(opener: Opener) -> None:
    log = opener()
    written = [f"line {n}".encode() for n in range(100)]
    log.append([(0, line) for line in written])
    seen = [0] + [int(offset) for block in blocks(log, 0) for offset in block.offsets]
    for position, offset in [*enumerate(seen)][::8]:
        assert lines(log, 0, offset) == written[position:]


def test_a_record_larger_than_the_block_asked_for_comes_whole(opener: Opener) -> None:
    log = opener()
    big = b"b" * 3_000_000
    log.append([(0, b"before"), (0, big), (0, b"after")])
    assert lines(log, 0, max_bytes=10) == [b"before", big, b"after"]


def test_a_block_is_not_much_larger_than_asked_for(opener: Opener) -> None:
    log = opener()
    log.append([(0, b"y" * 99) for _ in range(100)])
    assert max(len(block.lines) for block in blocks(log, 0, max_bytes=1_000)) <= 1_000


@pytest.mark.parametrize("record", [b"two\nlines", b"ends\n", b""])
def test_a_record_that_is_not_one_line_is_refused_and_nothing_is_written(opener: Opener, record: bytes) -> None:
    log = opener()
    with pytest.raises(ValueError, match="one line"):
        log.append([(0, b"good"), (0, record)])
    assert lines(log, 0) == []


def test_a_partition_that_does_not_exist_is_refused(opener: Opener) -> None:
    with pytest.raises(ValueError, match="partition 3 of 3"):
        opener().append([(PARTITIONS, b"line")])


def test_reading_beyond_the_end_or_before_the_start_is_out_of_range(opener: Opener) -> None:
    log = opener()
    log.append([(0, b"line")])
    with pytest.raises(OffsetOutOfRange):
        log.read(0, log.end(0) + 1, 1_000)
    with pytest.raises(OffsetOutOfRange):
        log.read(0, log.start(0) - 1, 1_000)


def test_all_ends_are_told_at_once(opener: Opener) -> None:
    log, other = opener(), opener()
    log.append([(0, b"a0"), (2, b"c0"), (0, b"a1")])
    other.append([(2, b"c1")])
    assert list(log.ends()) == [log.end(partition) for partition in range(PARTITIONS)]
    assert list(other.ends()) == list(log.ends())
    assert log.ends()[1] == log.start(1)


def test_records_between_any_two_offsets_are_counted(opener: Opener) -> None:
    log, other = opener(), opener()
    log.append([(0, b"x" * (n % 90 + 1)) for n in range(200)])
    seen = [0] + [int(offset) for block in blocks(log, 0) for offset in block.offsets]
    for first in range(0, 201, 17):
        for last in range(first, 201, 23):
            assert log.count(0, seen[first], seen[last]) == last - first
    for first, last in ((150, 200), (0, 200), (3, 7), (0, 1), (199, 200)):  # back and forth
        assert log.count(0, seen[first], seen[last]) == last - first
    other.append([(0, b"more"), (0, b"and more")])
    assert log.count(0, seen[190], log.ends()[0]) == 12
    assert log.count(1, 0, log.ends()[1]) == 0


def test_threads_that_append_at_once_lose_nothing_and_keep_their_own_order(opener: Opener) -> None:
    log, other = opener(), opener()

    def write(worker: int) -> None:
        for n in range(25):
            (log if worker % 2 else other).append([(n % PARTITIONS, f"{worker} {n}".encode())])

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(write, range(12)))
    found = [[line.split() for line in lines(log, partition)] for partition in range(PARTITIONS)]
    assert sum(map(len, found)) == 12 * 25
    for partition, pairs in enumerate(found):
        for worker in range(12):
            numbers = [int(n) for who, n in pairs if int(who) == worker]
            assert numbers == [n for n in range(25) if n % PARTITIONS == partition]


def test_a_reader_that_follows_sees_every_line_once_while_others_append(opener: Opener) -> None:
    log, reader = opener(), opener()
    seen: list[bytes] = []
    finished = threading.Event()

    def follow() -> None:
        offset = 0
        while True:
            last_round = finished.is_set()
            if last_round:
                reader.end(0)  # what is there now is not missed
            block = reader.read(0, offset, 500)
            assert block.lines == b"" or block.lines.endswith(b"\n")
            seen.extend(block.lines.splitlines())
            offset = block.next_offset
            if last_round and not block.lines:
                return

    with ThreadPoolExecutor(5) as pool:
        following = pool.submit(follow)
        writing = [
            pool.submit(lambda w=w: [log.append([(0, f"{w} {n}".encode() * 5)]) for n in range(40)]) for w in range(4)
        ]
        for future in writing:
            future.result()
        finished.set()
        following.result()
    assert sorted(seen) == sorted(f"{w} {n}".encode() * 5 for w in range(4) for n in range(40))


def _append_from_a_process(place: Place, worker: int) -> None:
    log = place.open()
    for n in range(60):
        log.append([(n % PARTITIONS, f"{worker} {n}".encode())])
    log.close()


def test_processes_that_append_at_once_lose_nothing_and_keep_their_own_order(place: Place, opener: Opener) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_append_from_a_process, args=(place, worker)) for worker in range(3)]
    for process in workers:
        process.start()
    for process in workers:
        process.join(120)
        assert process.exitcode == 0
    log = opener()
    for partition in range(PARTITIONS):
        pairs = [line.split() for line in lines(log, partition)]
        for worker in range(3):
            numbers = [int(n) for who, n in pairs if int(who) == worker]
            assert numbers == [n for n in range(60) if n % PARTITIONS == partition]


def test_a_killed_appender_loses_nothing_it_was_promised_and_leaves_no_torn_line(place: Place, opener: Opener) -> None:
    promised: dict[str, int] = {}
    for life in range(4):
        name = f"life{life}"
        command = [sys.executable, "-c", APPENDER, place.kind, place.where, str(place.segment_bytes), name]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as appender:
            assert appender.stdout is not None
            assert appender.stdout.readline() == "0\n"
            time.sleep(0.05 + 0.03 * life)
            appender.send_signal(signal.SIGKILL)
            promised[name] = max(
                [0, *(int(line) for line in appender.stdout.read().splitlines(True) if line[-1] == "\n")]
            )
    log = opener()
    log.append([(partition, b"afterwards 0 ") for partition in range(PARTITIONS)])
    for partition in range(PARTITIONS):
        found: dict[str, list[int]] = {}
        for line in lines(log, partition, max_bytes=50_000):
            name, n, padding = line.decode().split(" ")
            assert padding in ("", "x" * 500)
            found.setdefault(name, []).append(int(n))
        for name, last in promised.items():
            assert found[name] == list(range(len(found[name])))
            assert len(found[name]) > last
        assert found["afterwards"] == [0]


def test_a_closed_log_is_unavailable(opener: Opener) -> None:
    log = opener()
    log.append([(0, b"line")])
    log.close()
    for call in (
        lambda: log.append([(0, b"line")]),
        lambda: log.read(0, 0, 100),
        lambda: log.start(0),
        lambda: log.end(0),
        lambda: log.ends(),
        lambda: log.count(0, 0, 0),
    ):
        with pytest.raises(LogUnavailable):
            call()


def test_opening_with_another_number_of_partitions_says_which_it_has(place: Place, opener: Opener) -> None:
    opener()
    other = KafkaLog if place.kind == "kafka" else FileLog
    where = place.where.split() if place.kind == "kafka" else [Path(place.where)]
    with pytest.raises(PartitionsDiffer, match="has 3 partitions, 8 were asked for"):
        other(*where, 8)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="at least one partition"):
        other(*where, 0)  # type: ignore[arg-type]
