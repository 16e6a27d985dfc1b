"""An event log in memory that can be told to be away."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from ingest.log import Block, LogUnavailable


class MemoryLog:
    """What was appended, by partition; `away` makes every call raise `LogUnavailable`."""

    partitions = 4

    def __init__(self) -> None:
        self.away = False
        self.lines: dict[int, list[bytes]] = {partition: [] for partition in range(self.partitions)}
        self._lock = threading.Lock()

    def append(self, records: Sequence[tuple[int, bytes]]) -> None:
        self._present()
        with self._lock:
            for partition, line in records:
                assert line
                assert b"\n" not in line
                self.lines[partition].append(line)

    def read(self, partition: int, offset: int, max_bytes: int) -> Block:
        self._present()
        return Block(b"", np.array([], np.int64), offset)

    def start(self, partition: int) -> int:
        self._present()
        return 0

    def end(self, partition: int) -> int:
        self._present()
        return len(self.lines[partition])

    def ends(self) -> list[int]:
        return [self.end(partition) for partition in range(self.partitions)]

    def count(self, partition: int, after: int, upto: int) -> int:
        return upto - after

    def close(self) -> None:
        self.away = True

    def events(self) -> list[dict[str, Any]]:
        """All records, decoded."""
        return [json.loads(line) for lines in self.lines.values() for line in lines]

    def _present(self) -> None:
        if self.away:
            raise LogUnavailable("the log is away")
