"""The traits of sites, with a short memory, so that a busy site costs no query and a declaration counts soon."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping

from sql.store import Store, StoreUnavailable
from sql.traits import list_traits

_REMEMBERED = 10_000


class DeclaredTraits:
    """Reads types of traits, believing an answer for `cache_ms`. While ClickHouse is away it goes on believing what it has seen."""

    def __init__(self, store: Store, cache_ms: int) -> None:
        self._store = store
        self._cache_ms = cache_ms
        self._lock = threading.Lock()
        self._seen: OrderedDict[str, tuple[Mapping[str, str], int]] = OrderedDict()

    def types(self, site_id: str, now: int) -> Mapping[str, str]:
        """Types of a site's traits by name. Raises `StoreUnavailable` for a site never seen before while ClickHouse is away."""
        with self._lock:
            seen = self._seen.get(site_id)
        if seen is not None and 0 <= now - seen[1] < self._cache_ms:
            return seen[0]
        try:
            found = {trait.name: trait.type for trait in list_traits(self._store, site_id)}
        except StoreUnavailable:
            if seen is None:
                raise
            return seen[0]
        with self._lock:
            self._seen[site_id] = (found, now)
            self._seen.move_to_end(site_id)
            while len(self._seen) > _REMEMBERED:
                self._seen.popitem(last=False)
        return found

    def forget(self, site_id: str) -> None:
        """Ask again about a site."""
        with self._lock:
            self._seen.pop(site_id, None)
