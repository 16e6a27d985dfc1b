"""Bytewax sink: records for other shards to the log, flushes to ClickHouse. Waits while either is away."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

from bytewax.outputs import DynamicSink, StatelessSinkPartition

from flows import metrics
from flows.partition import Flush, Outgoing
from flows.patience import patiently
from ingest.log.log import EventLog
from sql.store import Store


def partition_of(key: str, partitions: int) -> int:
    """The partition of `site_id/visitor_id` or `site_id/transaction_id`: CRC-32, as librdkafka's consistent partitioner."""
    return zlib.crc32(key.encode()) % partitions


class _Writer(StatelessSinkPartition[Sequence[Outgoing] | Flush]):
    def __init__(self, log: EventLog, store: Store) -> None:
        self._log, self._store = log, store

    def write_batch(self, items: list[Sequence[Outgoing] | Flush]) -> None:
        for item in items:
            if isinstance(item, Flush):
                self._write(item)
            else:
                records = [(partition_of(r.key, self._log.partitions), r.line) for r in item]
                patiently("append to the log", lambda records=records: self._log.append(records))  # type: ignore[misc]

    def _write(self, flush: Flush) -> None:
        with metrics.FLUSH_SECONDS.time():
            for name, rows in flush.tables.items():
                patiently(f"write {name}", lambda name=name, rows=rows: self._store.insert(name, rows))  # type: ignore[misc]
                metrics.ROWS_WRITTEN.labels(name).inc(len(rows))
        metrics.COMMITTED_OFFSET.labels(str(flush.partition)).set(flush.to_offset)


class StoreSink(DynamicSink[Sequence[Outgoing] | Flush]):
    """A writer a worker. Items of one shard arrive in order, so a flush is written after the records it relies on."""

    def __init__(self, log: EventLog, store: Store) -> None:
        self._log, self._store = log, store

    def build(self, step_id: str, worker_index: int, worker_count: int) -> _Writer:
        return _Writer(self._log, self._store)
