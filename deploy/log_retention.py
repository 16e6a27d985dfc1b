"""Deletes what is no longer needed of an event log in files. (Kafka does it by itself.)"""

from __future__ import annotations

import threading

import structlog

from deploy.clock import now_ms
from deploy.settings import Settings
from ingest.log import EventLog, FileLog, LogUnavailable
from sql.store import Store, StoreError, StoreUnavailable

EVERY_SECONDS = 600.0
_DAY_SECONDS = 86_400

log = structlog.get_logger()


def watch(settings: Settings, event_log: EventLog, store: Store) -> None:
    """Trim the log now and every ten minutes, in a thread that ends with the process."""
    if not isinstance(event_log, FileLog) or not settings.log_retention_days:
        return
    pause = threading.Event()

    def run() -> None:
        while True:
            try:
                trim(event_log, store, now_ms() / 1000 - settings.log_retention_days * _DAY_SECONDS)
            except (LogUnavailable, StoreUnavailable, StoreError) as error:
                log.warning("the event log is not trimmed now", error=str(error))
            pause.wait(EVERY_SECONDS)

    threading.Thread(target=run, name="log-retention", daemon=True).start()


def trim(event_log: FileLog, store: Store, written_before: float) -> int:
    """Delete whole segments that are applied and committed and were last written before that time (epoch seconds).

    Returns the bytes deleted. Raises LogUnavailable, StoreUnavailable and StoreError.
    """
    deleted = 0
    committed = {row["partition"]: row["to_offset"] for row in store.rows("checkpoints")}
    for partition in range(event_log.partitions):
        before = event_log.start(partition)
        after = event_log.trim(partition, committed.get(partition, 0), written_before)
        if after > before:
            log.info("the event log is trimmed", partition=partition, bytes=after - before, begins_at=after)
            deleted += after - before
    return deleted
