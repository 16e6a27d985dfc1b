"""Bytewax source: the event log, decoded, a block of one partition at a time, and a tick when there is nothing to read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition

from flows.read_ahead import Read, Reader
from ingest.log.log import EventLog, LogUnavailable

IDLE_MILLISECONDS = 50
TICK_MILLISECONDS = 250

log = structlog.get_logger()


@dataclass(frozen=True)
class Pull:
    """What was read of a partition at `now`; without records it is a tick. `start`: where this run began to read."""

    partition: int
    start: int
    read: Read
    now: int  # epoch ms


class _LogPartition(StatefulSourcePartition[tuple[str, Pull], int]):
    def __init__(self, number: int, start: int, reader: Reader, clock: Callable[[], int]) -> None:
        self._number, self._start, self._offset = number, start, start
        self._reader, self._clock = reader, clock
        self._told_at = 0
        self._idle = False
        self._away = False

    def next_batch(self) -> list[tuple[str, Pull]]:
        read = self._read()
        now = self._clock()
        self._idle = not read.stretches
        if self._idle and now - self._told_at < TICK_MILLISECONDS:
            return []
        self._told_at, self._offset = now, read.next_offset
        return [(f"{self._number:05d}", Pull(self._number, self._start, read, now))]

    def _read(self) -> Read:
        """The next block; while the log is away none, so that windows go on to run out."""
        try:
            read = self._reader.read(self._number, self._offset)
        except LogUnavailable as error:
            if not self._away:
                log.warning("waiting", what="read the log", partition=self._number, error=str(error))
            self._away = True
            return Read.nothing(self._offset)
        if self._away:
            log.info("back to work", what="read the log", partition=self._number)
        self._away = False
        return read

    def next_awake(self) -> datetime | None:
        if not self._idle:
            return None
        return datetime.fromtimestamp((self._clock() + IDLE_MILLISECONDS) / 1000, UTC)

    def snapshot(self) -> int:
        return self._offset


class LogSource(FixedPartitionedSource[tuple[str, Pull], int]):
    """Every partition of the log from its checkpoint on, keyed by partition."""

    def __init__(self, log: EventLog, offset_of: Callable[[int], int], clock: Callable[[], int]) -> None:
        """`offset_of` tells where a partition is to be read on: the store's checkpoint, not Bytewax's."""
        self._log, self._offset_of, self._clock = log, offset_of, clock
        self._reader = Reader(log)

    def list_parts(self) -> list[str]:
        return [str(number) for number in range(self._log.partitions)]

    def build_part(self, step_id: str, for_part: str, resume_state: int | None) -> _LogPartition:
        number = int(for_part)
        self._reader.open(number)
        return _LogPartition(number, self._offset_of(number), self._reader, self._clock)
