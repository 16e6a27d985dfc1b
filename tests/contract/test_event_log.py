"""What every event log must do. A second implementation is one more parameter of `opener`."""

import multiprocessing
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from ingest.log import Block, EventLog, FileLog, OffsetOutOfRange

Opener = Callable[[], EventLog]
PARTITIONS = 3

APPENDER = """
import sys
from pathlib import Path
from ingest.log import FileLog

log = FileLog(Path(sys.argv[1]), 3, segment_bytes=20_000)
for n in range(1_000_000):
    log.append([(partition, f"{sys.argv[2]} {n} ".encode() + b"x" * 500) for partition in range(3)])
    print(n, flush=True)
"""


@pytest.fixture(params=["files", "files in small segments"])
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opener]:
    """Opens the same log again and again, each time as another process would."""
    opened: list[EventLog] = []

    def open_log() -> EventLog:
        segment_bytes = 1_000 if request.param == "files in small segments" else 1 << 28
        opened.append(FileLog(tmp_path / "log", PARTITIONS, segment_bytes=segment_bytes))
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
    for position, offset in enumerate(seen):
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


def _append_from_a_process(directory: Path, worker: int, segment_bytes: int) -> None:
    log = FileLog(directory, PARTITIONS, segment_bytes=segment_bytes)
    for n in range(60):
        log.append([(n % PARTITIONS, f"{worker} {n}".encode())])
    log.close()


@pytest.mark.parametrize("segment_bytes", [200, 1 << 28])
def test_processes_that_append_at_once_lose_nothing_and_keep_their_own_order(
    tmp_path: Path, segment_bytes: int
) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [
        context.Process(target=_append_from_a_process, args=(tmp_path / "log", worker, segment_bytes))
        for worker in range(3)
    ]
    for process in workers:
        process.start()
    for process in workers:
        process.join(60)
        assert process.exitcode == 0
    log = FileLog(tmp_path / "log")
    for partition in range(PARTITIONS):
        pairs = [line.split() for line in lines(log, partition)]
        for worker in range(3):
            numbers = [int(n) for who, n in pairs if int(who) == worker]
            assert numbers == [n for n in range(60) if n % PARTITIONS == partition]
    log.close()


def test_a_killed_appender_loses_nothing_it_was_promised_and_leaves_no_torn_line(tmp_path: Path) -> None:
    directory = tmp_path / "log"
    promised: dict[str, int] = {}
    for life in range(4):
        name = f"life{life}"
        with subprocess.Popen(
            [sys.executable, "-c", APPENDER, str(directory), name], stdout=subprocess.PIPE, text=True
        ) as appender:
            assert appender.stdout is not None
            assert appender.stdout.readline() == "0\n"
            time.sleep(0.05 + 0.03 * life)
            appender.send_signal(signal.SIGKILL)
            promised[name] = max(
                [0, *(int(line) for line in appender.stdout.read().splitlines(True) if line[-1] == "\n")]
            )
    log = FileLog(directory, 3, segment_bytes=20_000)
    log.append([(partition, b"afterwards 0 ") for partition in range(3)])
    for partition in range(3):
        found: dict[str, list[int]] = {}
        for line in lines(log, partition, max_bytes=50_000):
            name, n, padding = line.decode().split(" ")
            assert padding in ("", "x" * 500)
            found.setdefault(name, []).append(int(n))
        for name, last in promised.items():
            assert found[name] == list(range(len(found[name])))
            assert len(found[name]) > last
        assert found["afterwards"] == [0]
    log.close()
