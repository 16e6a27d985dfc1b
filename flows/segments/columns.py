"""What a field is made of: a small algebra over the columns of table `visitors`.

Values and conditions are plain trees. `mask.py` computes them over numpy, `predicate.py` writes them as ClickHouse SQL:
a field says once how it comes from a row, and both follow. Two frames exist: a row, and one element of the arrays of a
prefix (`product_*`, `visit_*`). `Last`, `Sum`, `Distinct`, `Exists` and `HoldsAll` step from the row into the elements; they do
not nest.

A value can be absent. Every condition on an absent value is false; no condition is ever null.
"""

from __future__ import annotations

from typing import Literal

from flows.segments.node import node

Comparator = Literal["=", "!=", "<", "<=", ">", ">="]

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR


@node
class Whole:
    """An integer column that always has a value."""

    column: str


@node
class Real:
    """A Float64 column that always has a value."""

    column: str


@node
class Maybe:
    """A Nullable integer column; absent when NULL."""

    column: str


@node
class Text:
    """A string column; absent when ''. Bytes are compared: case and Unicode form matter."""

    column: str


@node
class Instant:
    """A time column as epoch milliseconds; absent when NULL or epoch 0. `nullable` says that the column is Nullable."""

    column: str
    nullable: bool = False


@node
class Always:
    """A time column as epoch milliseconds that is never absent: epoch 0 is a number like others."""

    column: str


@node
class Fixed:
    """An integer of the catalogue."""

    number: int


@node
class Given:
    """A number of the expression, compared as what it is: bound as a parameter, never written into SQL."""

    number: int | float


@node
class Ago:
    """`now` less a time span in milliseconds."""

    span: Fixed | Given


@node
class Ahead:
    """`now` plus a time span in milliseconds."""

    span: Fixed | Given


@node
class Now:
    """`now`, epoch milliseconds."""


@node
class OnlineSince:
    """`now` less the minutes after which a visitor counts as gone."""


@node
class DayStart:
    """The first millisecond of the day that comes so many days after today, in the shop's time zone."""

    days: int


@node
class DaysToBirthday:
    """Days until the next birthday, 0 on the day, in the shop's time zone; absent when the column is 0.

    The column numbers the days of a leap year from 1 (60 is February 29, which in other years is kept on the 28th).
    """

    column: str


@node
class Difference:
    """left - right; 64 bits, wrapping."""

    left: Value
    right: Value


@node
class Times:
    """left * right; 64 bits, wrapping."""

    left: Value
    right: Value


@node
class Ratio:
    """left / right as IEEE double; absent when right is 0."""

    left: Value
    right: Value


@node
class Last:
    """A value of the last element; absent when the arrays are empty."""

    of: Value


@node
class Sum:
    """Sum of a value over the elements for which `where` holds; 0 when there are none."""

    of: Value
    where: Condition


@node
class Distinct:
    """How many different strings the elements have for which `where` holds; 0 when there are none."""

    of: Text
    where: Condition


@node
class AtLeast:
    """A number, or `least` if it is smaller."""

    of: Value
    least: int


@node
class Only:
    """A value that is there only while `where` holds."""

    of: Value
    where: Condition


Moment = Ago | Ahead | Now | OnlineSince | DayStart
Value = (
    Whole
    | Real
    | Maybe
    | Text
    | Instant
    | Always
    | Fixed
    | Given
    | Moment
    | DaysToBirthday
    | Difference
    | Times
    | Ratio
    | Last
    | Sum
    | Distinct
    | AtLeast
    | Only
)


@node
class Compare:
    """Both sides numbers or times; false when one is absent."""

    left: Value
    by: Comparator
    right: Value


@node
class OneOf:
    """A string that equals one of some (none of them empty)."""

    value: Value
    strings: tuple[str, ...]


@node
class Contains:
    """A string that has a part (not empty)."""

    value: Value
    part: str


@node
class StartsWith:
    """A string that begins with a part (not empty)."""

    value: Value
    part: str


@node
class Present:
    """The value is not absent."""

    value: Value


@node
class Every:
    """All parts hold; true when there are none."""

    parts: tuple[Condition, ...]


@node
class Either:
    """At least one part holds."""

    parts: tuple[Condition, ...]


@node
class Opposite:
    """The part does not hold."""

    part: Condition


@node
class Exists:
    """Some element for which `where` holds; `where` names at least one array column."""

    where: Condition


@node
class HoldsAll:
    """Each of the strings is the value of some element for which `where` holds."""

    of: Text
    where: Condition
    strings: tuple[str, ...]


Condition = Compare | OneOf | Contains | StartsWith | Present | Every | Either | Opposite | Exists | HoldsAll
