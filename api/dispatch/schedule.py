"""When it is tried again, and how much a receiver is given at once. Pure; times are epoch ms."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final

SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
DELAYS_MS: Final = (
    0, 5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR
)  # fmt: skip
"""What is waited before each attempt, as the example of Standard Webhooks has it; after the last one it has failed."""

JITTER: Final = 0.1
"""Each wait is up to so much of it shorter or longer, so that what failed together does not come back together."""

MOST_RETRY_AFTER_MS: Final = HOUR
FIRST_SLOW_MS, MOST_SLOW_MS = 5 * SECOND, 5 * MINUTE
MOST_AT_ONCE, FEWEST_AT_ONCE = 16, 4


def next_attempt(attempts: int, webhook_id: str, now: int) -> int | None:
    """When the next attempt is due after so many; None if that was the last."""
    if attempts >= len(DELAYS_MS):
        return None
    share = zlib.crc32(f"{webhook_id}/{attempts}".encode()) / 0xFFFFFFFF  # the same again after a crash
    return now + round(DELAYS_MS[attempts] * (1 - JITTER + 2 * JITTER * share))


def retry_after(told: str, now: int) -> int | None:
    """How long a `Retry-After` asks to wait (RFC 9110: seconds, or a date), at most an hour; None for what is neither."""
    told = told.strip()
    if re.fullmatch(r"[0-9]{1,9}", told, re.ASCII):
        wait = int(told) * SECOND
    else:
        try:
            wait = int(parsedate_to_datetime(told).timestamp() * SECOND) - now
        except (ValueError, TypeError, OverflowError):
            return None
    return min(max(wait, 0), MOST_RETRY_AFTER_MS)


@dataclass
class Pace:
    """How much one receiver is given: `limit` requests at once, none before `paused_until`."""

    limit: int = MOST_AT_ONCE
    paused_until: int = 0
    slowed: int = 0

    def went_well(self) -> None:
        """It answered 2xx: more at once, up to what is usual."""
        self.limit, self.slowed = min(self.limit * 2, MOST_AT_ONCE), 0

    def went_wrong(self) -> None:
        """It failed: fewer at once, so that one that hangs costs little."""
        self.limit = max(min(self.limit, MOST_AT_ONCE) // 2, min(self.limit, FEWEST_AT_ONCE))

    def slow_down(self, now: int, wait: int | None) -> None:
        """It asked for less (429, 502, 504): nothing for a while, then one at a time. `wait`: what it asked for, in ms; None if it said
        nothing, then longer each time."""
        if wait is None:
            wait = min(FIRST_SLOW_MS << min(self.slowed, 10), MOST_SLOW_MS)
        if now >= self.paused_until:  # else it is an answer to what was under way when it said so first
            self.slowed += 1
        self.limit = 1
        self.paused_until = max(self.paused_until, now + wait)
