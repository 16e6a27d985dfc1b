"""What visitors and events are known by, and the memory of events that came already."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np

from flows.visitors.batch import Bools
from flows.visitors.limits import DAY
from flows.visitors.tables import Array, Hashes, HashIndex, Ints

EVENT_ID = "S64"
"""Event ids are at most 64 bytes (the door sees to it), so they compare as fixed-width bytes."""


def key_hash(key: str) -> int:
    """64 bits of `site_id/visitor_id` (or of a transaction): the first 8 bytes of MD5, little-endian, as in SQL
    `reinterpretAsUInt64(substring(MD5(key), 1, 8))`."""
    return int.from_bytes(hashlib.md5(key.encode(), usedforsecurity=False).digest()[:8], "little")


def key_hashes(keys: Iterable[str]) -> Hashes:
    """`key_hash` of many keys, shape (n,)."""
    return np.fromiter((key_hash(k) for k in keys), np.uint64)


def dedup_keys(event_id: Array, visitor: Hashes) -> Hashes:
    """What a repeated event is known by: 64 bits of its id (S64) and its visitor's key hash, shape (n,)."""
    words = np.ascontiguousarray(event_id).view(np.uint64).reshape(len(event_id), -1)
    mixed = visitor.copy()
    for i in range(words.shape[1]):
        mixed = (mixed ^ words[:, i]) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(32)
    return mixed


def child_key(slot: Ints, item: Ints) -> Hashes:
    """Key of a child row (a visitor's product or search) in its index, shape (n,)."""
    return (slot.astype(np.uint64) << np.uint64(32)) | item.astype(np.uint64)


class Seen:
    """Dedup keys of the last 8 to 16 days in two generations: a repeat is known for at least 8 days."""

    SPAN = 8 * DAY

    def __init__(self) -> None:
        self._now, self._before, self._since = HashIndex(), HashIndex(), 0

    def add(self, keys: Hashes, received_at: int) -> Bools:
        """Take keys in, shape (n,); True where one was not here. `received_at`: of the newest, epoch ms."""
        if received_at - self._since >= self.SPAN:
            self._before = self._now if received_at - self._since < 2 * self.SPAN else HashIndex()
            self._now, self._since = HashIndex(), received_at
        _, new = self._now.insert(keys)
        if self._before.used:
            new &= ~self._before.contains(keys)
        return new

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self._now.nbytes + self._before.nbytes
