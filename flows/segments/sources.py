"""What a field is made of when it is not one value of the row."""

from __future__ import annotations

from flows.segments.columns import Condition, Text, Value
from flows.segments.node import node


@node
class Elements:
    """The elements of some arrays for which `where` holds: what a list field or a records field is made of."""

    where: Condition
    of: Text | None = None


@node
class Truth:
    """A yes or no that nobody may have told: true while `yes` holds, absent unless `known` does (`yes` implies it)."""

    yes: Condition
    known: Condition


@node
class Named:
    """A value of the element that has a name; absent when there is none of that name."""

    name: Text
    called: str
    of: Value


Source = Value | Condition | Elements | Truth | Named
