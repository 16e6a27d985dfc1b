"""How far the flow has written, read from `commits`: rows are written before the commit that covers them."""

from __future__ import annotations

import threading

from api.stream.position import Position, Written
from sql.store import Store

_LONGER_EVERY_MS, _LONGER_MS = 60_000, 24 * 3_600_000
"""So often the commits of a day are read: a clock that was set back hides new ones from the shorter reading."""

_SLACK_MS = 60_000


class Applied:
    """Knows the position last read, for all streams of a process. Safe for many threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._known: dict[int, Written] = {}
        self._longer_at: int | None = None

    def read(self, now: int) -> Position:
        """The present position. `now`: epoch ms. Raises `StoreUnavailable`."""
        with self._lock:
            known, longer_at = dict(self._known), self._longer_at
        longer = longer_at is None or not 0 <= now - longer_at < _LONGER_EVERY_MS
        oldest = min((one.at for one in known.values()), default=0)
        since = max(0, min(oldest, now) - (_LONGER_MS if longer else _SLACK_MS))
        rows = self._store.rows("stream_commits", {"since": since})
        with self._lock:
            if longer:
                self._longer_at = now
            for row in rows:
                before = self._known.get(row["partition"], Written(0, 0))
                self._known[row["partition"]] = Written(
                    max(before.offset, row["to_offset"]), max(before.at, row["committed_at"])
                )
            return Position(dict(self._known))
