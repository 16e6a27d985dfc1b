"""What each operator means: a checked tree -> a condition over the columns.

Both evaluators start from this condition, so that an operator has one meaning. The rule of the language: comparing an
absent value is false, whatever the operator, and NOT of that is true. Only `is_not_set` and `never` ask for absence.
An empty list, or a list of records without any, is absent.
"""

from __future__ import annotations

from typing import assert_never, cast

from flows.segments.columns import (
    Ago,
    Ahead,
    Comparator,
    Compare,
    Condition,
    Contains,
    Either,
    Elements,
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
    columns_in,
)
from flows.segments.expression import AllOf, AnyOf, Leaf, NotOf, Point, Range, RecordsLeaf, Span, Tree

MILLISECONDS_PER_SECOND = 1_000


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
    if leaf.field.type == "boolean":
        return _truth(cast(Condition, how), leaf)
    if isinstance(how, Elements):
        return _elements(how, leaf)
    value = cast(Value, how)
    if leaf.op == "is_set":
        return Present(value)
    if leaf.op in ("is_not_set", "never"):
        return Opposite(Present(value))
    if leaf.field.type == "string":
        return _string(value, leaf)
    if leaf.field.type == "time":
        return _time(value, leaf)
    return _number(value, leaf)


def _number(value: Value, leaf: Leaf) -> Condition:
    scale = MILLISECONDS_PER_SECOND if leaf.field.type == "duration" else 1
    match leaf.value:
        case Range(start, end):
            return Every((Compare(value, ">=", Given(start * scale)), Compare(value, "<", Given(end * scale))))
        case int(number):
            return Compare(value, cast(Comparator, leaf.op), Given(number * scale))
    raise _unknown(leaf)


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
