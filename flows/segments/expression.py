"""The checked tree of a segment expression. `parse.py` is the only maker of trees: a tree that exists is valid."""

from __future__ import annotations

from collections.abc import Iterator

from flows.segments.field import Field
from flows.segments.node import node


@node
class Range:
    """Half-open: start <= value < end."""

    start: int | float
    end: int | float


@node
class Span:
    """A length of time in milliseconds, as told: whole days, hours and minutes."""

    days: int
    hours: int
    minutes: int

    @property
    def milliseconds(self) -> int:
        """Length in milliseconds; a day is 24 hours."""
        return ((self.days * 24 + self.hours) * 60 + self.minutes) * 60_000


@node
class Point:
    """An instant (epoch milliseconds) and the offset from UTC in minutes it was told in."""

    at: int
    offset: int


Operand = int | float | Range | str | tuple[str, ...] | bool | Span | Point | None


@node
class Leaf:
    """One condition on one field. `value` has the type that the operator takes."""

    field: Field
    op: str
    value: Operand


@node
class RecordsLeaf:
    """`some` / `none` on a records field; the leaves of `where` are about its sub-fields."""

    field: Field
    op: str
    where: Tree


@node
class AllOf:
    """Every part holds; no part at all is everyone."""

    parts: tuple[Tree, ...]


@node
class AnyOf:
    """At least one part holds; never empty."""

    parts: tuple[Tree, ...]


@node
class NotOf:
    """The part does not hold."""

    part: Tree


Tree = AllOf | AnyOf | NotOf | Leaf | RecordsLeaf

EVERYONE: Tree = AllOf(())


def leaves(tree: Tree) -> Iterator[Leaf | RecordsLeaf]:
    """The leaves about the visitor, from left to right (not those inside `where`)."""
    match tree:
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from leaves(part)
        case NotOf(part):
            yield from leaves(part)
        case leaf:
            yield leaf


def population_countable(tree: Tree) -> bool:
    """False when the tree asks about the present moment (`now_condition` fields): then no population can be counted."""
    return not any(leaf.field.now_condition for leaf in leaves(tree))
