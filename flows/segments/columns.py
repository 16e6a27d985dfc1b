"""What a field is made of: a small algebra over the columns of table `visitors`.

Values and conditions are plain trees. `mask.py` computes them over numpy, `predicate.py` writes them as ClickHouse SQL:
a field says once how it comes from a row, and both follow. Two frames exist: a row, and one element of the arrays of a
prefix (`product_*`, `visit_*`). `Last`, `Sum`, `Distinct`, `Exists` and `HoldsAll` step from the row into the elements; they do
not nest.

A value can be absent. Every condition on an absent value is false; no condition is ever null.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Literal

Comparator = Literal["=", "!=", "<", "<=", ">", ">="]

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR


@dataclass(frozen=True)
class Whole:
    """An integer column that always has a value."""

    column: str


@dataclass(frozen=True)
class Maybe:
    """A Nullable integer column; absent when NULL."""

    column: str


@dataclass(frozen=True)
class Text:
    """A string column; absent when ''. Bytes are compared: case and Unicode form matter."""

    column: str


@dataclass(frozen=True)
class Instant:
    """A time column as epoch milliseconds; absent when NULL or epoch 0. `nullable` says that the column is Nullable."""

    column: str
    nullable: bool = False


@dataclass(frozen=True)
class Always:
    """A time column as epoch milliseconds that is never absent (the two ends of a visit)."""

    column: str


@dataclass(frozen=True)
class Fixed:
    """An integer of the catalogue."""

    number: int


@dataclass(frozen=True)
class Given:
    """An integer of the expression: bound as a parameter, never written into SQL."""

    number: int


@dataclass(frozen=True)
class Ago:
    """`now` less a time span in milliseconds."""

    span: Fixed | Given


@dataclass(frozen=True)
class Ahead:
    """`now` plus a time span in milliseconds."""

    span: Fixed | Given


@dataclass(frozen=True)
class Now:
    """`now`, epoch milliseconds."""


@dataclass(frozen=True)
class OnlineSince:
    """`now` less the minutes after which a visitor counts as gone."""


@dataclass(frozen=True)
class Difference:
    """left - right; 64 bits, wrapping."""

    left: Value
    right: Value


@dataclass(frozen=True)
class Times:
    """left * right; 64 bits, wrapping."""

    left: Value
    right: Value


@dataclass(frozen=True)
class Ratio:
    """left / right as IEEE double; absent when right is 0."""

    left: Value
    right: Value


@dataclass(frozen=True)
class Last:
    """A value of the last element; absent when the arrays are empty."""

    of: Value


@dataclass(frozen=True)
class Sum:
    """Sum of a value over the elements for which `where` holds; 0 when there are none."""

    of: Value
    where: Condition


@dataclass(frozen=True)
class Distinct:
    """How many different strings the elements have for which `where` holds; 0 when there are none."""

    of: Text
    where: Condition


@dataclass(frozen=True)
class AtLeast:
    """A number, or `least` if it is smaller."""

    of: Value
    least: int


@dataclass(frozen=True)
class Only:
    """A value that is there only while `where` holds."""

    of: Value
    where: Condition


Value = (
    Whole
    | Maybe
    | Text
    | Instant
    | Always
    | Fixed
    | Given
    | Ago
    | Ahead
    | Now
    | OnlineSince
    | Difference
    | Times
    | Ratio
    | Last
    | Sum
    | Distinct
    | AtLeast
    | Only
)


@dataclass(frozen=True)
class Compare:
    """Both sides numbers or times; false when one is absent."""

    left: Value
    by: Comparator
    right: Value


@dataclass(frozen=True)
class OneOf:
    """A string that equals one of some (none of them empty)."""

    value: Value
    strings: tuple[str, ...]


@dataclass(frozen=True)
class Contains:
    """A string that has a part (not empty)."""

    value: Value
    part: str


@dataclass(frozen=True)
class StartsWith:
    """A string that begins with a part (not empty)."""

    value: Value
    part: str


@dataclass(frozen=True)
class Present:
    """The value is not absent."""

    value: Value


@dataclass(frozen=True)
class Every:
    """All parts hold; true when there are none."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class Either:
    """At least one part holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class Opposite:
    """The part does not hold."""

    part: Condition


@dataclass(frozen=True)
class Exists:
    """Some element for which `where` holds; `where` names at least one array column."""

    where: Condition


@dataclass(frozen=True)
class HoldsAll:
    """Each of the strings is the value of some element for which `where` holds."""

    of: Text
    where: Condition
    strings: tuple[str, ...]


Condition = Compare | OneOf | Contains | StartsWith | Present | Every | Either | Opposite | Exists | HoldsAll


@dataclass(frozen=True)
class Elements:
    """The elements of some arrays for which `where` holds: what a list field or a records field is made of."""

    where: Condition
    of: Text | None = None


def columns_in(node: object) -> frozenset[str]:
    """Names of the `visitors` columns that a value or condition reads."""
    return frozenset(_columns(node))


def is_text(value: Value) -> bool:
    """Whether a value is a string (else it is a number or a time)."""
    if isinstance(value, Last | Only):
        return is_text(value.of)
    return isinstance(value, Text)


def _columns(node: object) -> Iterator[str]:
    if isinstance(node, Whole | Maybe | Text | Instant | Always):
        yield node.column
    elif isinstance(node, tuple):
        for part in node:
            yield from _columns(part)
    elif is_dataclass(node):
        for field in fields(node):
            yield from _columns(getattr(node, field.name))
