"""Hypothesis strategies for expressions as JSON: every field, operator and kind of value."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from flows.segments.field import Field
from flows.segments.operators import ValueKind, operators_of
from tests.flows.segments.visitor_rows import ALL_FIELDS, CATEGORIES, ENVIRONMENTS, FRACTIONS, ITEMS, NOW, TEXTS

_WORDS = [word for word in [*ITEMS, *CATEGORIES, *TEXTS, "hro", "신", "shop.kr", "/", "'", "\\"] if word]
_NUMBERS = [-1, 0, 1, 2, 3, 9, 10, 11, 128, 353, 9_999, 10_000, 10_001, 49_999, 50_000, 10**15, -(10**15)]
_SPANS = [
    {"days": 1},
    {"days": 3},
    {"days": 7},
    {"days": 60},
    {"hours": 24},
    {"minutes": 5},
    {"minutes": 30},
    {"days": 36_500},
]
_EDGES = [0, 5 * 60_000, 86_400_000, 7 * 86_400_000]

_DAYS = [-36_500, -1, 0, 1, 2, 3, 4, 7, 30, 40, 364, 365, 366, 36_500]

_numbers = st.sampled_from(_NUMBERS)
_words = st.sampled_from(_WORDS)
_points = st.builds(
    lambda edge, off: (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=NOW - edge + off)).isoformat(),
    st.sampled_from(_EDGES),
    st.sampled_from([-1, 0, 1]),
)


def expressions(fields: tuple[Field, ...] = ALL_FIELDS, size: int = 8) -> st.SearchStrategy[dict[str, Any]]:
    """Expressions over some fields, nested, with up to about `size` leaves."""
    return st.recursive(leaf(fields), _grown, max_leaves=size)


def leaf(fields: tuple[Field, ...] = ALL_FIELDS) -> st.SearchStrategy[dict[str, Any]]:
    """One condition on one of the fields, with any of its operators."""
    return st.sampled_from(fields).flatmap(leaf_on)


def leaf_on(field: Field, op: str | None = None) -> st.SearchStrategy[dict[str, Any]]:
    """One condition on this field, with this operator or any."""
    chosen = st.sampled_from([found for found in operators_of(field.type) if op in (None, found.name)])
    return chosen.flatmap(lambda found: _with_value(field, found.name, found.takes))


def _grown(parts: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.one_of(
        st.lists(parts, max_size=4).map(lambda found: {"all": found}),
        st.lists(parts, min_size=1, max_size=4).map(lambda found: {"any": found}),
        parts.map(lambda found: {"not": found}),
    )


def _with_value(field: Field, op: str, takes: ValueKind) -> st.SearchStrategy[dict[str, Any]]:
    if takes == "nothing":
        return st.just({"field": field.name, "op": op})
    key = "where" if takes == "where" else "value"
    return _values(field, takes).map(lambda value: {"field": field.name, "op": op, key: value})


def _values(field: Field, takes: ValueKind) -> st.SearchStrategy[Any]:
    words = (
        st.sampled_from([environment for environment in ENVIRONMENTS if environment])
        if field.name == "environment"
        else _words
    )
    if field.type == "string" and field.group != "record" and (not field.choices or field.others):
        words = st.sampled_from([text for text in TEXTS if text] + ["hro", "shop.kr", "/"])
    numbers = st.sampled_from(_DAYS) if field.type == "days" else _numbers
    match takes:
        case "whole":
            return numbers
        case "range":
            return st.lists(numbers, min_size=2, max_size=2, unique=True).map(sorted)
        case "decimal":
            return st.sampled_from([*FRACTIONS, 0, 2, 10])
        case "decimals":
            return st.lists(st.sampled_from(FRACTIONS), min_size=2, max_size=2, unique=True).map(sorted)
        case "text":
            return words
        case "texts":
            return st.lists(words, min_size=1, max_size=4)
        case "truth":
            return st.booleans()
        case "span":
            return st.sampled_from(_SPANS)
        case "point":
            return _points
        case "where":
            return expressions(field.subfields, 3)
    raise AssertionError(takes)
