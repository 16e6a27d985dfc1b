"""How far the figures are behind the log: measured once a second beside the flow, so that it is also told while the flow waits."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from flows import metrics
from flows.decode import decode
from ingest.log.log import EventLog, LogUnavailable, OffsetOutOfRange

EVERY_SECONDS = 1.0
UNKNOWN = float("nan")
_FIRST_BYTES = 1 << 16


@dataclass
class _Partition:
    committed: int
    committed_at: int | None = None  # epoch ms of the last commit of this run
    as_of: int | None = None
    waiting_since: int | None = None  # when records were first noticed that were not even read
    read: deque[tuple[int, int]] = field(
        default_factory=deque
    )  # (upto, when its first record was received), not committed


class Lag:
    """Gauges of the partitions that this process reads. Safe for many threads."""

    def __init__(self, log: EventLog, clock: Callable[[], int]) -> None:
        """`clock` tells epoch milliseconds."""
        self._log, self._clock = log, clock
        self._lock = threading.Lock()
        self._partitions: dict[int, _Partition] = {}

    def opened(self, partition: int, committed: int) -> None:
        """A partition is read from here on."""
        with self._lock:
            self._partitions[partition] = _Partition(committed)

    def read(self, partition: int, upto: int, received_at: int) -> None:
        """Records up to an offset were read; the first of them was received then (epoch ms)."""
        with self._lock:
            self._partitions[partition].read.append((upto, received_at))

    def committed(self, partition: int, to_offset: int, as_of: int) -> None:
        """A commit is written: everything up to an offset, and received until `as_of` (epoch ms)."""
        with self._lock:
            known = self._partitions.setdefault(partition, _Partition(to_offset))
            known.committed, known.committed_at, known.as_of = to_offset, self._clock(), as_of
            while known.read and known.read[0][0] <= to_offset:
                known.read.popleft()

    def measure(self) -> None:
        """Set the gauges."""
        with self._lock:
            partitions = sorted(self._partitions)
        try:
            ends = self._log.ends() if partitions else []
        except LogUnavailable:
            ends = []
        for partition in partitions:
            self._measure(partition, ends[partition] if ends else None)

    def watch(self) -> None:
        """Measure every second from now on, in a thread that ends with the process."""
        pause = threading.Event()

        def run() -> None:
            while not pause.wait(EVERY_SECONDS):
                self.measure()

        threading.Thread(target=run, name="lag", daemon=True).start()

    def _measure(self, partition: int, end: int | None) -> None:
        now, label = self._clock(), str(partition)
        with self._lock:
            known = self._partitions[partition]
            committed, committed_at, as_of = known.committed, known.committed_at, known.as_of
            if end is None or end <= committed:
                known.waiting_since = None
            elif known.waiting_since is None:
                known.waiting_since = now
            oldest = known.read[0][1] if known.read else known.waiting_since
        events, seconds = UNKNOWN, UNKNOWN
        if end is not None and end <= committed:
            events, seconds = 0.0, 0.0
        elif end is not None:
            seconds = _age(now, oldest)
            with contextlib.suppress(LogUnavailable, OffsetOutOfRange):
                events = float(self._log.count(partition, committed, end))
        metrics.LAG_EVENTS.labels(label).set(events)
        metrics.LAG_SECONDS.labels(label).set(seconds)
        metrics.CHECKPOINT_AGE.labels(label).set(_age(now, committed_at))
        metrics.FRESHNESS.labels(label).set(_age(now, as_of))


def backlog(log: EventLog, partition: int, committed: int) -> tuple[int, int | None]:
    """Records after a commit, and when the oldest of the first ones that are events was received (epoch ms; None: no event).

    For who looks from outside the flow. Raises LogUnavailable and OffsetOutOfRange.
    """
    end = log.ends()[partition]
    if end <= committed:
        return 0, None
    first = log.read(partition, committed, _FIRST_BYTES)
    events = decode(first.lines, first.offsets).events["received_at"]
    return log.count(partition, committed, end), int(events[0].as_py()) if len(events) else None


def _age(now: int, then: int | None) -> float:
    return UNKNOWN if then is None else max(0, now - then) / 1000
