"""The event log as append-only files in one directory: a directory a partition (partition.py), and `log.json`."""

import contextlib
import fcntl
import json
import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from ingest.log.log import Block, LogUnavailable, PartitionsDiffer
from ingest.log.partition import Partition, sync_directory

SEGMENT_BYTES: Final = 256 * 1024 * 1024
_SYNC_THREADS: Final = 8


class _Batch:
    """The records of one `append`, waiting for the thread that writes."""

    __slots__ = ("done", "error", "texts")

    def __init__(self, texts: dict[int, bytes]) -> None:
        self.texts = texts  # partition -> its lines
        self.done = False
        self.error: OSError | LogUnavailable | None = LogUnavailable("the writer was interrupted")


class FileLog:
    """`EventLog` on files; several processes may open one directory.

    Threads that append at the same time share one write and one sync a partition: the first becomes the writer and
    takes what has gathered by then; the others wait and mostly find their records written when it is their turn.
    """

    def __init__(self, directory: Path, partitions: int | None = None, segment_bytes: int = SEGMENT_BYTES) -> None:
        """Opens the log in `directory`, or makes it there. `partitions` may be left out for a log that exists.

        Raises PartitionsDiffer, FileNotFoundError (no log, and no `partitions` told), and LogUnavailable.
        """
        self._gathering = threading.Lock()
        self._writing = threading.Lock()
        self._waiting: list[_Batch] = []
        self._closed = False
        try:
            count = _made_or_found(directory, partitions)
            self._partitions = [Partition(directory / f"partition-{n:05d}", segment_bytes) for n in range(count)]
        except FileNotFoundError:
            raise
        except OSError as error:
            raise LogUnavailable(f"{directory}: {error.strerror}") from error
        self._pool = ThreadPoolExecutor(min(_SYNC_THREADS, count), "event-log")

    @property
    def partitions(self) -> int:
        return len(self._partitions)

    def append(self, records: Sequence[tuple[int, bytes]]) -> None:
        if not records:
            return
        batch = _Batch(self._texts(records))
        with self._gathering:
            self._waiting.append(batch)
        with self._writing:
            if not batch.done:
                with self._gathering:
                    gathered, self._waiting = self._waiting, []
                self._write(gathered)
        if batch.error is not None:
            raise LogUnavailable(f"the event log could not be written: {batch.error}") from batch.error

    def read(self, partition: int, offset: int, max_bytes: int) -> Block:
        with self._as_unavailable():
            return self._partitions[partition].read(offset, max_bytes)

    def start(self, partition: int) -> int:
        with self._as_unavailable():
            return self._partitions[partition].start()

    def end(self, partition: int) -> int:
        with self._as_unavailable():
            return self._partitions[partition].end()

    def ends(self) -> Sequence[int]:
        with self._as_unavailable():
            return [partition.end() for partition in self._partitions]

    def count(self, partition: int, after: int, upto: int) -> int:
        with self._as_unavailable():
            return self._partitions[partition].count(after, upto)

    def trim(self, partition: int, before_offset: int, written_before: float | None = None) -> int:
        """Deletes what is no longer needed: whole segments that end at or before `before_offset` and, if told, were
        last written before that time (epoch seconds). The newest segment stays. Returns the new start."""
        with self._writing, self._as_unavailable():
            return self._partitions[partition].trim(before_offset, written_before)

    def replace(self, partition: int, lines: Sequence[tuple[int, bytes, bytes]]) -> None:
        """Writes over records, each (its offset, its line, a line of the same length to stand in its place), durable on return.

        Offsets stay as they are. For records that every reader has passed: one who reads just then may see a line half written
        over. Raises ValueError where another line stands, and LogUnavailable; all may be given again then.
        """
        with self._as_unavailable():
            self._partitions[partition].replace(lines)

    def close(self) -> None:
        with self._writing:
            if not self._closed:
                self._closed = True
                self._pool.shutdown()
                for partition in self._partitions:
                    partition.close()

    def _texts(self, records: Sequence[tuple[int, bytes]]) -> dict[int, bytes]:
        lines: dict[int, list[bytes]] = {}
        for partition, line in records:
            if not line or b"\n" in line:
                raise ValueError("a record of the event log is one line, not empty, without a newline")
            if not 0 <= partition < len(self._partitions):
                raise ValueError(f"partition {partition} of {len(self._partitions)}")
            lines.setdefault(partition, []).append(line)
        return {partition: b"\n".join(of_partition) + b"\n" for partition, of_partition in lines.items()}

    def _write(self, batches: list[_Batch]) -> None:
        """Writes all batches, each partition in one go, partitions side by side; marks every batch done or failed."""
        of_partition: dict[int, list[_Batch]] = {}
        for batch in batches:
            for partition in batch.texts:
                of_partition.setdefault(partition, []).append(batch)
        try:
            if len(of_partition) == 1 or self._closed:
                outcomes = [self._write_one(part) for part in of_partition.items()]
            else:
                outcomes = list(self._pool.map(self._write_one, of_partition.items()))
            failed = dict(zip(of_partition, outcomes, strict=True))
            for batch in batches:
                batch.error = next((failed[partition] for partition in batch.texts if failed[partition]), None)
        finally:
            for batch in batches:
                batch.done = True

    def _write_one(self, part: tuple[int, list[_Batch]]) -> OSError | LogUnavailable | None:
        partition, batches = part
        if self._closed:
            return LogUnavailable("it is closed")
        try:
            self._partitions[partition].append(b"".join(batch.texts[partition] for batch in batches))
        except (OSError, LogUnavailable) as error:
            return error
        return None

    @contextlib.contextmanager
    def _as_unavailable(self) -> Iterator[None]:
        if self._closed:
            raise LogUnavailable("the event log is closed")
        try:
            yield
        except OSError as error:
            raise LogUnavailable(f"the event log could not be read: {error}") from error


def _made_or_found(directory: Path, partitions: int | None) -> int:
    """The number of partitions of the log in `directory`; makes `log.json` where there is none."""
    about = directory / "log.json"
    if partitions is None:
        if not about.exists():
            raise FileNotFoundError(f"no event log in {directory}")
        return int(json.loads(about.read_text())["partitions"])
    if partitions < 1:
        raise ValueError("an event log has at least one partition")
    for missing in reversed([path for path in (directory, *directory.parents) if not path.exists()]):
        missing.mkdir(exist_ok=True)
        sync_directory(missing.parent)
    lock = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not about.exists():
            draft = directory / "log.json.draft"
            with draft.open("w") as file:
                json.dump({"format": 1, "partitions": partitions}, file)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(about)
            sync_directory(directory)
    finally:
        os.close(lock)
    found = int(json.loads(about.read_text())["partitions"])
    if found != partitions:
        raise PartitionsDiffer(
            f"the event log in {directory} has {found} partitions, {partitions} were asked for; "
            f"set the number back to {found}, or start with an empty directory"
        )
    return found
