"""When a run begins: at its first read of the log, whatever was imported, opened and built before."""

from __future__ import annotations

import time

from ingest.log.files import FileLog
from ingest.log.log import Block


class TimedLog(FileLog):
    """A log that remembers when it was first read."""

    _began: tuple[float, float] | None = None

    def read(self, partition: int, offset: int, max_bytes: int) -> Block:
        if self._began is None:
            self._began = time.perf_counter(), time.process_time()
        return super().read(partition, offset, max_bytes)

    def since_first_read(self) -> tuple[float, float]:
        """Seconds, and seconds of this process's CPU."""
        assert self._began is not None
        return time.perf_counter() - self._began[0], time.process_time() - self._began[1]
