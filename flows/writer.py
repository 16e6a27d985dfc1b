"""Writing to the log and to ClickHouse in threads of their own, while the workers go on with the next block."""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from threading import Event, Lock
from typing import Any

import pyarrow as pa

from flows import metrics
from flows.flush import Flush
from flows.lag import Lag
from flows.membership.transitions import Transition
from flows.patience import patiently
from flows.progress import Progress
from flows.records import Outgoing
from ingest.log.log import EventLog
from sql.store import Store

THREADS = 2
"""Shards that are written at once: ClickHouse uses one core for an INSERT."""

UNWRITTEN = 16
"""Flushes that may wait; with more, the workers wait too, and stop reading the log."""

UNTOLD = 256
"""What shards tell others that may wait; with more, the workers wait too."""


@dataclass(frozen=True)
class Handed:
    """What a shard tells others between two flushes: records for the log, transitions for theirs; and until when (epoch ms) everything
    received has then been told."""

    records: Sequence[Outgoing]
    transitions: Sequence[Transition] = ()
    until: int = 0


Write = Handed | Flush


def partition_of(key: str, partitions: int) -> int:
    """The partition of `site_id/visitor_id` or `site_id/transaction_id`: CRC-32, as librdkafka's consistent partitioner."""
    return zlib.crc32(key.encode()) % partitions


class Writer:
    """Writes of one process: the flushes of one shard in the order they are given, those of different shards side by side. What shards tell
    others goes to the logs in a thread of its own, so that it does not wait for ClickHouse; a flush waits until all its shard told
    before it is in the logs.

    Waits, for ever if need be, while log or store is away. A write that fails with a mistake is the last one: were a later
    flush written, its commit would cover rows that are not there.
    """

    def __init__(
        self,
        log: EventLog,
        store: Store,
        lag: Lag | None = None,
        transitions: EventLog | None = None,
        progress: Progress | None = None,
    ) -> None:
        """`transitions`: the log of them. `lag` is told of commits, `progress` of what was told others."""
        self._log, self._store, self._lag = log, store, lag
        self._transitions, self._progress = transitions, progress
        self._threads = [ThreadPoolExecutor(1, thread_name_prefix=f"writer-{number}") for number in range(THREADS)]
        self._teller = ThreadPoolExecutor(1, thread_name_prefix="teller")
        self._flushes: deque[Future[None]] = deque()
        self._told: deque[Future[None]] = deque()
        self._last_told: dict[int, Future[None]] = {}
        self._lock = Lock()
        self._failed = Event()

    def submit(self, shard: int, write: Write) -> None:
        """Give a write; waits while too many are unwritten. Raises what an earlier one failed with (a mistake)."""
        with self._lock:
            told = Handed(write.records, write.transitions) if isinstance(write, Flush) else write
            last = self._last_told[shard] = self._teller.submit(self._unless_failed, self._tell, shard, told)
            self._told.append(last)
            if isinstance(write, Flush):
                thread = self._threads[shard % THREADS]
                self._flushes.append(thread.submit(self._unless_failed, self._write_flush, write, last))
            _drain(self._told, UNTOLD)
            _drain(self._flushes, UNWRITTEN)

    def settle(self) -> None:
        """Wait until everything given so far is written."""
        with self._lock:
            for waiting in (self._told, self._flushes):
                while waiting:
                    waiting.popleft().result()

    def _unless_failed(self, write: Callable[..., None], *arguments: Any) -> None:
        if self._failed.is_set():
            return
        try:
            write(*arguments)
        except BaseException:
            self._failed.set()
            raise

    def _tell(self, shard: int, told: Handed) -> None:
        if told.records:
            records = [(partition_of(record.key, self._log.partitions), record.line) for record in told.records]
            patiently("append to the log", lambda: self._log.append(records))
        self._tell_transitions(told.transitions)
        if self._progress is not None and told.until:
            self._progress.note(shard, told.until)

    def _tell_transitions(self, transitions: Sequence[Transition]) -> None:
        log = self._transitions
        if transitions and log is not None:
            lines = [(partition_of(one.key, log.partitions), one.line) for one in transitions]
            patiently("append transitions", lambda: log.append(lines))
            for one in transitions:
                metrics.TRANSITIONS.labels(one.type, one.reason).inc()

    def _write_flush(self, flush: Flush, told: Future[None]) -> None:
        commit, written = flush.commit, 0
        wait([told])
        if self._failed.is_set():  # what it relies on is not in the log
            return
        with metrics.FLUSH_SECONDS.time():
            for name, rows in flush.tables():
                self._insert(name, rows, commit.partition)
                written += len(rows)
        metrics.FLUSH_ROWS.observe(written)
        metrics.COMMITTED_OFFSET.labels(str(commit.partition)).set(commit.to_offset)
        if self._lag is not None:
            self._lag.committed(commit.partition, commit.to_offset, commit.at)

    def _insert(self, name: str, rows: pa.Table, partition: int) -> None:
        patiently(f"write {name}", lambda: self._store.insert(name, rows), partition=partition)
        metrics.ROWS_WRITTEN.labels(name).inc(len(rows))


def _drain(waiting: deque[Future[None]], most: int) -> None:
    """Take out those that are done, and wait while there are more than so many."""
    while waiting and (len(waiting) > most or waiting[0].done()):
        waiting.popleft().result()
