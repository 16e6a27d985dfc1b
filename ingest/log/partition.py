"""One partition of the file log: segment files, appended under a lock that all processes share.

    00000000000000000000.log     the partition's bytes from 0 on, JSON lines
    00000000000268435500.log     ... from 268,435,500 on; a segment is named by the position of its first byte
    position                     how far the bytes are durable, and the segment written to

A record's offset is the position of the byte after its newline. A writer holds the lock (flock on `position`), writes,
syncs, and only then moves `position`: readers go no further, so what they saw can't be taken back. `position` itself
is not synced: after a loss of power it may be behind the segments, never ahead, and whoever opens the partition first
moves it up over every whole line and cuts off the torn one. The same happens after a writer was killed.
"""

import bisect
import errno
import fcntl
import itertools
import os
import struct
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import numpy as np

from ingest.log.line_count import LineCount
from ingest.log.log import Block, LogUnavailable, OffsetOutOfRange

_POSITION: Final = struct.Struct("<QQQQ")  # end, base of the segment written to, and both again: a torn read shows
_NEWLINE: Final = 10
_SCAN_BYTES: Final = 1 << 20


class Partition:
    """The files of one partition. One thread of a process appends at a time; any number of threads read."""

    def __init__(self, directory: Path, segment_bytes: int) -> None:
        self._directory = directory
        self._segment_bytes = segment_bytes
        self._bases: list[int] = []  # of the segments, as last listed
        self._lines = LineCount(self._newlines)
        if not directory.exists():
            directory.mkdir(exist_ok=True)
            sync_directory(directory.parent)
        self._position = os.open(directory / "position", os.O_RDWR | os.O_CREAT, 0o644)
        self._segment = -1  # descriptor of the segment written to, and its base
        self._segment_base = -1
        with self._locked():
            self._settle()

    def append(self, text: bytes) -> None:
        """Whole lines, durable on return. Raises OSError; then nothing of them is ever read."""
        with self._locked():
            end, base = self._read_position()
            if not self._is_open(base) or os.fstat(self._segment).st_size != end - base:
                self._settle()  # another process moved on to a new segment, or was killed while it wrote
                end, base = self._read_position()
            if end - base >= self._segment_bytes:
                base = end
                self._open_segment(base)
                self._move(end, base)
            try:
                self._write(text, end - base)
                os.fdatasync(self._segment)
            except OSError:
                os.ftruncate(self._segment, end - base)
                raise
            self._move(end + len(text), base)

    def start(self) -> int:
        self._bases = self._listed()
        return self._bases[0]

    def end(self) -> int:
        return self._read_position()[0]

    def read(self, offset: int, max_bytes: int) -> Block:
        end = self.end()
        if offset < 0 or offset > end:
            raise OffsetOutOfRange(f"{self._directory.name}: offset {offset} is beyond the end, {end}")
        if offset == end:
            if offset < self.start():
                raise OffsetOutOfRange(f"{self._directory.name}: offset {offset} was trimmed away")
            return Block(b"", np.empty(0, np.int64), offset)
        wanted = max(max_bytes, 1)
        while True:
            text = self._bytes(offset, min(wanted, end - offset))
            whole = text.rfind(b"\n") + 1
            if whole:
                lines = text[:whole]
                ends = np.flatnonzero(np.frombuffer(lines, np.uint8) == _NEWLINE).astype(np.int64)
                return Block(lines, ends + (offset + 1), offset + whole)
            if len(text) < min(wanted, end - offset):
                raise LogUnavailable(f"{self._directory}: no whole line at {offset}; the segment file was changed")
            wanted *= 4  # one record larger than asked for

    def count(self, after: int, upto: int) -> int:
        if upto > self.end():
            raise OffsetOutOfRange(f"{self._directory.name}: offset {upto} is beyond the end, {self.end()}")
        return self._lines.between(after, upto) if after < upto else 0

    def replace(self, lines: Sequence[tuple[int, bytes, bytes]]) -> None:
        """Writes over lines, each (offset, what stands there, as long a line to stand there instead), durable on return.

        A reader may see a line half written over, but nothing of its neighbours. Segments keep the time they were last
        written at, which `trim` asks for. A line that was trimmed away meanwhile is left out. Raises ValueError where something
        else stands, and OSError; the lines before have been replaced then, and all may be given again.
        """
        bases = self._bases = self._listed()
        with ExitStack() as files:
            segments: dict[int, int] = {}
            for offset, old, new in sorted(lines):
                if len(old) != len(new) or b"\n" in new:
                    raise ValueError("a line is replaced by one of the same length")
                begin = offset - 1 - len(old)
                if begin < bases[0]:
                    continue
                base = bases[bisect.bisect_right(bases, begin) - 1]
                if base not in segments:
                    segments[base] = os.open(self._path(base), os.O_RDWR)
                    files.callback(self._finish, segments[base], os.fstat(segments[base]))
                stands = os.pread(segments[base], len(old) + 1, begin - base)
                if stands not in (old + b"\n", new + b"\n") or offset > self.end():
                    raise ValueError(f"{self._directory.name}: another line ends at {offset}")
                if os.pwrite(segments[base], new, begin - base) != len(new):
                    raise OSError(errno.EIO, "a line was written in part")

    @staticmethod
    def _finish(segment: int, before: os.stat_result) -> None:
        try:
            os.utime(segment, ns=(before.st_atime_ns, before.st_mtime_ns))
            os.fsync(segment)
        finally:
            os.close(segment)

    def trim(self, before_offset: int, written_before: float | None) -> int:
        """Deletes whole segments that end at or before `before_offset` and, if told, were last written before that
        time (epoch seconds); the one written to stays. Returns the new start."""
        with self._locked():
            bases = self._listed()
            for base, following in itertools.pairwise(bases):
                path = self._path(base)
                if following > before_offset or (written_before is not None and path.stat().st_mtime >= written_before):
                    break
                path.unlink()
            sync_directory(self._directory)
        return self.start()

    def close(self) -> None:
        for descriptor in (self._segment, self._position):
            if descriptor >= 0:
                os.close(descriptor)
        self._segment = self._position = -1

    # writing, under the lock

    @contextmanager
    def _locked(self) -> Iterator[None]:
        fcntl.flock(self._position, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._position, fcntl.LOCK_UN)

    def _settle(self) -> None:
        """Makes segments and `position` agree: whole lines are kept, a torn one is cut off."""
        bases = self._listed()
        if not bases:
            self._open_segment(0)
            self._move(0, 0)
            return
        base = bases[-1]
        end, known_base = self._known_position()
        self._open_segment(base)
        size = os.fstat(self._segment).st_size
        if known_base != base:
            end = base  # nothing is known of the newest segment: look at all of it
        if end > base + size:
            raise LogUnavailable(
                f"{self._path(base)}: {base + size:,} bytes are there, {end:,} were promised; "
                "restore the file, or delete `position` beside it to go on without the rest"
            )
        if end < base + size:
            end += self._whole_lines(end - base)
            os.ftruncate(self._segment, end - base)
            os.fdatasync(self._segment)
        self._move(end, base)

    def _whole_lines(self, begin: int) -> int:
        """Length of the whole lines from `begin` on in the open segment; zeros, left by a loss of power, end them."""
        whole = seen = 0
        while text := os.pread(self._segment, _SCAN_BYTES, begin + seen):
            zero = text.find(b"\0")
            if zero >= 0:
                text = text[:zero]
            newline = text.rfind(b"\n")
            if newline >= 0:
                whole = seen + newline + 1
            if zero >= 0:
                break
            seen += len(text)
        return whole

    def _write(self, text: bytes, at: int) -> None:
        rest = memoryview(text)
        while rest:
            written = os.pwrite(self._segment, rest, at)
            at += written
            rest = rest[written:]

    def _is_open(self, base: int) -> bool:
        return self._segment >= 0 and self._segment_base == base

    def _open_segment(self, base: int) -> None:
        if self._is_open(base):
            return
        path = self._path(base)
        made = not path.exists()
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        if made:
            sync_directory(self._directory)
        if self._segment >= 0:
            os.close(self._segment)
        self._segment, self._segment_base = descriptor, base

    # the position

    def _move(self, end: int, base: int) -> None:
        os.pwrite(self._position, _POSITION.pack(end, base, end, base), 0)

    def _known_position(self) -> tuple[int, int]:
        """End and base as last moved to; (0, -1) where `position` is new or damaged."""
        text = os.pread(self._position, _POSITION.size, 0)
        if len(text) != _POSITION.size:
            return 0, -1
        end, base, end_again, base_again = _POSITION.unpack(text)
        return (end, base) if (end, base) == (end_again, base_again) and base <= end else (0, -1)

    def _read_position(self) -> tuple[int, int]:
        for _ in range(1000):
            end, base = self._known_position()
            if base >= 0:
                return end, base
        raise LogUnavailable(f"{self._directory / 'position'} can't be read; open the log again to mend it")

    # reading

    def _bytes(self, offset: int, length: int) -> bytes:
        """Up to `length` bytes from `offset`, out of one segment."""
        text = self._bytes_of_listed(offset, length)
        if not text:
            self._bases = self._listed()
            text = self._bytes_of_listed(offset, length)
        return text

    def _bytes_of_listed(self, offset: int, length: int) -> bytes:
        bases = self._bases
        if not bases:
            return b""
        if offset < bases[0]:
            raise OffsetOutOfRange(f"{self._directory.name}: offset {offset} was trimmed away, {bases[0]} is the start")
        base = bases[bisect.bisect_right(bases, offset) - 1]
        try:
            descriptor = os.open(self._path(base), os.O_RDONLY)
        except FileNotFoundError:
            self._bases = []
            return b""
        try:
            parts, missing = [], length
            while missing and (part := os.pread(descriptor, missing, offset - base + length - missing)):
                parts.append(part)
                missing -= len(part)
        finally:
            os.close(descriptor)
        return b"".join(parts)

    def _newlines(self, begin: int, end: int) -> int:
        found = 0
        while begin < end:
            text = self._bytes(begin, min(_SCAN_BYTES, end - begin))
            if not text:
                raise LogUnavailable(f"{self._directory}: nothing at {begin}; the segment file was changed")
            found += text.count(b"\n")
            begin += len(text)
        return found

    def _listed(self) -> list[int]:
        return sorted(int(path.stem) for path in self._directory.glob("*.log"))

    def _path(self, base: int) -> Path:
        return self._directory / f"{base:020d}.log"


def sync_directory(directory: Path) -> None:
    """Makes the names in a directory durable: new, renamed and deleted files."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
