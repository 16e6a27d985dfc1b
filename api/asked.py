"""Which segment a request is about: everyone, a saved one by id, or an expression tried out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from api.problems import Fault, ProblemError, invalid, not_found
from flows.segments.expression import EVERYONE, Tree, population_countable
from flows.segments.parse import parse
from flows.segments.predicate import Predicate, compile_sql
from flows.segments.problems import InvalidExpression
from flows.segments.sentence import sentence
from sql.segments import Segment, get_segment
from sql.store import Store

EXPRESSION_BYTES = 65_536

_MARK = "/* segment */ true"


@dataclass(frozen=True)
class Asked:
    """A checked expression; `segment` if it is a saved one."""

    expression: Any
    tree: Tree
    segment: Segment | None = None

    @property
    def countable(self) -> bool:
        """False if it asks about the present moment, so that no population can be counted."""
        return population_countable(self.tree)

    def sentences(self, currency: str) -> dict[str, str]:
        """What it says, by language."""
        return {"ko": sentence(self.tree, "ko", currency), "en": sentence(self.tree, "en", currency)}


_EVERYONE = Asked({"all": []}, EVERYONE)


def asked_for(store: Store, site_id: str, segment: Any, place: str) -> Asked:
    """The segment of a body: None is everyone, `{"id": ..}` a saved one, anything else an expression.

    `place` is the JSON pointer of the value. Raises `ProblemError` (404 or 422).
    """
    if segment is None:
        return _EVERYONE
    if isinstance(segment, dict) and "id" in segment:
        if len(segment) > 1 or not isinstance(segment["id"], str):
            raise ProblemError(422, "invalid_input", 'A saved segment is {"id": "seg_..."} and nothing else.')
        return saved(store, site_id, segment["id"], f"{place}/id")
    return checked(segment, place)


def saved(store: Store, site_id: str, segment_id: str, place: str) -> Asked:
    """A saved segment by id. Raises `ProblemError` (404, or 422 if this version cannot read its expression)."""
    found = get_segment(store, site_id, segment_id)
    if found is None:
        raise not_found("This segment", place)
    return Asked(found.expression, checked(found.expression, place).tree, found)


def checked(expression: Any, place: str) -> Asked:
    """An expression, parsed. Raises `ProblemError` 422 with every place that is wrong."""
    if len(json.dumps(expression, ensure_ascii=False).encode("utf-8", "replace")) > EXPRESSION_BYTES:
        raise invalid(place, f"The expression is larger than {EXPRESSION_BYTES:,} bytes.")
    try:
        return Asked(expression, parse(expression))
    except InvalidExpression as error:
        faults = [
            Fault(place=place + problem.place, detail=f"{problem.message} {problem.action}")
            for problem in error.problems
        ]
        detail = f"{faults[0].place}: {faults[0].detail}" if faults else "The expression cannot be understood."
        raise ProblemError(422, "invalid_expression", detail, errors=faults) from error


def with_segment(sql: str, asked: Asked, now: int, online_minutes: int) -> tuple[str, dict[str, object]]:
    """A query file with the segment's predicate in its mark, and the predicate's parameters."""
    predicate: Predicate = compile_sql(asked.tree, now, online_minutes=online_minutes, table="row")
    return sql.replace(_MARK, f"({predicate.sql})"), dict(predicate.params)
