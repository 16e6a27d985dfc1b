"""What a value or a condition reads: its columns, and of which arrays it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import lru_cache

from flows.segments.columns import Always, DaysToBirthday, Instant, Last, Maybe, Only, Real, Text, Value, Whole


@lru_cache(maxsize=4_096)
def columns_in(node: object) -> frozenset[str]:
    """Names of the `visitors` columns that a value or condition (or a tuple of them) reads."""
    return frozenset(_columns(node))


@lru_cache(maxsize=4_096)
def prefix_of(node: object) -> str:
    """The prefix (`product_`) of the arrays that a value or condition on elements reads."""
    prefixes = {column.split("_")[0] + "_" for column in columns_in(node)}
    if len(prefixes) != 1:
        raise ValueError(f"elements of one prefix are needed, not of {sorted(prefixes)}")
    return prefixes.pop()


def is_text(value: Value) -> bool:
    """Whether a value is a string (else it is a number or a time)."""
    if isinstance(value, Last | Only):
        return is_text(value.of)
    return isinstance(value, Text)


def _columns(node: object) -> Iterator[str]:
    if isinstance(node, Whole | Real | Maybe | Text | Instant | Always | DaysToBirthday):
        yield node.column
    elif isinstance(node, tuple):
        for part in node:
            yield from _columns(part)
    elif is_dataclass(node):
        for field in fields(node):
            yield from _columns(getattr(node, field.name))
