"""Checked trees -> numpy masks over rows of `visitors`, each row judged at its own moment. Follows `predicate.py` node by node."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any, assert_never

import numpy as np
import numpy.typing as npt
import pyarrow as pa

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
    DayStart,
    DaysToBirthday,
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
    Real,
    StartsWith,
    Sum,
    Text,
    Times,
    Value,
    Whole,
)
from flows.segments.days import days_of
from flows.segments.expression import Tree
from flows.segments.frames import ElementFrame, Frame, LastFrame, RowFrame, Values
from flows.segments.meaning import condition_of
from flows.segments.predicate import ONLINE_MINUTES
from flows.segments.reads import columns_in, is_text, prefix_of
from flows.segments.rows import Bools, Ints, Rows, Words
from flows.segments.timing import NEVER, Timed, comparisons_with_time, flips

_COMPARE: dict[Comparator, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def mask(
    tree: Tree,
    rows: Rows | pa.Table | pa.RecordBatch,
    now: int | Ints,
    *,
    zone: str = "UTC",
    online_minutes: int = ONLINE_MINUTES,
) -> Bools:
    """Which rows match at `now` (epoch milliseconds, one for all or one a row): bool, shape (n,).

    `zone` (IANA) says when a day starts. Pass one `Rows` for many trees over the same rows, or better ask one `Judged`.
    Raises KeyError when a column is missing and ValueError when the arrays of one prefix differ in length.
    """
    rows = rows if isinstance(rows, Rows) else Rows(rows)
    return Judged(rows, now, zone=zone, online_minutes=online_minutes).holds(tree).copy()


class Judged:
    """Some rows, each at its own moment, and what many trees say of them: whatever two trees share is computed once.

    `now` is epoch milliseconds: one for all rows, or int64 of shape (n,). Arguments and errors are those of `mask`.
    """

    def __init__(self, rows: Rows, now: int | Ints, *, zone: str = "UTC", online_minutes: int = ONLINE_MINUTES) -> None:
        moments = np.asarray(now, dtype=np.int64)
        if moments.ndim and moments.shape != (rows.size,):
            raise ValueError(f"one moment a row is needed: {rows.size}, not {moments.shape}")
        self._rows = rows
        self._now: Any = moments if moments.ndim else np.int64(now)
        self._days = days_of(zone)
        self._online_minutes = online_minutes
        self._row = RowFrame(rows, self._now)
        self._frames: dict[str, ElementFrame] = {}
        self._lasts: dict[str, LastFrame] = {}

    def holds(self, tree: Tree) -> Bools:
        """Which rows match the tree: bool, shape (n,), not to be written into."""
        return self._held(condition_of(tree), self._row)

    def next_change(self, trees: Sequence[Tree]) -> Ints:
        """By row, the earliest moment after its own at which time alone may change what any of the trees says; NEVER if none.

        It may be too early (the truth is then the same), never too late. Give the same tuple of trees again: what is to be
        looked at is remembered by it.
        """
        earliest = np.full(self._rows.size, NEVER, dtype=np.int64)
        for timed in comparisons_with_time(trees if isinstance(trees, tuple) else tuple(trees)):
            np.minimum(earliest, self._flips(timed), out=earliest)
        return earliest

    def _flips(self, timed: Timed) -> Ints:
        frame = self._row if timed.where == "row" else self._elements(timed.value)
        found = self._value(timed.value, frame)
        at = flips(timed, found.data, frame.now, self._days, self._online_minutes)
        return frame.by_row(at if found.there is None else np.where(found.there, at, NEVER))

    def _elements(self, node: object) -> ElementFrame:
        """The elements of the arrays that something on elements reads."""
        prefix = prefix_of(node)
        if prefix not in self._frames:
            self._frames[prefix] = ElementFrame(self._rows, min(columns_in(node)), self._now, NEVER)
        return self._frames[prefix]

    def _last(self, node: object) -> LastFrame:
        prefix = prefix_of(node)
        if prefix not in self._lasts:
            self._lasts[prefix] = LastFrame(self._elements(node), self._now)
        return self._lasts[prefix]

    def _held(self, condition: Condition, frame: Frame) -> Bools:
        known = frame.held.get(condition)
        if known is None:
            known = frame.held[condition] = self._condition(condition, frame)
            known.setflags(write=False)
        return known

    def _value(self, value: Value, frame: Frame) -> Values:
        known = frame.values.get(value)
        if known is None:
            known = frame.values[value] = self._computed(value, frame)
        return known

    def _condition(self, condition: Condition, frame: Frame) -> Bools:
        match condition:
            case Compare(left, by, right):
                a, b = self._value(left, frame), self._value(right, frame)
                return _where(_COMPARE[by](a.data, b.data), _both(a.there, b.there), frame)
            case OneOf(value, strings):
                a = self._value(value, frame)
                return _where(_among(a.data, strings), a.there, frame)
            case Contains(value, part):
                a, said = self._value(value, frame), part.encode()
                return _where(a.data.where(lambda word: said in word), a.there, frame)
            case StartsWith(value, part):
                a, said = self._value(value, frame), part.encode()
                return _where(a.data.where(lambda word: word.startswith(said)), a.there, frame)
            case Present(value):
                a = self._value(value, frame)
                return _where(a.data.codes != a.data.code(b"") if is_text(value) else True, a.there, frame)
            case Every(parts):
                if not parts:
                    return np.ones(frame.size, dtype=np.bool_)
                held = self._held(parts[0], frame).copy()
                for part in parts[1:]:
                    held &= self._held(part, frame)
                return held
            case Either(parts):
                held = self._held(parts[0], frame).copy()
                for part in parts[1:]:
                    held |= self._held(part, frame)
                return held
            case Opposite(part):
                return ~self._held(part, frame)
            case Exists(where):
                elements = self._elements(where)
                return elements.some(self._held(where, elements))
            case HoldsAll(of, where, strings):
                return self._holds_all(of, where, strings)
            case _:
                assert_never(condition)

    def _holds_all(self, of: Text, where: Condition, strings: tuple[str, ...]) -> Bools:
        elements = self._elements((of, where))
        place = elements.words(of.column).positions([string.encode() for string in strings])
        hits = self._held(where, elements) & (place >= 0)
        held: Bools = elements.different(place, len(strings), hits) == len(strings)
        return held

    def _computed(self, value: Value, frame: Frame) -> Values:
        match value:
            case Whole(column) | Maybe(column) | Always(column):
                numbers, valid = frame.integers(column)
                return Values(numbers, valid)
            case Real(column):
                return Values(frame.reals(column))
            case Instant(column):
                numbers, valid = frame.integers(column)
                return Values(numbers, _both(numbers > 0, valid))
            case Text(column):
                return Values(frame.words(column))
            case Fixed(number) | Given(number):
                return Values(np.float64(number) if isinstance(number, float) else np.int64(number))
            case Now():
                return Values(frame.now)
            case Ago(span):
                return Values(frame.now - np.int64(span.number))
            case Ahead(span):
                return Values(frame.now + np.int64(span.number))
            case OnlineSince():
                return Values(frame.now - np.int64(self._online_minutes * MINUTE))
            case DayStart(days):
                return Values(self._days.start_of(self._days.day_of(frame.now) + days))
            case DaysToBirthday(column):
                birthday, _ = frame.integers(column)
                return Values(self._days.birthday_in(birthday, self._days.day_of(frame.now)), birthday > 0)
            case Difference(left, right):
                a, b = self._value(left, frame), self._value(right, frame)
                return Values(a.data - b.data, _both(a.there, b.there))
            case Times(left, right):
                a, b = self._value(left, frame), self._value(right, frame)
                return Values(a.data * b.data, _both(a.there, b.there))
            case Ratio(left, right):
                a, b = self._value(left, frame), self._value(right, frame)
                divisible: Bools = b.data != 0
                quotient = np.zeros(frame.size, dtype=np.float64)
                np.divide(a.data.astype(np.float64), b.data.astype(np.float64), out=quotient, where=divisible)
                return Values(quotient, _both(divisible, _both(a.there, b.there)))
            case Last(of):
                last = self._last(of)
                found = self._value(of, last)
                return Values(found.data, _both(last.filled, found.there))
            case Sum(of, where):
                elements = self._elements((of, where))
                added = np.where(self._held(where, elements), self._value(of, elements).data, 0)
                return Values(elements.sums(added))
            case Distinct(of, where):
                elements = self._elements((of, where))
                words = elements.words(of.column)
                return Values(elements.different(words.codes, len(words.words), self._held(where, elements)))
            case AtLeast(of, least):
                found = self._value(of, frame)
                return Values(np.maximum(found.data, least), found.there)
            case Only(of, where):
                found = self._value(of, frame)
                return Values(found.data, _both(self._held(where, frame), found.there))
            case _:
                assert_never(value)


def _among(words: Words, strings: tuple[str, ...]) -> Bools:
    wanted = [code for code in (words.code(string.encode()) for string in strings) if code >= 0]
    if len(wanted) == 1:
        same: Bools = words.codes == wanted[0]
        return same
    found = np.zeros(len(words.words), dtype=np.bool_)
    found[wanted] = True
    return found[words.codes]


def _both(left: Bools | None, right: Bools | None) -> Bools | None:
    if left is None or right is None:
        return right if left is None else left
    both: Bools = left & right
    return both


def _where(held: Any, there: Bools | None, frame: Frame) -> Bools:
    """A boolean (an array of its own, or one for all) as a mask of its own, False where the value is absent."""
    bools: npt.NDArray[np.bool_] = np.asarray(held, dtype=np.bool_)
    if bools.ndim == 0:
        bools = np.full(frame.size, bool(bools))
    return bools if there is None else bools & there
