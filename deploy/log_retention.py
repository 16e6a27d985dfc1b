"""Deletes what is no longer needed of logs in files. (Kafka does it by itself.)"""

from __future__ import annotations

import threading

import structlog

from deploy.clock import now_ms
from deploy.settings import Settings
from ingest.log import EventLog, FileLog, LogUnavailable
from sql.store import Store, StoreError, StoreUnavailable

EVERY_SECONDS = 600.0
_DAY_SECONDS = 86_400
_APPLIED = {"checkpoints": "to_offset", "dispatch_positions": "position"}
"""Queries that tell how far a log was applied: the event log by the flow, that of transitions by the API."""

log = structlog.get_logger()


def watch(settings: Settings, event_log: EventLog, store: Store, applied: str = "checkpoints") -> None:
    """Trim the log now and every ten minutes, in a thread that ends with the process. `applied`: see `trim`."""
    if not isinstance(event_log, FileLog) or not settings.log_retention_days:
        return
    pause = threading.Event()

    def run() -> None:
        while True:
            try:
                trim(event_log, store, now_ms() / 1000 - settings.log_retention_days * _DAY_SECONDS, applied)
            except (LogUnavailable, StoreUnavailable, StoreError) as error:
                log.warning("the log is not trimmed now", applied=applied, error=str(error))
            pause.wait(EVERY_SECONDS)

    threading.Thread(target=run, name="log-retention", daemon=True).start()


def trim(event_log: FileLog, store: Store, written_before: float, applied: str = "checkpoints") -> int:
    """Delete whole segments that are applied and committed and were last written before that time (epoch seconds).

    `applied`: the query that tells how far it is. Returns the bytes deleted. Raises LogUnavailable, StoreUnavailable and StoreError.
    """
    deleted = 0
    committed = {row["partition"]: row[_APPLIED[applied]] for row in store.rows(applied)}
    for partition in range(event_log.partitions):
        before = event_log.start(partition)
        after = event_log.trim(partition, committed.get(partition, 0), written_before)
        if after > before:
            log.info("the log is trimmed", applied=applied, partition=partition, bytes=after - before, begins_at=after)
            deleted += after - before
    return deleted
