"""Growable numpy tables, chains of child rows, and a hash index: what a shard's state is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]
Array = npt.NDArray[Any]

NONE = -1
"""End of a chain; also a code that stands for an absent string."""


class Table:
    """Columns of one length that grow by doubling; freed rows are used again.

    A column is named with its dtype and the value a fresh row holds: `Table(start=("i8", 0))`.
    """

    def __init__(self, **columns: tuple[str, Any]) -> None:
        self._spec = columns
        self.size = 0
        self._free = np.empty(0, np.int64)
        self._columns = {name: np.full(64, fill, dtype) for name, (dtype, fill) in columns.items()}

    def __getitem__(self, column: str) -> Array:
        """The column's used part, shape (size,); writable."""
        return self._columns[column][: self.size]

    def columns(self) -> Iterator[str]:
        """Names of the columns."""
        return iter(self._spec)

    def allocate(self, count: int) -> Ints:
        """Indices, shape (count,), of rows to write; a row used again holds old values, so write every column."""
        reused, self._free = self._free[:count], self._free[count:]
        fresh = count - len(reused)
        if self.size + fresh > len(next(iter(self._columns.values()))):
            room = max(2 * self.size, self.size + fresh)
            for name, (dtype, fill) in self._spec.items():
                grown = np.full(room, fill, dtype)
                grown[: self.size] = self._columns[name][: self.size]
                self._columns[name] = grown
        indices = np.arange(self.size, self.size + fresh)
        self.size += fresh
        return np.concatenate([reused, indices]) if len(reused) else indices

    def append(self, **values: Any) -> Ints:
        """Write rows, one value an index for every column, and return their indices."""
        count = max((len(v) for v in values.values() if hasattr(v, "__len__")), default=1)
        rows = self.allocate(count)
        for name, (_, fill) in self._spec.items():
            self._columns[name][rows] = values.get(name, fill)
        return rows

    def free(self, rows: Ints) -> None:
        """Give rows back."""
        self._free = np.concatenate([self._free, rows])

    def keep(self, rows: Ints) -> None:
        """Keep just these rows, in this order."""
        for name, column in self._columns.items():
            self._columns[name] = column[rows].copy()
        self.size = len(rows)
        self._free = np.empty(0, np.int64)

    @property
    def live(self) -> int:
        """Rows in use."""
        return self.size - len(self._free)

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return sum(column.nbytes for column in self._columns.values())


def chain(table: Table, heads: Array, owners: Ints, rows: Ints) -> None:
    """Hang `rows` in front of their owners' chains; rows of one owner stand together and end up last first."""
    if not len(rows):
        return
    last = np.r_[owners[1:] != owners[:-1], True]
    first = np.r_[True, last[:-1]]
    before = np.empty(len(rows), np.int64)
    before[~first] = rows[:-1][~first[1:]]
    before[first] = heads[owners[first]]
    table["before"][rows] = before
    heads[owners[last]] = rows[last]


def walk(table: Table, heads: Ints) -> tuple[Ints, Ints]:
    """All rows of several chains: (rows, position of each row's head in `heads`), nearest rows first."""
    found, positions = [], []
    at, position = heads, np.arange(len(heads))
    before = table["before"]
    while len(at):
        there = at != NONE
        at, position = at[there], position[there]
        found.append(at)
        positions.append(position)
        at = before[at]
    if not found:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    return np.concatenate(found).astype(np.int64), np.concatenate(positions)


