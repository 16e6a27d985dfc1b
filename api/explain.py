"""Why someone is in a segment or not: the truth of each of its conditions, and the value it is about."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from api.asked import traits_in, understood
from api.held import Membership, memberships_of
from api.people import Row, place_of
from api.problems import ProblemError
from api.times import iso
from flows.segments.expression import AllOf, AnyOf, Leaf, NotOf, RecordsLeaf, Tree
from flows.segments.field import Field
from flows.segments.predicate import compile_sql, compile_value
from flows.segments.traits import Trait
from sql.keys import KeyHolder
from sql.segments import Segment
from sql.store import Store

_MARK, _VALUES = "/* conditions */ true", "/* values */ ''"
_TOGETHER = 50


@dataclass(frozen=True)
class Condition:
    """A condition of a segment, at its place (JSON pointer), the value it is about (JSON) and whether it holds."""

    place: str
    tree: Leaf | RecordsLeaf
    value: Any
    holds: bool


@dataclass(frozen=True)
class Why:
    """`matches` is computed now, None if the expression cannot be read by this version; `held` is what the flow said last."""

    segment: Segment
    matches: bool | None
    held: Membership
    conditions: list[Condition]


def explain(
    store: Store, site: KeyHolder, row: Row, segments: list[Segment], now: int, online_minutes: int
) -> list[Why]:
    """The truth of every segment and of each of its conditions for one row that exists."""
    traits = traits_in(store, site, [segment.expression for segment in segments])
    trees: list[Tree | None] = [_tree(site, segment.expression, traits) for segment in segments]
    leaves = [
        [] if tree is None else list(_leaves(tree, segment.expression, ""))
        for tree, segment in zip(trees, segments, strict=True)
    ]
    asked: list[Tree] = []
    for tree, found in zip(trees, leaves, strict=True):
        asked += [] if tree is None else [tree, *(leaf for _, leaf in found)]
    answers = _answers(store, site, row, asked, now, online_minutes)
    held = memberships_of(row)
    result = []
    for segment, tree, found in zip(segments, trees, leaves, strict=True):
        matches = None if tree is None else next(answers)[0]
        conditions = []
        for place, leaf in found:
            holds, value = next(answers)
            conditions.append(Condition(place, leaf, value, holds))
        result.append(Why(segment, matches, held.get(segment.segment_id, Membership()), conditions))
    return result


def _tree(site: KeyHolder, expression: Any, traits: tuple[Trait, ...]) -> Tree | None:
    try:
        return understood(site, expression, "", traits).tree
    except ProblemError:
        return None


def _leaves(tree: Tree, expression: Any, place: str) -> Iterator[tuple[str, Leaf | RecordsLeaf]]:
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


def _answers(
    store: Store, site: KeyHolder, row: Row, trees: list[Tree], now: int, online_minutes: int
) -> Iterator[tuple[bool, Any]]:
    """Of each tree whether it holds, and the value if it is a condition."""
    about: dict[str, object] = {"site_id": site.site_id, **place_of(row)}
    for first in range(0, len(trees), _TOGETHER):
        some = trees[first : first + _TOGETHER]
        truths, values, params = [], [], dict(about)
        for number, tree in enumerate(some):
            held = compile_sql(
                tree, now, zone=site.timezone, online_minutes=online_minutes, prefix=f"c{number}_", table="row"
            )
            truths.append(f"toBool({held.sql})")
            params.update(held.params)
            if not isinstance(tree, Leaf | RecordsLeaf):
                values.append("'null'")
                continue
            told = compile_value(
                tree.field, now, zone=site.timezone, online_minutes=online_minutes, prefix=f"v{number}_", table="row"
            )
            values.append(told.sql)
            params.update(told.params)
        sql = store.text("visitor_truths").replace(_MARK, ", ".join(truths)).replace(_VALUES, ", ".join(values))
        rows = store.rows_of(sql, params)
        if not rows:
            yield from [(False, None)] * len(some)
            continue
        for tree, held_so, json_value in zip(some, rows[0]["truths"], rows[0]["told"], strict=True):
            yield bool(held_so), _value(tree.field, json_value) if isinstance(tree, Leaf | RecordsLeaf) else None


def _value(field: Field, told: str) -> Any:
    """A value as the API tells it: times as ISO 8601, durations in seconds, an empty list as null."""
    value = json.loads(told)
    if value is None or value == []:
        return None
    if field.type == "time":
        return iso(value)
    if field.type == "duration":
        return value // 1000 if value % 1000 == 0 else value / 1000
    return value
