"""Checked tree -> numpy mask over rows of `visitors`. Follows `predicate.py` node by node."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, assert_never

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flows.segments.columns import (
    MINUTE,
    Ago,
    Ahead,
    Always,
    AtLeast,
    Comparator,
    Compare,
    Condition,
    Contains,
    Difference,
    Distinct,
    Either,
    Every,
    Exists,
    Fixed,
    Given,
    HoldsAll,
    Instant,
    Last,
    Maybe,
    Now,
    OneOf,
    OnlineSince,
    Only,
    Opposite,
    Present,
    Ratio,
    StartsWith,
    Sum,
    Text,
    Times,
    Value,
    Whole,
    columns_in,
    is_text,
)
from flows.segments.expression import Tree
from flows.segments.meaning import condition_of
from flows.segments.predicate import ONLINE_MINUTES
from flows.segments.rows import Bools, Column, Ints, Rows

_COMPARE: dict[Comparator, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def mask(
    tree: Tree, rows: Rows | pa.Table | pa.RecordBatch, now: int, *, online_minutes: int = ONLINE_MINUTES
) -> Bools:
    """Which rows match at `now` (epoch milliseconds): bool, shape (n,).

    Pass one `Rows` for many trees over the same rows. Raises KeyError when a column is missing and ValueError when the
    arrays of one prefix differ in length.
    """
    rows = rows if isinstance(rows, Rows) else Rows(rows)
    return _Evaluation(rows, now, online_minutes).condition(condition_of(tree), _RowFrame(rows))


class _Frame(Protocol):
    """Where columns are read: the rows, the elements of some arrays, or the last element of each row."""

    size: int

    def integers(self, name: str) -> tuple[Ints, Bools | None]: ...

    def texts(self, name: str) -> pa.Array: ...


class _RowFrame:
    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.size = rows.size

    def integers(self, name: str) -> tuple[Ints, Bools | None]:
        found = self.rows.column(name).integers()
        return found.numbers, found.valid

    def texts(self, name: str) -> pa.Array:
        return self.rows.column(name).texts()


class _ElementFrame:
    def __init__(self, rows: Rows, columns: frozenset[str]) -> None:
        self.columns: dict[str, Column] = {}
        for name in sorted(columns):
            self.offsets, self.columns[name] = rows.elements(name)
            if not np.array_equal(self.offsets, rows.elements(min(columns))[0]):
                raise ValueError(f"{name} and {min(columns)} differ in length")
        self.size = int(self.offsets[-1])

    def integers(self, name: str) -> tuple[Ints, Bools | None]:
        found = self.columns[name].integers()
        return found.numbers, found.valid

    def texts(self, name: str) -> pa.Array:
        return self.columns[name].texts()

    def sums(self, numbers: Ints) -> Ints:
        """Sum of the elements by row, wrapping: int64, shape (n,)."""
        running = np.zeros(self.size + 1, dtype=np.int64)
        np.cumsum(numbers, dtype=np.int64, out=running[1:])
        return running[self.offsets[1:]] - running[self.offsets[:-1]]

    def different(self, codes: Ints, size: int, among: Bools) -> Ints:
        """By row, how many different codes (each below `size`) some of the elements have: int64, shape (n,)."""
        rows = self.offsets.size - 1
        row = np.repeat(np.arange(rows), np.diff(self.offsets))
        found = np.unique(row[among] * max(1, size) + codes[among])
        return np.bincount(found // max(1, size), minlength=rows).astype(np.int64)


class _LastFrame:
    """The last element of each row; 0 or b'' where there is none."""

    def __init__(self, elements: _ElementFrame) -> None:
        self.elements = elements
        self.filled: Bools = np.diff(elements.offsets) > 0
        self.size = self.filled.size
        self.index = np.where(self.filled, elements.offsets[1:] - 1, -1)

    def integers(self, name: str) -> tuple[Ints, Bools | None]:
        numbers, valid = self.elements.integers(name)
        if not numbers.size:
            return np.zeros(self.size, dtype=np.int64), None
        return np.where(self.filled, numbers[self.index], 0), None if valid is None else valid[self.index] & self.filled

    def texts(self, name: str) -> pa.Array:
        index = pa.array(self.index, mask=~self.filled)
        return self.elements.texts(name).take(index).fill_null(b"")


@dataclass(frozen=True)
class _Values:
    """data: numbers (or one number for all) or an Arrow array of bytes; there: where present, None for everywhere
    (of strings, that they are not empty is not in it)."""

    data: Any
    there: Bools | None = None


class _Evaluation:
    def __init__(self, rows: Rows, now: int, online_minutes: int) -> None:
        self.rows = rows
        self.now = now
        self.online_minutes = online_minutes

    def condition(self, condition: Condition, frame: _Frame) -> Bools:
        match condition:
            case Compare(left, by, right):
                a, b = self.value(left, frame), self.value(right, frame)
                return _where(_COMPARE[by](a.data, b.data), _both(a.there, b.there), frame)
            case OneOf(value, strings):
                a = self.value(value, frame)
                return _where(pc.is_in(a.data, value_set=_bytes(strings)), a.there, frame)
            case Contains(value, part):
                a = self.value(value, frame)
                return _where(pc.match_substring(a.data, part.encode()), a.there, frame)
            case StartsWith(value, part):
                a = self.value(value, frame)
                return _where(pc.starts_with(a.data, part.encode()), a.there, frame)
            case Present(value):
                a = self.value(value, frame)
                return _where(pc.greater(pc.binary_length(a.data), 0) if is_text(value) else True, a.there, frame)
            case Every(parts):
                held = np.ones(frame.size, dtype=np.bool_)
                for part in parts:
                    held &= self.condition(part, frame)
                return held
            case Either(parts):
                held = np.zeros(frame.size, dtype=np.bool_)
                for part in parts:
                    held |= self.condition(part, frame)
                return held
            case Opposite(part):
                return ~self.condition(part, frame)
            case Exists(where):
                elements = _ElementFrame(self.rows, columns_in(where))
                found: Bools = elements.sums(self.condition(where, elements).astype(np.int64)) > 0
                return found
            case HoldsAll(of, where, strings):
                elements = _ElementFrame(self.rows, columns_in((of, where)))
                return self.holds_all(elements, of, where, strings)
            case _:
                assert_never(condition)

    def holds_all(self, elements: _ElementFrame, of: Text, where: Condition, strings: tuple[str, ...]) -> Bools:
        which = pc.index_in(elements.texts(of.column), value_set=_bytes(strings))
        hits = self.condition(where, elements) & np.asarray(which.is_valid())
        string = np.asarray(which.fill_null(-1), dtype=np.int64)
        held: Bools = elements.different(string, len(strings), hits) == len(strings)
        return held

    def value(self, value: Value, frame: _Frame) -> _Values:
        match value:
            case Whole(column) | Maybe(column) | Always(column):
                numbers, valid = frame.integers(column)
                return _Values(numbers, valid)
            case Instant(column):
                numbers, valid = frame.integers(column)
                return _Values(numbers, _both(numbers > 0, valid))
            case Text(column):
                return _Values(frame.texts(column))
            case Fixed(number) | Given(number):
                return _Values(np.int64(number))
            case Now():
                return _Values(np.int64(self.now))
            case Ago(span):
                return _Values(np.int64(self.now - span.number))
            case Ahead(span):
                return _Values(np.int64(self.now + span.number))
            case OnlineSince():
                return _Values(np.int64(self.now - self.online_minutes * MINUTE))
            case Difference(left, right):
                a, b = self.value(left, frame), self.value(right, frame)
                return _Values(a.data - b.data, _both(a.there, b.there))
            case Times(left, right):
                a, b = self.value(left, frame), self.value(right, frame)
                return _Values(a.data * b.data, _both(a.there, b.there))
            case Ratio(left, right):
                a, b = self.value(left, frame), self.value(right, frame)
                divisible: Bools = b.data != 0
                quotient = np.zeros(frame.size, dtype=np.float64)
                np.divide(a.data.astype(np.float64), b.data.astype(np.float64), out=quotient, where=divisible)
                return _Values(quotient, _both(divisible, _both(a.there, b.there)))
            case Last(of):
                last = _LastFrame(_ElementFrame(self.rows, columns_in(of)))
                found = self.value(of, last)
                return _Values(found.data, _both(last.filled, found.there))
            case Sum(of, where):
                elements = _ElementFrame(self.rows, columns_in((of, where)))
                added = np.where(self.condition(where, elements), self.value(of, elements).data, 0)
                return _Values(elements.sums(added))
            case Distinct(of, where):
                elements = _ElementFrame(self.rows, columns_in((of, where)))
                strings = elements.texts(of.column).dictionary_encode()
                codes = np.asarray(strings.indices, dtype=np.int64)
                return _Values(elements.different(codes, len(strings.dictionary), self.condition(where, elements)))
            case AtLeast(of, least):
                found = self.value(of, frame)
                return _Values(np.maximum(found.data, least), found.there)
            case Only(of, where):
                found = self.value(of, frame)
                return _Values(found.data, _both(self.condition(where, frame), found.there))
            case _:
                assert_never(value)


def _bytes(strings: tuple[str, ...]) -> pa.Array:
    return pa.array([string.encode() for string in strings], type=pa.large_binary())


def _both(left: Bools | None, right: Bools | None) -> Bools | None:
    if left is None or right is None:
        return right if left is None else left
    both: Bools = left & right
    return both


def _where(held: Any, there: Bools | None, frame: _Frame) -> Bools:
    """A boolean (numpy, Arrow, or one for all) as a mask, False where the value is absent."""
    bools: npt.NDArray[np.bool_] = np.broadcast_to(np.asarray(held, dtype=np.bool_), (frame.size,))
    return bools.copy() if there is None else bools & there
