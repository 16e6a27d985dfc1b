"""Bytewax source: the event log, decoded, a block of one partition at a time, and a tick when there is nothing to read."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition

from flows.cadence import due
from flows.lag import Lag
from flows.lost import gap, refusal
from flows.patience import WAITS
from flows.read_ahead import Read, Reader
from ingest.log.log import EventLog, LogUnavailable, OffsetOutOfRange

IDLE_SECONDS = 0.05
TICK_MILLISECONDS = 100

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
"""When a partition wants to be asked again. Bytewax compares it with the wall clock: were it a time to come, a clock that is
set back by an hour would silence the partition for an hour. So the waiting is done here."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Pull:
    """What was read of a partition at `now`; without records it is a tick. `start`: where this run began to read.

    `as_of` (epoch ms): everything received until then has been read.
    """

    partition: int
    start: int
    read: Read
    now: int  # epoch ms
    as_of: int


class Rest:
    """The rest of one worker: it sleeps while none of its partitions has anything to read."""

    def __init__(self, steady: Callable[[], float], sleep: Callable[[float], None]) -> None:
        """`steady` tells seconds that only ever grow."""
        self._steady, self._sleep = steady, sleep
        self._wanted: dict[int, float] = {}

    def ask_again(self, partition: int, seconds: float) -> None:
        """Say that a partition is to be read in so many seconds, 0 for at once."""
        self._wanted[partition] = self._steady() + seconds if seconds else 0.0

    def over(self, partition: int) -> bool:
        """Whether it is this partition's turn. Sleeps until it is one's."""
        wanted = self._wanted.get(partition, 0.0)
        if wanted:
            pause = min(self._wanted.values()) - self._steady()
            if pause > 0:
                self._sleep(pause)
        return wanted <= self._steady()


class _LogPartition(StatefulSourcePartition[Pull, int]):
    def __init__(self, number: int, start: int, source: LogSource, rest: Rest) -> None:
        self._number, self._start, self._offset = number, start, start
        self._source, self._rest = source, rest
        rest.ask_again(number, 0)
        self._told_at = 0
        self._as_of: int | None = None  # None: nothing has been read yet, and so nothing is known
        self._away = False

    def next_batch(self) -> list[Pull]:
        if not self._rest.over(self._number):
            return []
        asked_at = self._source.clock()
        read = self._read()
        now = self._source.clock()
        idle = read is None or not read.stretches
        self._rest.ask_again(self._number, IDLE_SECONDS if idle else 0)
        if read is not None:
            self._as_of = as_of(read, asked_at, self._as_of)
        if self._as_of is None or (idle and not due(now, self._told_at, TICK_MILLISECONDS)):
            return []
        read = read or Read.nothing(self._offset)  # while the log is away, so that windows go on to run out
        self._told_at, self._offset = now, read.next_offset
        return [Pull(self._number, self._start, read, now, self._as_of)]

    def _read(self) -> Read | None:
        """The next block, or None while the log is away. Raises `RecordsLost`."""
        try:
            read = self._source.read(self._number, self._offset)
        except LogUnavailable as error:
            if not self._away:
                log.warning("waiting", what="read the log", partition=self._number, error=str(error))
                WAITS.begin("log", "away")
            self._away = True
            return None
        if self._away:
            log.info("back to work", what="read the log", partition=self._number)
            WAITS.end("log", "away")
        self._away = False
        return read

    def next_awake(self) -> datetime:
        return LONG_AGO

    def snapshot(self) -> int:
        return self._offset

    def close(self) -> None:
        if self._away:
            WAITS.end("log", "away")
        self._away = False


def as_of(read: Read, asked_at: int, before: int | None) -> int:
    """Until when (epoch ms) everything received has been read, after a read asked for at `asked_at`.

    At the log's end that is when it was asked. Before it, when the newest record read was received: what came later may
    wait in the log. `before`: what it was until now; it falls behind that only if the clock was set back.
    """
    if not read.stretches:
        return asked_at
    received = max(stretch.newest for stretch in read.stretches)
    if before is None or before > asked_at:
        return min(received, asked_at)
    return max(before, min(received, asked_at))


class LogSource(FixedPartitionedSource[Pull, int]):
    """Every partition of the log from its checkpoint on."""

    def __init__(
        self,
        log: EventLog,
        offset_of: Callable[[int], int],
        clock: Callable[[], int],
        *,
        accept_loss: bool = False,
        lag: Lag | None = None,
        steady: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`offset_of` tells where a partition is to be read on: the store's checkpoint, not Bytewax's.

        `accept_loss`: where records were deleted before they were read, go on with the oldest there is; else that ends it.
        `lag` is told what is read.
        """
        self._log, self._offset_of, self.clock = log, offset_of, clock
        self._accept_loss, self._lag = accept_loss, lag
        self._reader = Reader(log)
        self._steady, self._sleep = steady, sleep
        self._rests: dict[int, Rest] = {}

    def list_parts(self) -> list[str]:
        return [str(number) for number in range(self._log.partitions)]

    def build_part(self, step_id: str, for_part: str, resume_state: int | None) -> _LogPartition:
        number = int(for_part)
        self._reader.open(number)
        offset = self._offset_of(number)
        if self._lag is not None:
            self._lag.opened(number, offset)
        rest = self._rests.setdefault(threading.get_ident(), Rest(self._steady, self._sleep))  # a worker is a thread
        return _LogPartition(number, offset, self, rest)

    def read(self, partition: int, offset: int) -> Read:
        """The next block of a partition, or in its place the gap that was accepted. Raises LogUnavailable and RecordsLost."""
        try:
            read = self._reader.read(partition, offset)
        except OffsetOutOfRange:
            read = self._beyond(partition, offset)
        if self._lag is not None:
            for stretch in read.stretches:
                self._lag.read(partition, stretch.upto, stretch.oldest or self.clock())
        return read

    def _beyond(self, partition: int, offset: int) -> Read:
        missing = gap(self._log, partition, offset)
        if missing is None:
            raise LogUnavailable(f"partition {partition} came back while it was looked at")
        if not self._accept_loss:
            raise refusal(missing)
        log.error(
            "records are lost, and that was accepted", partition=partition, after=missing.after, upto=missing.upto
        )
        return missing.read(self.clock())
