"""Where the mask reads columns: the rows, the elements of arrays of one prefix, or the last element of each row.

A frame remembers what was computed in it, so that segments which share conditions share the work.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flows.segments.columns import Condition, Value
from flows.segments.rows import Bools, Column, Ints, Reals, Rows, Words

Moment = Any  # int64: one number for all, or one a row (an element) of the frame


class Values:
    """data: numbers (or one number for all) or `Words`; there: where present, None for everywhere
    (of strings, that they are not empty is not in it)."""

    __slots__ = ("data", "there")

    def __init__(self, data: Any, there: Bools | None = None) -> None:
        self.data = data
        self.there = there


class Frame:
    """`size` values a column. `now`: the moment each is judged at."""

    def __init__(self, size: int, now: Moment) -> None:
        self.size = size
        self.now = now
        self.held: dict[Condition, Bools] = {}
        self.values: dict[Value, Values] = {}

    def integers(self, name: str) -> tuple[Ints, Bools | None]:
        """int64 values and where they are not NULL (None: everywhere)."""
        raise NotImplementedError

    def reals(self, name: str) -> Reals:
        """float64 values."""
        raise NotImplementedError

    def words(self, name: str) -> Words:
        """Strings, b'' where NULL."""
        raise NotImplementedError

    def by_row(self, moments: Ints) -> Ints:
        """The least by row of numbers of this frame."""
        return moments


class RowFrame(Frame):
    """The rows themselves."""

    def __init__(self, rows: Rows, now: Moment) -> None:
        super().__init__(rows.size, now)
        self.rows = rows

    def integers(self, name: str) -> tuple[Ints, Bools | None]:
        found = self.rows.column(name).integers()
        return found.numbers, found.valid

    def reals(self, name: str) -> Reals:
        return self.rows.column(name).reals()

    def words(self, name: str) -> Words:
        return self.rows.column(name).words()


class ElementFrame(Frame):
    """The elements of all rows, one after the other. Arrays of a prefix must have one length in a row: else ValueError."""

    def __init__(self, rows: Rows, column: str, now: Moment, never: int) -> None:
        self.rows = rows
        self.first = column
        self.offsets, _ = rows.elements(column)
        lengths = np.diff(self.offsets)
        super().__init__(int(self.offsets[-1]), np.repeat(now, lengths) if np.ndim(now) else now)
        self.filled: Bools = lengths > 0
        self.never = never
        self._row: Ints | None = None
        self._checked: dict[str, Column] = {}

    def column(self, name: str) -> Column:
        """The elements of one column. Raises ValueError when its lengths differ from the others'."""
        found = self._checked.get(name)
        if found is None:
            offsets, found = self.rows.elements(name)
            if not np.array_equal(offsets, self.offsets):
                raise ValueError(f"{name} and {self.first} differ in length")
            self._checked[name] = found
        return found

    def integers(self, name: str) -> tuple[Ints, Bools | None]:
        found = self.column(name).integers()
        return found.numbers, found.valid

    def reals(self, name: str) -> Reals:
        return self.column(name).reals()

    def words(self, name: str) -> Words:
        return self.column(name).words()

    def sums(self, numbers: Ints) -> Ints:
        """Sum of the elements by row, wrapping: int64, shape (n,)."""
        running = np.zeros(self.size + 1, dtype=np.int64)
        np.cumsum(numbers, dtype=np.int64, out=running[1:])
        return running[self.offsets[1:]] - running[self.offsets[:-1]]

    def some(self, held: Bools) -> Bools:
        """By row, whether any element is true: shape (n,)."""
        found = np.zeros(self.filled.size, dtype=np.bool_)
        if held.any():
            found[self.row[held]] = True
        return found

    def different(self, codes: Ints, size: int, among: Bools) -> Ints:
        """By row, how many different codes (each below `size`) some of the elements have: int64, shape (n,)."""
        found = np.unique(self.row[among] * max(1, size) + codes[among])
        return np.bincount(found // max(1, size), minlength=self.filled.size).astype(np.int64)

    def by_row(self, moments: Ints) -> Ints:
        least = np.full(self.filled.size, self.never, dtype=np.int64)
        if moments.size:
            least[self.filled] = np.minimum.reduceat(moments, self.offsets[:-1][self.filled])
        return least

    @property
    def row(self) -> Ints:
        """The number of each element's row."""
        if self._row is None:
            self._row = np.repeat(np.arange(self.filled.size), np.diff(self.offsets))
        return self._row


class LastFrame(Frame):
    """The last element of each row; anything where `filled` is False."""

    def __init__(self, elements: ElementFrame, now: Moment) -> None:
        super().__init__(elements.filled.size, now)
        self.elements = elements
        self.filled = elements.filled
        self.index = np.where(self.filled, elements.offsets[1:] - 1, -1)

    def integers(self, name: str) -> tuple[Ints, Bools | None]:
        numbers, valid = self.elements.integers(name)
        if not numbers.size:
            return np.zeros(self.size, dtype=np.int64), None
        return np.where(self.filled, numbers[self.index], 0), None if valid is None else valid[self.index] & self.filled

    def reals(self, name: str) -> Reals:
        numbers = self.elements.reals(name)
        return np.where(self.filled, numbers[self.index], 0.0) if numbers.size else np.zeros(self.size)

    def words(self, name: str) -> Words:
        found = self.elements.words(name)
        return found.at(self.index) if found.words else Words(np.zeros(self.size, dtype=np.int64), [b""])
