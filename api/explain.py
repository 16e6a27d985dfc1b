"""Why someone is in a segment or not: the truth of each of its conditions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from api.asked import checked
from api.people import Row, place_of
from api.problems import ProblemError
from flows.segments.expression import AllOf, AnyOf, NotOf, Tree
from flows.segments.predicate import compile_sql
from sql.segments import Segment
from sql.store import Store

_MARK = "/* conditions */ true"
_TOGETHER = 50


@dataclass(frozen=True)
class Condition:
    """A condition of a segment, at its place (JSON pointer), and whether it holds."""

    place: str
    tree: Tree
    holds: bool


@dataclass(frozen=True)
class Why:
    """`matches` is None if the expression cannot be read by this version."""

    segment: Segment
    matches: bool | None
    conditions: list[Condition]


def explain(store: Store, site_id: str, row: Row, segments: list[Segment], now: int, online_minutes: int) -> list[Why]:
    """The truth of every segment and of each of its conditions for one row that exists."""
    trees: list[Tree | None] = [_tree(segment.expression) for segment in segments]
    wanted = [
        [] if tree is None else [("", tree), *_leaves(tree, segment.expression, "")]
        for tree, segment in zip(trees, segments, strict=True)
    ]
    truths = iter(_truths(store, site_id, row, [tree for one in wanted for _, tree in one], now, online_minutes))
    result = []
    for segment, conditions in zip(segments, wanted, strict=True):
        held = [Condition(place, tree, next(truths)) for place, tree in conditions]
        result.append(Why(segment, held[0].holds if held else None, held[1:]))
    return result


def _tree(expression: Any) -> Tree | None:
    try:
        return checked(expression, "").tree
    except ProblemError:
        return None


def _leaves(tree: Tree, expression: Any, place: str) -> Iterator[tuple[str, Tree]]:
    """Leaves from left to right with their places; an expression has the shape of its tree."""
    match tree:
        case AllOf(parts) | AnyOf(parts):
            form = "all" if isinstance(tree, AllOf) else "any"
            for number, part in enumerate(parts):
                yield from _leaves(part, expression[form][number], f"{place}/{form}/{number}")
        case NotOf(part):
            yield from _leaves(part, expression["not"], f"{place}/not")
        case leaf:
            yield place, leaf


def _truths(store: Store, site_id: str, row: Row, trees: list[Tree], now: int, online_minutes: int) -> Iterator[bool]:
    for first in range(0, len(trees), _TOGETHER):
        predicates = [
            compile_sql(tree, now, online_minutes=online_minutes, prefix=f"c{number}_", table="row")
            for number, tree in enumerate(trees[first : first + _TOGETHER])
        ]
        sql = store.text("visitor_truths").replace(_MARK, ", ".join(f"toBool({one.sql})" for one in predicates))
        params: dict[str, object] = {"site_id": site_id, **place_of(row)}
        for predicate in predicates:
            params.update(predicate.params)
        rows = store.rows_of(sql, params)
        yield from (bool(truth) for truth in rows[0]["truths"]) if rows else [False] * len(predicates)
