"""How fresh the figures are: the least, over the log's partitions, of the time up to which its last flush has everything."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from sql.store import Store

_BELIEVED_MS = 200
_WHOLE_EVERY_MS = 5 * 60_000
_AHEAD_MS = 60_000
"""So far clocks of two machines may be apart; a commit from a later time is of a clock that was wrong."""


@dataclass(frozen=True)
class Freshness:
    """Everything received up to `as_of` (epoch ms) is in the figures; None: the flow has never run."""

    as_of: int | None
    age_ms: int | None
    stale: bool


class FreshnessReader:
    """Reads freshness from `commits`, at most every 200 ms. Safe for many threads."""

    def __init__(self, store: Store, stale_after_ms: int) -> None:
        self._store = store
        self._stale_after_ms = stale_after_ms
        self._lock = threading.Lock()
        self._known: dict[int, int] = {}
        self._read_at: int | None = None
        self._whole_at = 0

    def read(self, now: int) -> Freshness:
        """Freshness at `now`. Raises `StoreUnavailable`."""
        with self._lock:
            if self._read_at is None or abs(now - self._read_at) >= _BELIEVED_MS:
                self._refresh(now)
            as_of = min(self._known.values(), default=None)
        if as_of is None:
            return Freshness(None, None, True)
        age = max(0, now - as_of)
        return Freshness(as_of, age, age > self._stale_after_ms)

    def _refresh(self, now: int) -> None:
        # No partition that is known has a new commit that is older than the oldest known one: one that catches up goes on from there. All
        # commits are read seldom: a partition that commits for the first time may tell of long ago, and a clock may be set back.
        until = now + _AHEAD_MS
        if not self._known or not 0 <= now - self._whole_at < _WHOLE_EVERY_MS:
            self._known = self._commits("freshness_before", {"until": until})
            self._whole_at = now
        else:
            since = min(self._known.values()) - _AHEAD_MS
            self._known |= self._commits("freshness_recent", {"since": since, "until": until})
        self._read_at = now

    def _commits(self, name: str, params: dict[str, object]) -> dict[int, int]:
        return {row["partition"]: row["committed_at"] for row in self._store.rows(name, params)}
