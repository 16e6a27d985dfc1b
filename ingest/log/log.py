"""The event log as everyone else sees it: partitions of lines, appended durably, read by offset.

Implementations are files (files.py) and Kafka (kafka.py). A record is (partition, bytes), the partition is the
caller's choice, offsets of a partition increase but are not dense, reading is pull.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class LogUnavailable(Exception):
    """Nothing was promised: the records may be in the log or not. The caller says so, or tries again."""


class OffsetOutOfRange(Exception):
    """There is nothing to read on from there: trimmed away, or never written."""


class PartitionsDiffer(Exception):
    """The log was made with another number of partitions; it is fixed, because it decides where a visitor is."""


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of one partition.

    `lines`: the records, each ended by a newline. `offsets`: int64, shape (records,), increasing, all greater than the
    offset read from; a record's offset is > 0. `next_offset`: where to read on; the last record's offset, or the offset
    read from if the block is empty.
    """

    lines: bytes
    offsets: NDArray[np.int64]
    next_offset: int


class EventLog(Protocol):
    """Append and read; safe to share between threads, and between processes by opening the same log in each."""

    @property
    def partitions(self) -> int:
        """How many partitions there are; fixed when the log is made."""
        ...

    def append(self, records: Sequence[tuple[int, bytes]]) -> None:
        """Writes every (partition, line without newline) and returns once all would survive a loss of power.

        Records of one call keep their order within a partition. Raises ValueError for a record that is empty or holds a
        newline, or an unknown partition (nothing is written then), and LogUnavailable.
        """
        ...

    def read(self, partition: int, offset: int, max_bytes: int) -> Block:
        """The durable records after `offset` (0, or what `start`, `end` or a block's `next_offset` said), about
        `max_bytes` of them but at least one; an empty block at the end. Never waits for more to be appended.

        What was there when `end` was last asked here, or this object appended, is never missed; what others appended
        since may be seen a moment later.

        Raises OffsetOutOfRange below `start` or beyond `end`.
        """
        ...

    def start(self, partition: int) -> int:
        """The offset to read the oldest record that is kept from."""
        ...

    def end(self, partition: int) -> int:
        """The offset of the newest durable record; `start` if there is none."""
        ...

    def ends(self) -> Sequence[int]:
        """`end` of every partition, asked for at once. May be asked while another thread reads, without delay to it."""
        ...

    def count(self, partition: int, after: int, upto: int) -> int:
        """How many records have offsets above `after`, up to and with `upto` (offsets as `end`, `start` and blocks tell them).

        Remembers what it counted: asked again and again about where a log grows, it looks at each record about once.
        May raise OffsetOutOfRange where records were deleted.
        """
        ...

    def close(self) -> None:
        """Releases files and connections; later calls raise LogUnavailable."""
        ...
