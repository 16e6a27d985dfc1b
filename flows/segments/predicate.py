"""Checked tree -> ClickHouse SQL over the columns of `visitors`, with every value of the user bound as a parameter.

Every part of the SQL is 0 or 1, never NULL. Times are compared as Int64 milliseconds and numbers as Int64, so that both
evaluators compute in the same types; the one division is of Float64 by Float64.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import assert_never, cast, get_args

import numpy as np

from flows.segments.columns import (
    MINUTE,
    Ago,
    Ahead,
    Always,
    AtLeast,
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
from flows.segments.days import days_of, until_birthdays
from flows.segments.expression import Tree
from flows.segments.field import Field
from flows.segments.meaning import condition_of
from flows.segments.reads import columns_in, is_text
from flows.segments.rows import Ints
from flows.segments.sources import Elements, Named, Source, Truth

ONLINE_MINUTES = 5
LISTED = 20

Parameter = int | str | list[str] | list[int]
Name = Callable[[str], str]


@dataclass(frozen=True)
class Predicate:
    """SQL of one boolean expression, parenthesised where needed, and its parameters: `{p0:Int64}` is params["p0"]."""

    sql: str
    params: dict[str, Parameter]


def compile_sql(
    tree: Tree,
    now: int,
    *,
    zone: str = "UTC",
    online_minutes: int = ONLINE_MINUTES,
    prefix: str = "p",
    table: str = "",
) -> Predicate:
    """The predicate of a tree at `now` (epoch milliseconds); days start as `zone` (IANA) says.

    Parameters are `now`, `online_ms`, `birthday_in` and `p0`, `p1`, ...; two predicates in one query need different prefixes and
    the same `now` and zone.
    `table` qualifies the columns (`v.visits`), for queries whose aliases hide them.
    """
    writing = _Writing(now, zone, online_minutes, prefix)
    sql = writing.condition(condition_of(tree), (lambda column: f"{table}.{column}") if table else str)
    return Predicate(sql, {name: value for name, value in writing.params.items() if "{" + f"{name}:" in sql})


def compile_value(
    field: Field,
    now: int,
    *,
    zone: str = "UTC",
    online_minutes: int = ONLINE_MINUTES,
    prefix: str = "p",
    table: str = "",
) -> Predicate:
    """SQL of a field's value at `now`, as JSON in a string; arguments as those of `compile_sql`.

    A number (times and durations in milliseconds), a text, true or false, a list of at most 20 different texts, of records how
    many there are; null when the value is absent (an empty list is []).
    """
    writing = _Writing(now, zone, online_minutes, prefix)
    sql = writing.told(field.how, (lambda column: f"{table}.{column}") if table else str)
    return Predicate(sql, {name: value for name, value in writing.params.items() if "{" + f"{name}:" in sql})


@dataclass(frozen=True)
class _Sql:
    """A value: its text, and what must hold for it to be there (of strings, that it is not '' is not in it)."""

    text: str
    guards: tuple[str, ...] = ()


class _Writing:
    def __init__(self, now: int, zone: str, online_minutes: int, prefix: str) -> None:
        self.params: dict[str, Parameter] = {}
        self.now = now
        self.days = days_of(zone)
        self.online_minutes = online_minutes
        self.prefix = prefix
        self.bound = 0

    def condition(self, condition: Condition, name: Name) -> str:
        match condition:
            case Compare(left, by, right):
                a, b = self.value(left, name), self.value(right, name)
                return _all(*a.guards, *b.guards, f"{a.text} {by} {b.text}")
            case OneOf(value, strings):
                a = self.value(value, name)
                same = f"= {self.bind(strings[0])}" if len(strings) == 1 else f"IN {self.bind(list(strings))}"
                return _all(*a.guards, f"{a.text} {same}")
            case Contains(value, part):
                a = self.value(value, name)
                return _all(*a.guards, f"position({a.text}, {self.bind(part)}) > 0")
            case StartsWith(value, part):
                a = self.value(value, name)
                return _all(*a.guards, f"startsWith({a.text}, {self.bind(part)})")
            case Present(value):
                a = self.value(value, name)
                return _all(*a.guards, *([f"{a.text} != ''"] if is_text(value) else []))
            case Every(parts):
                return _all(*(self.condition(part, name) for part in parts))
            case Either(parts):
                return "(" + " OR ".join(self.condition(part, name) for part in parts) + ")"
            case Opposite(part):
                return f"NOT ({self.condition(part, name)})"
            case Exists(where):
                names, arrays = _arrays(where, name)
                return f"arrayExists({names} -> {self.condition(where, _element)}, {arrays})"
            case HoldsAll(of, where, strings):
                kept = self.kept(of, where, name)
                return f"hasAll({kept}, {self.bind(list(strings))})"
            case _:
                assert_never(condition)

    def value(self, value: Value, name: Name) -> _Sql:
        match value:
            case Whole(column):
                return _Sql(f"toInt64({name(column)})")
            case Real(column):
                return _Sql(name(column))
            case Maybe(column):
                return _Sql(f"ifNull(toInt64({name(column)}), 0)", (f"isNotNull({name(column)})",))
            case Text(column):
                return _Sql(name(column))
            case Always(column):
                return _Sql(f"toUnixTimestamp64Milli({name(column)})")
            case Instant(column, nullable):
                text = f"toUnixTimestamp64Milli({name(column)})"
                text = f"ifNull({text}, 0)" if nullable else text
                return _Sql(text, (f"{text} > 0",))
            case Fixed(number):
                return _Sql(str(number))
            case Given(number):
                return _Sql(self.bind(number))
            case Now():
                return _Sql(self.moment("now", self.now))
            case Ago(span):
                return _Sql(f"{self.moment('now', self.now)} - {self.value(span, name).text}")
            case Ahead(span):
                return _Sql(f"{self.moment('now', self.now)} + {self.value(span, name).text}")
            case OnlineSince():
                online = self.moment("online_ms", self.online_minutes * MINUTE)
                return _Sql(f"{self.moment('now', self.now)} - {online}")
            case DayStart(days):
                return _Sql(self.bind(int(self.days.start_of(self.today + days))))
            case DaysToBirthday(column):
                until = self.moment("birthday_in", until_birthdays(int(self.today)).tolist(), "Array(Int64)")
                return _Sql(f"{until}[{name(column)} + 1]", (f"{name(column)} > 0",))
            case Difference(left, right):
                return self.pair("({} - {})", left, right, name)
            case Times(left, right):
                return self.pair("({} * {})", left, right, name)
            case Ratio(left, right):
                quotient = self.pair("toFloat64({}) / toFloat64({})", left, right, name)
                return _Sql(quotient.text, (*quotient.guards, f"{self.value(right, name).text} != 0"))
            case Last(of):
                last = self.value(of, lambda column: f"{name(column)}[-1]")
                filled = f"notEmpty({name(min(columns_in(of)))})"
                return _Sql(last.text, (filled, *last.guards))
            case Sum(of, where):
                names, arrays = _arrays((of, where), name)
                inside = self.condition(where, _element)
                return _Sql(f"arraySum({names} -> if({inside}, {self.value(of, _element).text}, 0), {arrays})")
            case Distinct(of, where):
                return _Sql(f"toInt64(length(arrayDistinct({self.kept(of, where, name)})))")
            case AtLeast(of, least):
                found = self.value(of, name)
                return _Sql(f"greatest({found.text}, {least})", found.guards)
            case Only(of, where):
                kept = self.value(of, name)
                return _Sql(kept.text, (self.condition(where, name), *kept.guards))
            case _:
                assert_never(value)

    def told(self, how: Source, name: Name) -> str:
        """A value as JSON."""
        match how:
            case Truth(yes, known):
                said = f"if({self.condition(yes, name)}, 'true', 'false')"
                return f"if({self.condition(known, name)}, {said}, 'null')"
            case Elements(where, None):
                return f"toString({self.value(Sum(Fixed(1), where), name).text})"
            case Elements(where, Text() as of):
                texts = self.kept(of, Every((where, Present(of))), name)
                return f"toJSONString(arraySlice(arrayDistinct({texts}), 1, {LISTED}))"
            case Named(called, text, of):
                array = self.kept(of, Every((OneOf(called, (text,)), Present(of))), name)
                first = self.value(of, lambda column: f"{array}[1]").text
                return f"if(notEmpty({array}), {_json(first, of)}, 'null')"
        if isinstance(how, get_args(Condition)):
            return f"if({self.condition(cast(Condition, how), name)}, 'true', 'false')"
        value = cast(Value, how)
        found = self.value(value, name)
        there = _all(*found.guards, *([f"{found.text} != ''"] if is_text(value) else []))
        return f"if({there}, {_json(found.text, value)}, 'null')"

    def kept(self, of: Value, where: Condition, name: Name) -> str:
        """The array of one column of the elements for which a condition holds."""
        names, arrays = _arrays((of, where), name, first=min(columns_in(of)))
        return f"arrayFilter({names} -> {self.condition(where, _element)}, {arrays})"

    def pair(self, text: str, left: Value, right: Value, name: Name) -> _Sql:
        a, b = self.value(left, name), self.value(right, name)
        return _Sql(text.format(a.text, b.text), a.guards + b.guards)

    @property
    def today(self) -> Ints:
        """The number of the day that `now` is in."""
        return self.days.day_of(np.asarray(self.now))

    def bind(self, value: int | float | str | list[str]) -> str:
        """The placeholder of a new parameter."""
        name = f"{self.prefix}{self.bound}"
        self.bound += 1
        if isinstance(value, float):  # by its bits: the store reads decimals less exactly than it computes
            self.params[name] = struct.unpack("<q", struct.pack("<d", value))[0]
            return f"reinterpretAsFloat64({{{name}:Int64}})"
        self.params[name] = value
        return "{" + f"{name}:{_type(value)}" + "}"

    def moment(self, name: str, value: int | list[int], kind: str = "Int64") -> str:
        """The placeholder of a parameter that all conditions share."""
        self.params[name] = value
        return "{" + f"{name}:{kind}" + "}"


def _type(value: int | str | list[str]) -> str:
    if isinstance(value, int):
        return "Int64"
    return "String" if isinstance(value, str) else "Array(String)"


def _element(column: str) -> str:
    return f"e_{column}"


def _arrays(node: object, name: Name, first: str = "") -> tuple[str, str]:
    """The parameter list of a lambda over the arrays a node reads, and the arrays; `first` goes first."""
    columns = sorted(columns_in(node), key=lambda column: (column != first, column))
    return f"({', '.join(map(_element, columns))})", ", ".join(map(name, columns))


def _json(text: str, value: Value) -> str:
    return f"toJSONString({text})" if is_text(value) else f"toString({text})"


def _all(*parts: str) -> str:
    """Conjunction; safe to put beside other words."""
    if not parts:
        return "1"
    return parts[0] if len(parts) == 1 else f"({' AND '.join(parts)})"