class HashIndex:
    """Open addressing over 64-bit keys, vectorised; a key keeps the value it was first given until `assign`.

    A key's home is the top bits of a product (Fibonacci hashing), so homes in a larger table keep their order: growing is
    one sort and no probing. Probing never wraps around: the table has SPARE places behind its last home.
    """

    SPARE = 4096

    def __init__(self, expected: int = 1024) -> None:
        self._resize(max(10, (2 * expected - 1).bit_length()))

    def _resize(self, bits: int) -> None:
        places = (1 << bits) + self.SPARE
        self._keys = np.zeros(places, np.uint64)
        self._values = np.zeros(places, np.int32)
        self._claims = np.zeros(places, np.int32)
        self._bits = bits
        self.used = 0

    def _home(self, keys: Hashes) -> Ints:
        return ((keys * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(64 - self._bits)).astype(np.int64)

    def insert(self, keys: Hashes) -> tuple[Ints, npt.NDArray[np.bool_]]:
        """Find or add keys, shape (n,): (place of each for `values`/`assign`, True where it is new).

        Of a key that occurs more than once in `keys` only the first is new.
        """
        keys = _without_zero(keys)
        if (self.used + len(keys)) * 2 > 1 << self._bits:
            self._grow(len(keys))
        places = self._home(keys)
        new = np.zeros(len(keys), np.bool_)
        pending = np.arange(len(keys))
        place, wanted = places, keys
        while len(pending):
            there = self._keys[place]
            empty = np.flatnonzero(there == 0)
            if len(empty):
                claimers, claimed = pending[empty], place[empty]
                self._claims[claimed[::-1]] = claimers[::-1]
                won = self._claims[claimed] == claimers
                self._keys[claimed[won]] = wanted[empty[won]]
                new[claimers[won]] = True
                self.used += int(np.count_nonzero(won))
                there[empty] = self._keys[claimed]
            unsettled = np.flatnonzero(there != wanted)
            pending, wanted = pending[unsettled], wanted[unsettled]
            place = place[unsettled] + 1
            places[pending] = place
        return places, new

    def contains(self, keys: Hashes) -> npt.NDArray[np.bool_]:
        """True for keys that are here, shape (n,)."""
        keys = _without_zero(keys)
        place = self._home(keys)
        found = np.zeros(len(keys), np.bool_)
        pending = np.arange(len(keys))
        while len(pending):
            there = self._keys[place]
            found[pending] = there == keys
            on = np.flatnonzero((there != 0) & (there != keys))
            pending, keys, place = pending[on], keys[on], place[on] + 1
        return found

    def values(self, places: Ints) -> Ints:
        """The values at places that `insert` gave."""
        return self._values[places].astype(np.int64)

    def assign(self, places: Ints, values: Ints) -> None:
        """Set the values at places that `insert` gave."""
        self._values[places] = values

    def _grow(self, more: int) -> None:
        full = np.flatnonzero(self._keys)
        keys, values = self._keys[full], self._values[full]
        self._resize((4 * (len(keys) + more) - 1).bit_length())
        home = self._home(keys)
        order = np.argsort(home, kind="stable")
        step = np.arange(len(keys))
        places = np.maximum.accumulate(home[order] - step) + step  # each at its home or right behind the one before
        self._keys[places], self._values[places] = keys[order], values[order]
        self.used = len(keys)

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self._keys.nbytes + self._values.nbytes + self._claims.nbytes


def _without_zero(keys: Hashes) -> Hashes:
    """Keys with 1 for 0, which marks an empty place."""
    return np.where(keys == 0, np.uint64(1), keys) if not keys.all() else keys


def order_by(group: Ints, time: Ints, tie: Callable[[Ints], Array]) -> Ints:
    """The order, shape (n,), by group, then time, then tie; `tie(rows)` is asked only where the first two are equal."""
    if not len(group):
        return np.empty(0, np.int64)
    low, spread = int(time.min()), int(time.max() - time.min()).bit_length()
    if int(group.max()).bit_length() + spread < 63:
        order = np.argsort((group << spread) | (time - low), kind="stable")
    else:
        order = np.lexsort((time, group))
    sorted_group, sorted_time = group[order], time[order]
    equal = np.r_[False, (sorted_group[1:] == sorted_group[:-1]) & (sorted_time[1:] == sorted_time[:-1])]
    if equal.any():
        tied = np.flatnonzero(equal | np.r_[equal[1:], False])
        run = np.cumsum(~equal)[tied]
        order[tied] = order[tied][np.lexsort((tie(order[tied]), run))]
    return order


def runs(changes: npt.NDArray[np.bool_]) -> Ints:
    """Starts of runs, for reduceat; `changes[i]` says that a run starts at i (the first always does)."""
    if not len(changes):
        return np.empty(0, np.int64)
    changes = changes.copy()
    changes[0] = True
    return np.flatnonzero(changes)


def changed(*sorted_columns: Array) -> npt.NDArray[np.bool_]:
    """Where any of some sorted columns differs from the row above; True at 0. Shape (n,)."""
    result = np.zeros(len(sorted_columns[0]), np.bool_)
    if len(result):
        result[0] = True
        for column in sorted_columns:
            result[1:] |= column[1:] != column[:-1]
    return result
