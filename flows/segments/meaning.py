"""What each operator means: a checked tree -> a condition over the columns.

Both evaluators start from this condition, so that an operator has one meaning. The rule of the language: comparing an
absent value is false, whatever the operator, and NOT of that is true. Only `is_not_set` and `never` ask for absence.
An empty list, or a list of records without any, is absent.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never, cast

from flows.segments.columns import (
    Ago,
    Ahead,
    Comparator,
    Compare,
    Condition,
    Contains,
    DayStart,
    DaysToBirthday,
    Either,
    Every,
    Exists,
    Given,
    HoldsAll,
    Now,
    OneOf,
    Opposite,
    Present,
    StartsWith,
    Text,
    Value,
)
from flows.segments.expression import AllOf, AnyOf, Leaf, NotOf, Point, Range, RecordsLeaf, Span, Tree
from flows.segments.node import once
from flows.segments.reads import columns_in
from flows.segments.sources import Elements, Named, Source, Truth

MILLISECONDS_PER_SECOND = 1_000


@once
def condition_of(tree: Tree) -> Condition:
    """The condition a tree stands for."""
    match tree:
        case AllOf(parts):
            return Every(tuple(condition_of(part) for part in parts))
        case AnyOf(parts):
            return Either(tuple(condition_of(part) for part in parts))
        case NotOf(part):
            return Opposite(condition_of(part))
        case RecordsLeaf():
            return _records(tree)
        case Leaf():
            return _leaf(tree)
        case _:
            assert_never(tree)


def columns_of(tree: Tree) -> frozenset[str]:
    """The columns of `visitors` that both evaluators need to answer a tree."""
    return columns_in(condition_of(tree))


def _leaf(leaf: Leaf) -> Condition:
    how = leaf.field.how
    if isinstance(how, Truth):
        return _told_truth(how, leaf)
    if leaf.field.type == "boolean":
        return _truth(cast(Condition, how), leaf)
    if isinstance(how, Elements):
        return _elements(how, leaf)
    if leaf.op in ("is_not_set", "never"):
        return Opposite(_about(how, Present))
    return _about(how, lambda value: _compared(value, leaf))


def _about(how: Source, said: Callable[[Value], Condition]) -> Condition:
    """What is said of a value, where the value is: something that is false of an absent one."""
    if isinstance(how, Named):
        return Exists(Every((OneOf(how.name, (how.called,)), said(how.of))))
    return said(cast(Value, how))


def _compared(value: Value, leaf: Leaf) -> Condition:
    if leaf.op == "is_set":
        return Present(value)
    match leaf.field.type:
        case "string":
            return _string(value, leaf)
        case "time":
            return _time(value, leaf)
        case "days" if not isinstance(value, DaysToBirthday):
            return _days(value, leaf)
    return _number(value, leaf)


def _number(value: Value, leaf: Leaf) -> Condition:
    scale = MILLISECONDS_PER_SECOND if leaf.field.type == "duration" else 1
    match leaf.value:
        case Range(start, end):
            return Every((Compare(value, ">=", Given(start * scale)), Compare(value, "<", Given(end * scale))))
        case int(number) | float(number):
            return Compare(value, cast(Comparator, leaf.op), Given(number * scale))
    raise _unknown(leaf)


def _days(time: Value, leaf: Leaf) -> Condition:
    """Days from today until the day of a time: told by when the days around it start."""
    match leaf.op, leaf.value:
        case "between", Range(start, end):
            return Every((_from_day(time, int(start)), _before_day(time, int(end))))
        case "=", int(number):
            return Every((_from_day(time, number), _before_day(time, number + 1)))
        case "!=", int(number):
            return Either((_before_day(time, number), _from_day(time, number + 1)))
        case "<", int(number):
            return _before_day(time, number)
        case "<=", int(number):
            return _before_day(time, number + 1)
        case ">=", int(number):
            return _from_day(time, number)
        case ">", int(number):
            return _from_day(time, number + 1)
    raise _unknown(leaf)


def _before_day(time: Value, number: int) -> Condition:
    return Compare(time, "<", DayStart(number))


def _from_day(time: Value, number: int) -> Condition:
    return Compare(time, ">=", DayStart(number))


def _string(value: Value, leaf: Leaf) -> Condition:
    strings = leaf.value if isinstance(leaf.value, tuple) else (str(leaf.value),)
    match leaf.op:
        case "is" | "in":
            return OneOf(value, strings)
        case "is_not" | "not_in":
            return Every((Present(value), Opposite(OneOf(value, strings))))
        case "contains":
            return Contains(value, strings[0])
        case "starts_with":
            return StartsWith(value, strings[0])
    raise _unknown(leaf)


def _time(value: Value, leaf: Leaf) -> Condition:
    match leaf.op, leaf.value:
        case "within_last", Span() as span:  # a row may be fresher than the question: a time after `now` counts
            return Compare(value, ">=", Ago(Given(span.milliseconds)))
        case "more_than_ago", Span() as span:
            return Compare(value, "<", Ago(Given(span.milliseconds)))
        case "in_next", Span() as span:
            return Every((Compare(value, ">", Now()), Compare(value, "<=", Ahead(Given(span.milliseconds)))))
        case "before", Point(at):
            return Compare(value, "<", Given(at))
        case "after", Point(at):
            return Compare(value, ">=", Given(at))
    raise _unknown(leaf)


def _truth(condition: Condition, leaf: Leaf) -> Condition:
    match leaf.op:
        case "is":
            return condition if leaf.value else Opposite(condition)
        case "is_set":
            return Every(())
        case "is_not_set":
            return Opposite(Every(()))
    raise _unknown(leaf)


def _told_truth(told: Truth, leaf: Leaf) -> Condition:
    match leaf.op:
        case "is":
            return told.yes if leaf.value else Every((told.known, Opposite(told.yes)))
        case "is_set":
            return told.known
        case "is_not_set":
            return Opposite(told.known)
    raise _unknown(leaf)


def _elements(elements: Elements, leaf: Leaf) -> Condition:
    some = Exists(_filled(elements))
    strings = leaf.value if isinstance(leaf.value, tuple) else ()
    match leaf.op:
        case "is_set":
            return some
        case "is_not_set":
            return Opposite(some)
        case "contains_any":
            return _any_of(elements, strings)
        case "contains_none":
            return Every((some, Opposite(_any_of(elements, strings))))
        case "contains_all" if elements.of is not None:
            return HoldsAll(elements.of, elements.where, strings)
    raise _unknown(leaf)


def _any_of(elements: Elements, strings: tuple[str, ...]) -> Condition:
    return Exists(Every((elements.where, OneOf(cast(Text, elements.of), strings))))


def _filled(elements: Elements) -> Condition:
    return elements.where if elements.of is None else Every((elements.where, Present(elements.of)))


def _records(leaf: RecordsLeaf) -> Condition:
    elements = cast(Elements, leaf.field.how)
    match = Exists(Every((elements.where, condition_of(leaf.where))))
    return match if leaf.op == "some" else Every((Exists(elements.where), Opposite(match)))


def _unknown(leaf: Leaf) -> AssertionError:
    return AssertionError(f"{leaf.field.type} has no meaning for {leaf.op} {leaf.value!r}")
