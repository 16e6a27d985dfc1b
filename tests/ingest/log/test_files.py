"""What only the file log must do: what lies on the disk after kills, full disks and lost power."""

import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ingest.log import FileLog, LogUnavailable, OffsetOutOfRange
from ingest.log.files import PartitionsDiffer
from ingest.log.partition import Partition

FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from ingest.log import FileLog, LogUnavailable

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
log = FileLog(Path(sys.argv[1]), 1)
log.append([(0, b"first")])
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, resource.RLIM_INFINITY))
try:
    log.append([(0, b"line %d" % n) for n in range(500)])
except LogUnavailable as error:
    print(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(log.read(0, 0, 10_000).lines)
log.append([(0, b"second")])
print(log.read(0, 0, 10_000).lines)
"""


@pytest.fixture
def open_log(tmp_path: Path) -> Callable[..., FileLog]:
    return lambda partitions=1, segment_bytes=1 << 28: FileLog(tmp_path / "log", partitions, segment_bytes)


def segments(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "log" / "partition-00000").glob("*.log"))


def text_of(log: FileLog, offset: int | None = None) -> bytes:
    text, at = b"", log.start(0) if offset is None else offset
    while (block := log.read(0, at, 100)).lines:
        text, at = text + block.lines, block.next_offset
    return text


def test_the_offset_of_a_record_is_where_its_line_ends(open_log: Callable[..., FileLog]) -> None:
    log = open_log()
    log.append([(0, b"abc"), (0, b"defgh")])
    assert log.read(0, 0, 100).offsets.tolist() == [4, 10]


@pytest.mark.parametrize("torn", [b"torn", b"torn" * 1_000_000, b"\0" * 100, b"whole\n\0\0\0", b"half\0\0\n"])
@pytest.mark.parametrize("opened_again", [True, False])
def test_a_torn_tail_is_never_read_and_gone_with_the_next_append(
    open_log: Callable[..., FileLog], tmp_path: Path, torn: bytes, opened_again: bool
) -> None:
    log = open_log()
    log.append([(0, b"one")])
    with segments(tmp_path)[0].open("ab") as file:
        file.write(torn)
    assert text_of(log) == b"one\n"
    if opened_again:
        log = open_log()
    log.append([(0, b"two")])
    kept = b"whole\n" if torn.startswith(b"whole") else b""
    assert text_of(log) == b"one\n" + kept + b"two\n"
    assert segments(tmp_path)[0].read_bytes() == text_of(log)


@pytest.mark.parametrize("position", [b"", b"\0" * 32, b"damaged", b"\1" * 32])
def test_a_lost_position_is_found_again_from_the_segments(
    open_log: Callable[..., FileLog], tmp_path: Path, position: bytes
) -> None:
    log = open_log(1, 20)
    for n in range(10):
        log.append([(0, f"line {n}".encode())])
    before = text_of(log)
    log.close()
    (tmp_path / "log" / "partition-00000" / "position").write_bytes(position)
    again = open_log(1, 20)
    assert text_of(again) == before
    assert again.end(0) == len(before)


def test_a_position_that_fell_behind_moves_up_over_the_whole_lines(
    open_log: Callable[..., FileLog], tmp_path: Path
) -> None:
    path = tmp_path / "log" / "partition-00000" / "position"
    log = open_log(1, 20)
    log.append([(0, b"one")])
    behind = path.read_bytes()
    for n in range(10):
        log.append([(0, f"line {n}".encode())])
    before = text_of(log)
    log.close()
    path.write_bytes(behind)
    assert text_of(open_log(1, 20)) == before


def test_a_segment_shorter_than_promised_is_an_error_that_says_what_to_do(
    open_log: Callable[..., FileLog], tmp_path: Path
) -> None:
    log = open_log()
    log.append([(0, b"one"), (0, b"two")])
    segments(tmp_path)[0].write_bytes(b"one\n")
    with pytest.raises(LogUnavailable, match="restore the file"):
        log.append([(0, b"three")])
    with pytest.raises(LogUnavailable, match="restore the file"):
        open_log()


def test_a_segment_killed_before_its_first_line_is_used_by_the_next_writer(
    open_log: Callable[..., FileLog], tmp_path: Path
) -> None:
    log = open_log(1, 4)
    log.append([(0, b"one")])
    (tmp_path / "log" / "partition-00000" / f"{4:020d}.log").touch()
    log.append([(0, b"two")])
    assert text_of(log) == b"one\ntwo\n"
    assert [path.name for path in segments(tmp_path)] == [f"{0:020d}.log", f"{4:020d}.log"]


def test_segments_are_named_by_the_position_they_begin_at(open_log: Callable[..., FileLog], tmp_path: Path) -> None:
    log = open_log(1, 10)
    for _ in range(5):
        log.append([(0, b"12345")])
    assert [int(path.stem) for path in segments(tmp_path)] == [0, 12, 24]


def test_a_full_disk_is_told_and_leaves_nothing_of_the_batch(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path / "log")], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert "could not be written" in told[0]
    assert told[1:] == [repr(b"first\n"), repr(b"first\nsecond\n")]


def test_opening_with_another_number_of_partitions_says_which_it_has(open_log: Callable[..., FileLog]) -> None:
    open_log(4)
    with pytest.raises(PartitionsDiffer, match="has 4 partitions, 8 were asked for"):
        open_log(8)


def test_a_log_that_exists_knows_its_partitions(open_log: Callable[..., FileLog], tmp_path: Path) -> None:
    open_log(5)
    assert FileLog(tmp_path / "log").partitions == 5
    with pytest.raises(FileNotFoundError):
        FileLog(tmp_path / "elsewhere")


def test_a_directory_that_can_not_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LogUnavailable):
        FileLog(tmp_path / "file" / "log", 1)


def test_a_closed_log_is_unavailable(open_log: Callable[..., FileLog]) -> None:
    log = open_log()
    log.close()
    log.close()
    for call in (lambda: log.append([(0, b"x")]), lambda: log.read(0, 0, 1), lambda: log.end(0), lambda: log.start(0)):
        with pytest.raises(LogUnavailable):
            call()


def test_trimming_deletes_whole_segments_below_an_offset_and_keeps_the_newest(
    open_log: Callable[..., FileLog], tmp_path: Path
) -> None:
    log, reader = open_log(1, 10), open_log(1, 10)
    for n in range(10):
        log.append([(0, b"line%d" % n)])
    assert text_of(reader).startswith(b"line0")
    assert log.trim(0, 11) == 0
    assert log.trim(0, 13) == 12
    assert text_of(reader) == b"".join(b"line%d\n" % n for n in range(2, 10))
    with pytest.raises(OffsetOutOfRange):
        reader.read(0, 0, 100)
    assert log.trim(0, log.end(0)) == 48
    assert text_of(reader) == b"line8\nline9\n"
    log.append([(0, b"more")])
    assert text_of(reader, 60) == b"more\n"


def test_trimming_by_age_keeps_what_was_written_since(open_log: Callable[..., FileLog], tmp_path: Path) -> None:
    log = open_log(1, 5)
    for _ in range(4):
        log.append([(0, b"12345")])
    written = segments(tmp_path)[1].stat().st_mtime
    assert log.trim(0, log.end(0), written_before=0) == 0
    assert log.trim(0, log.end(0), written_before=written + 3600) == 18


def test_threads_share_a_sync(open_log: Callable[..., FileLog], monkeypatch: pytest.MonkeyPatch) -> None:
    log = open_log()
    writes: list[int] = []
    first_is_writing, go_on = threading.Event(), threading.Event()
    write = Partition.append

    def slow(partition: Partition, text: bytes) -> None:
        writes.append(text.count(b"\n"))
        first_is_writing.set()
        go_on.wait(30)
        write(partition, text)

    monkeypatch.setattr(Partition, "append", slow)
    with ThreadPoolExecutor(9) as pool:
        futures = [pool.submit(log.append, [(0, b"first")])]
        first_is_writing.wait(30)
        futures += [pool.submit(log.append, [(0, b"%d" % n)]) for n in range(8)]
        while len(log._waiting) < 8:
            first_is_writing.wait(0.001)
        go_on.set()
        for future in futures:
            future.result()
    assert writes == [1, 8]
    assert text_of(log).count(b"\n") == 9


def test_a_partition_that_fails_fails_only_the_batches_that_touch_it(
    open_log: Callable[..., FileLog], monkeypatch: pytest.MonkeyPatch
) -> None:
    log = open_log(2)
    write = Partition.append

    def broken(partition: Partition, text: bytes) -> None:
        if b"fails" in text:
            raise OSError(28, "No space left on device")
        write(partition, text)

    monkeypatch.setattr(Partition, "append", broken)
    with pytest.raises(LogUnavailable, match="No space left"):
        log.append([(0, b"good"), (1, b"fails")])
    log.append([(0, b"better")])
    assert text_of(log) == b"good\nbetter\n"


def test_a_line_is_replaced_in_its_place_and_nothing_else_moves(
    open_log: Callable[..., FileLog], tmp_path: Path
) -> None:
    log = open_log(1, 20)
    for n in range(8):
        log.append([(0, b"line %d" % n)])
    old = [path.stat().st_mtime_ns for path in segments(tmp_path)]
    assert len(old) > 2
    end = log.end(0)
    lines = [(7 * n + 7, b"line %d" % n, b"gone %d" % n) for n in (0, 2, 3, 7)]
    log.replace(0, lines)
    told = b"".join(b"%s %d\n" % (b"gone" if n in (0, 2, 3, 7) else b"line", n) for n in range(8))
    assert (text_of(log), log.end(0)) == (told, end)
    assert text_of(open_log(1, 20)) == told
    assert [path.stat().st_mtime_ns for path in segments(tmp_path)] == old
    log.replace(0, lines)  # again, as after a crash
    log.append([(0, b"next")])
    assert text_of(log) == told + b"next\n"


@pytest.mark.parametrize(
    ("offset", "old", "new"),
    [
        (4, b"abc", b"toolong"),
        (4, b"abd", b"xyz"),
        (4, b"bc", b"yz\n"),
        (5, b"abc", b"xyz"),
        (11, b"late", b"late"),
        (12, b"abcd", b"wxyz"),
    ],
)
def test_only_the_line_that_was_named_is_replaced(
    open_log: Callable[..., FileLog], offset: int, old: bytes, new: bytes
) -> None:
    log = open_log()
    log.append([(0, b"abc"), (0, b"defgh")])
    with pytest.raises(ValueError, match=r"same length|another line"):
        log.replace(0, [(offset, old, new)])
    assert text_of(log) == b"abc\ndefgh\n"


def test_a_line_that_was_trimmed_away_needs_no_replacing(open_log: Callable[..., FileLog]) -> None:
    log = open_log(1, 4)
    for text in (b"abc", b"def", b"ghi"):
        log.append([(0, text)])
    log.trim(0, 8)
    log.replace(0, [(4, b"abc", b"xyz"), (12, b"ghi", b"xyz")])
    assert text_of(log) == b"xyz\n"
