"""The next block of a partition, read and decoded in a thread while the shards apply the last one."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from flows.decode import Decoded, decode, stretches
from ingest.log.log import Block, EventLog

BLOCK_BYTES = 24 << 20
"""At most so many bytes of a partition at once."""

READ_BYTES = 192 << 20
"""At most so many bytes of all partitions of a process: with many, their blocks are smaller."""

SMALLEST_BLOCK = 1 << 20

BEHIND_BYTES = 4 << 20
"""A block this large, or as large as it may be, means that the log is ahead."""

STRETCH = 50_000
"""Records applied at once."""


@dataclass(frozen=True)
class Stretch:
    """Records decoded together; the last one has offset `upto`."""

    decoded: Decoded = field(repr=False)
    upto: int

    @property
    def oldest(self) -> int:
        """When the first event was received, epoch ms; 0 if there is none."""
        return self._received_at(0)

    @property
    def newest(self) -> int:
        """When the last event was received, epoch ms; 0 if there is none."""
        return self._received_at(-1)

    def _received_at(self, row: int) -> int:
        received_at = self.decoded.events["received_at"]
        return int(received_at[row].as_py()) if len(received_at) else 0


@dataclass(frozen=True)
class Read:
    """A block of a partition, decoded. `behind`: there is much more to read."""

    stretches: Sequence[Stretch]
    next_offset: int
    behind: bool

    @staticmethod
    def nothing(offset: int) -> Read:
        """What is read where there is nothing, or the log is away."""
        return Read((), offset, False)


class Reader:
    """Reads the partitions of a process. Each is read by one caller, who asks for one offset after the other."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._threads = ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="read-ahead")
        self._ahead: dict[int, Future[Read] | None] = {}

    def open(self, partition: int) -> None:
        """Say that this process reads a partition."""
        self._ahead[partition] = None

    def read(self, partition: int, offset: int) -> Read:
        """What is at and after an offset, which is the `next_offset` of the last call or the first one.

        Raises `LogUnavailable`; `OffsetOutOfRange`.
        """
        ahead, self._ahead[partition] = self._ahead[partition], None
        read = self._decoded(partition, offset) if ahead is None else ahead.result()
        if read.behind:
            self._ahead[partition] = self._threads.submit(self._decoded, partition, read.next_offset)
        return read

    def _decoded(self, partition: int, offset: int) -> Read:
        most = min(BLOCK_BYTES, max(SMALLEST_BLOCK, READ_BYTES // len(self._ahead)))
        block = self._log.read(partition, offset, most)
        return Read(_decoded(block), block.next_offset, len(block.lines) >= min(BEHIND_BYTES, most // 2))


def _decoded(block: Block) -> list[Stretch]:
    return [
        Stretch(decode(lines, offsets), int(offsets[-1]))
        for lines, offsets in stretches(block.lines, block.offsets, STRETCH)
    ]
