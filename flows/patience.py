"""Wait for the store or the log to come back: the flow stops reading meanwhile, and the log keeps what arrives."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import structlog

from ingest.log.log import LogUnavailable
from sql.store import StoreUnavailable

T = TypeVar("T")
_LONGEST_SECONDS = 5.0

log = structlog.get_logger()


def patiently(what: str, call: Callable[[], T], sleep: Callable[[float], None] = time.sleep) -> T:
    """`call()`, again and again while the store or the log is away."""
    pause = 0.1
    waited = False
    while True:
        try:
            result = call()
        except (StoreUnavailable, LogUnavailable) as error:
            log.warning("waiting", what=what, error=str(error), seconds=pause)
            sleep(pause)
            pause, waited = min(2 * pause, _LONGEST_SECONDS), True
        else:
            if waited:
                log.info("back to work", what=what)
            return result
