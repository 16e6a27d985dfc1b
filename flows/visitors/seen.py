"""What visitors and events are known by, and the memory of events that came already."""

from __future__ import annotations

from collections.abc import Container, Iterable

import numpy as np

from flows.visitors.batch import Bools
from flows.visitors.limits import DAY
from flows.visitors.tables import Array, Hashes, HashIndex, Ints

EVENT_ID = "S64"
"""Event ids are at most 64 bytes (the door sees to it), so they compare as fixed-width bytes."""


def key_hashes(keys: Iterable[str]) -> Hashes:
    """64 bits of each key (`site_id/visitor_id`, `site_id/transaction_id`), shape (n,); the same in every process, kept in rows."""
    encoded = [key.encode() for key in keys]
    if not encoded:
        return np.empty(0, np.uint64)
    words = -(-max(map(len, encoded)) // 8)
    return _mixed(np.array(encoded, f"S{8 * words}"), np.full(len(encoded), 0x2545F4914F6CDD1D, np.uint64))


def kept_elsewhere(keys: Iterable[str], here: Container[str], dormant: HashIndex) -> list[str]:
    """Those of `keys` that are not here, but whose hashes are dormant: the store has a row of them."""
    unknown = [key for key in keys if key not in here]
    if not unknown or not dormant.used:
        return []
    there = dormant.contains(key_hashes(unknown))
    return [key for key, is_there in zip(unknown, there, strict=True) if is_there]


def _mixed(text: Array, seed: Hashes) -> Hashes:
    """Hash of fixed-width bytes, whose zero padding changes nothing. Multiply and xor-shift, a word of 8 bytes at a time."""
    words = np.ascontiguousarray(text).view(np.uint64).reshape(len(text), -1)
    mixed = seed.copy()
    for i in range(words.shape[1]):
        word = words[:, i]
        if not word.any():
            break
        step = (mixed ^ word) * np.uint64(0x9E3779B97F4A7C15)
        mixed = np.where(word == 0, mixed, step ^ (step >> np.uint64(32)))
    return mixed


def dedup_keys(event_id: Array, visitor: Hashes) -> Hashes:
    """What a repeated event is known by: 64 bits of its id (S64) and its visitor's key hash, shape (n,)."""
    return _mixed(event_id, visitor)


def child_key(slot: Ints, item: Ints) -> Hashes:
    """Key of a child row (a visitor's product or search) in its index, shape (n,)."""
    return (slot.astype(np.uint64) << np.uint64(32)) | item.astype(np.uint64)


class Seen:
    """Dedup keys of the last 8 to 16 days in two generations: a repeat is known for at least 8 days.

    Keys age by the time that records were received in. A leap of more than a day, back or forward, is a clock that was set, or
    a shop that was shut: nothing ages by it.
    """

    SPAN = 8 * DAY
    LEAP = DAY

    def __init__(self) -> None:
        self._now, self._before = HashIndex(), HashIndex()
        self._since = self._newest = 0

    def add(self, keys: Hashes, received_at: int) -> Bools:
        """Take keys in, shape (n,); True where one was not here. `received_at`: of the newest, epoch ms."""
        leap = received_at - self._newest
        if abs(leap) > self.LEAP:
            self._since += leap
        self._newest = received_at
        if received_at - self._since >= self.SPAN:
            self._before, self._now, self._since = self._now, HashIndex(), received_at
        _, new = self._now.insert(keys)
        if self._before.used:
            new &= ~self._before.contains(keys)
        return new

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self._now.nbytes + self._before.nbytes
