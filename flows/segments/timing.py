"""When time alone can change the truth of a condition: the comparisons with time in some trees, and the moments they flip at.

A comparison of a value with a moment that moves along with `now` changes its truth when the moment passes the value. So the
flips of a tree are among those of its comparisons, whatever stands between them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import lru_cache
from typing import Any, Literal, get_args

import numpy as np

from flows.segments.columns import (
    MINUTE,
    Ago,
    Ahead,
    Comparator,
    Compare,
    DayStart,
    DaysToBirthday,
    Distinct,
    Exists,
    Fixed,
    Given,
    HoldsAll,
    Last,
    Moment,
    Now,
    OnlineSince,
    Present,
    Sum,
    Value,
)
from flows.segments.days import Days
from flows.segments.expression import Tree
from flows.segments.meaning import condition_of
from flows.segments.node import node, once
from flows.segments.rows import Ints

NEVER = 1 << 62

Where = Literal["row", "element"]

_MIRRORED: dict[Comparator, Comparator] = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_MOMENTS = get_args(Moment)


@node
class Timed:
    """`value` compared `by` with a moment; of a birthday, with a number of days. `where`: the frame it is compared in."""

    where: Where
    value: Value
    by: Comparator
    against: Value


@lru_cache(maxsize=1_024)
def comparisons_with_time(trees: tuple[Tree, ...]) -> tuple[Timed, ...]:
    """The different comparisons of all trees whose truth time can change. Raises TypeError where time is used otherwise."""
    return tuple(dict.fromkeys(timed for tree in trees for timed in comparisons_of(tree)))


@once
def comparisons_of(tree: Tree) -> tuple[Timed, ...]:
    """The same of one tree."""
    return tuple(dict.fromkeys(_comparisons(condition_of(tree), "row")))


def flips(timed: Timed, data: Any, now: Any, days: Days, online_minutes: int) -> Ints:
    """For each value (`data`) the earliest moment after its `now` (epoch ms) at which the comparison changes; else NEVER.

    Exact, but for birthdays, where the day after one counts as a change.
    """
    if isinstance(timed.value, DaysToBirthday):
        return _birthday_flips(timed.by, data, timed.against, now, days)
    if isinstance(timed.against, DayStart):
        return _later(days.start_of(days.day_of(data) - timed.against.days + 1), now)
    meets = data + _lag(timed.against, online_minutes)  # the moment of the comparison is the value at this `now`
    if timed.by in (">=", "<"):
        return _later(meets + 1, now)
    if timed.by in (">", "<="):
        return _later(meets, now)
    return np.minimum(_later(meets, now), _later(meets + 1, now))


def _birthday_flips(by: Comparator, until: Ints, against: Value, now: Any, days: Days) -> Ints:
    assert isinstance(against, Given | Fixed)
    number = int(against.number)
    today = days.day_of(now)
    found = until + 1
    for edge in (number, number - 1):
        if by in ("=", "!=") or (edge == number) == (by in ("<=", ">")):
            found = np.where(until > edge, np.minimum(found, until - edge), found)
    return days.start_of(today + found)


def _lag(moment: Value, online_minutes: int) -> int:
    """How far `now` is ahead of the moment, in milliseconds."""
    match moment:
        case Ago(span):
            return int(span.number)
        case Ahead(span):
            return -int(span.number)
        case Now():
            return 0
        case OnlineSince():
            return online_minutes * MINUTE
    raise TypeError(f"{moment} is not a moment")


def _later(at: Ints, now: Any) -> Ints:
    return np.where(at > now, at, NEVER)


def _comparisons(found: object, where: Where) -> Iterator[Timed]:
    match found:
        case Compare(left, by, right):
            if isinstance(left, _MOMENTS):
                left, by, right = right, _MIRRORED[by], left
            if isinstance(left, DaysToBirthday):
                if not isinstance(right, Given | Fixed):
                    raise TypeError("a birthday is compared with numbers only")
                yield Timed(where, left, by, right)
                return
            yield from _comparisons(left, where)
            if not isinstance(right, _MOMENTS):
                yield from _comparisons(right, where)
                return
            if isinstance(right, DayStart) and by not in ("<", ">="):
                raise TypeError("the start of a day is compared by < and >= only")
            yield Timed(where, left, by, right)
        case Exists() | HoldsAll() | Sum() | Distinct():
            yield from _parts(found, "element")
        case Last(of):
            if any(_comparisons(of, "element")):
                raise TypeError("inside a last element nothing is compared with time")
        case Present(DaysToBirthday()):
            return
        case DaysToBirthday():
            raise TypeError("a birthday can only be compared, or asked for")
        case _ if isinstance(found, _MOMENTS):
            raise TypeError("a moment can only be compared with a value")
        case _:
            yield from _parts(found, where)


def _parts(found: object, where: Where) -> Iterator[Timed]:
    if isinstance(found, tuple):
        for part in found:
            yield from _comparisons(part, where)
    elif is_dataclass(found):
        for field in fields(found):
            yield from _comparisons(getattr(found, field.name), where)
