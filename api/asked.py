"""Which segment a request is about: everyone, a saved one by id, or an expression tried out."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, cast

from api.problems import Fault, ProblemError, invalid, not_found
from flows.segments.expression import EVERYONE, Tree, population_countable
from flows.segments.parse import parse
from flows.segments.predicate import Predicate, compile_sql
from flows.segments.problems import InvalidExpression
from flows.segments.sentence import sentence
from flows.segments.traits import PREFIX, Trait, TraitType
from sql.keys import KeyHolder
from sql.segments import Segment, get_segment
from sql.store import Store
from sql.traits import list_traits

EXPRESSION_BYTES = 65_536

_MARK = "/* segment */ true"
_MEMBER = "has(row.in_segments, {member_of:String})"
_TRAIT = f'"{PREFIX}'


@dataclass(frozen=True)
class Asked:
    """A checked expression, the time zone (IANA) whose days it means, and the segment if it is a saved one.

    `by_membership`: who is in it is what the people's rows say (api/memberships.py), not computed.
    """

    expression: Any
    tree: Tree
    zone: str = "UTC"
    segment: Segment | None = None
    by_membership: bool = False

    @property
    def countable(self) -> bool:
        """False if it asks about the present moment, so that no population can be counted."""
        return population_countable(self.tree)

    def sentences(self, currency: str) -> dict[str, str]:
        """What it says, by language."""
        return {"ko": sentence(self.tree, "ko", currency), "en": sentence(self.tree, "en", currency)}


_EVERYONE = Asked({"all": []}, EVERYONE)


def asked_for(store: Store, site: KeyHolder, segment: Any, place: str) -> Asked:
    """The segment of a body: None is everyone, `{"id": ..}` a saved one, anything else an expression.

    `place` is the JSON pointer of the value. Raises `ProblemError` (404 or 422).
    """
    if segment is None:
        return _EVERYONE
    if isinstance(segment, dict) and "id" in segment:
        if len(segment) > 1 or not isinstance(segment["id"], str):
            raise ProblemError(422, "invalid_input", 'A saved segment is {"id": "seg_..."} and nothing else.')
        return saved(store, site, segment["id"], f"{place}/id")
    return checked(store, site, segment, place)


def saved(store: Store, site: KeyHolder, segment_id: str, place: str) -> Asked:
    """A saved segment by id. Raises `ProblemError` (404, or 422 if this version cannot read its expression)."""
    found = get_segment(store, site.site_id, segment_id)
    if found is None:
        raise not_found("This segment", place)
    return replace(checked(store, site, found.expression, place), segment=found)


def checked(store: Store, site: KeyHolder, expression: Any, place: str) -> Asked:
    """An expression, parsed. Raises `ProblemError` 422 with every place that is wrong."""
    return understood(site, expression, place, traits_in(store, site, [expression]))


def traits_in(store: Store, site: KeyHolder, expressions: Iterable[Any]) -> tuple[Trait, ...]:
    """What the site declares of its own, if any of the expressions is about it: else nothing is asked for."""
    if any(_TRAIT in json.dumps(expression) for expression in expressions):
        return declared(store, site)
    return ()


def declared(store: Store, site: KeyHolder) -> tuple[Trait, ...]:
    """What the site declares of its own, as the segment language knows it."""
    return tuple(
        Trait(trait.name, cast(TraitType, trait.type), trait.label_ko, trait.label_en)
        for trait in list_traits(store, site.site_id)
    )


def understood(site: KeyHolder, expression: Any, place: str, traits: tuple[Trait, ...]) -> Asked:
    """The same with traits read before (`traits_in`), for many expressions of one site."""
    if len(json.dumps(expression, ensure_ascii=False).encode("utf-8", "replace")) > EXPRESSION_BYTES:
        raise invalid(place, f"The expression is larger than {EXPRESSION_BYTES:,} bytes.")
    try:
        return Asked(expression, parse(expression, traits), site.timezone)
    except InvalidExpression as error:
        faults = [
            Fault(place=place + problem.place, detail=f"{problem.message} {problem.action}")
            for problem in error.problems
        ]
        detail = f"{faults[0].place}: {faults[0].detail}" if faults else "The expression cannot be understood."
        raise ProblemError(422, "invalid_expression", detail, errors=faults) from error


def with_segment(sql: str, asked: Asked, now: int, online_minutes: int) -> tuple[str, dict[str, object]]:
    """A query file with the segment's predicate in its mark, and the predicate's parameters."""
    if asked.by_membership and asked.segment is not None:
        return sql.replace(_MARK, _MEMBER), {"member_of": asked.segment.segment_id}
    predicate: Predicate = compile_sql(asked.tree, now, zone=asked.zone, online_minutes=online_minutes, table="row")
    return sql.replace(_MARK, f"({predicate.sql})"), dict(predicate.params)
