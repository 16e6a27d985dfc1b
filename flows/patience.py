"""Wait for the store or the log to come back: the flow stops reading meanwhile, and the log keeps what arrives."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import TypeVar

import structlog

from flows import metrics
from ingest.log.log import LogUnavailable
from sql.store import StoreUnavailable

T = TypeVar("T")
_LONGEST_SECONDS = 5.0
_TOLD_AGAIN_SECONDS = 10.0
_TOLD_LEAST_SECONDS = 600.0

log = structlog.get_logger()


class Waits:
    """What the process waits for now, by thread: the metric `sonnim_flow_waiting` is 1 while anything does."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: Counter[tuple[str, str]] = Counter()

    def begin(self, on: str, why: str) -> None:
        """One more waits: `on` clickhouse or log, `why` a word of few."""
        self._change(on, why, 1)

    def end(self, on: str, why: str) -> None:
        """One less."""
        self._change(on, why, -1)

    def _change(self, on: str, why: str, by: int) -> None:
        with self._lock:
            self._waiting[on, why] += by
            metrics.WAITING.labels(on, why).set(min(1, self._waiting[on, why]))


WAITS = Waits()


def patiently(
    what: str,
    call: Callable[[], T],
    sleep: Callable[[float], None] = time.sleep,
    *,
    partition: int | None = None,
) -> T:
    """`call()`, again and again while the store or the log is away. Says so at once, then at growing intervals.

    `partition`: whose call it is, for the log lines.
    """
    about = {} if partition is None else {"partition": partition}
    pause, waited, tell_at = 0.1, 0.0, 0.0
    waiting: tuple[str, str] | None = None
    try:
        while True:
            try:
                result = call()
            except (StoreUnavailable, LogUnavailable) as error:
                now = ("clickhouse", error.why) if isinstance(error, StoreUnavailable) else ("log", "away")
                if now != waiting:
                    if waiting:
                        WAITS.end(*waiting)
                    WAITS.begin(*now)
                    waiting, tell_at = now, waited
                if waited >= tell_at:
                    told = str(error).partition("\n")[0][:500]
                    log.warning(
                        "waiting", what=what, on=now[0], why=now[1], error=told, seconds=round(waited, 1), **about
                    )
                    tell_at = waited + min(max(waited, _TOLD_AGAIN_SECONDS), _TOLD_LEAST_SECONDS)
                sleep(pause)
                waited += pause
                pause = min(2 * pause, _LONGEST_SECONDS)
            else:
                if waiting:
                    log.info("back to work", what=what, seconds=round(waited, 1), **about)
                return result
    finally:
        if waiting:
            WAITS.end(*waiting)
