"""Keys as presented -> whose they are, with a short memory, so that a busy key costs no query and revoking works soon."""

from __future__ import annotations

import threading
from collections import OrderedDict

from sql.keys import KeyHolder, find_key, key_hash
from sql.store import Store, StoreUnavailable

_REMEMBERED = 10_000


class Keyring:
    """Looks keys up, believing an answer for `cache_ms`. While ClickHouse is away it goes on believing the keys it has seen."""

    def __init__(self, store: Store, cache_ms: int) -> None:
        self._store = store
        self._cache_ms = cache_ms
        self._lock = threading.Lock()
        self._seen: OrderedDict[str, tuple[KeyHolder | None, int]] = OrderedDict()

    def holder(self, key: str, now: int) -> KeyHolder | None:
        """Whose key this is; None for an unknown or revoked one.

        Raises `StoreUnavailable` for a key never seen before while ClickHouse is away.
        """
        hashed = key_hash(key)
        with self._lock:
            seen = self._seen.get(hashed)
        if seen is not None and 0 <= now - seen[1] < self._cache_ms:
            return seen[0]
        try:
            holder = find_key(self._store, hashed)
        except StoreUnavailable:
            if seen is None or seen[0] is None:
                raise
            return seen[0]
        with self._lock:
            self._seen[hashed] = (holder, now)
            self._seen.move_to_end(hashed)
            while len(self._seen) > _REMEMBERED:
                self._seen.popitem(last=False)
        return holder
