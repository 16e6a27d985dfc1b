"""Operators of the language: what they are called, on which types they work and what value they take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FieldType = Literal["number", "decimal", "money", "duration", "days", "string", "list", "boolean", "time", "records"]
ValueKind = Literal[
    "whole", "range", "decimal", "decimals", "text", "texts", "truth", "span", "point", "where", "nothing"
]


@dataclass(frozen=True)
class Operator:
    """An operator; `takes` is the kind of its value:

    `whole` an integer, `range` `[from, to)`, `decimal` and `decimals` the same with fractions, `text` a string, `texts` a list of strings,
    `truth` true or false,
    `span` `{"days": 3}`, `point` an ISO 8601 time with an offset, `where` an expression over sub-fields,
    `nothing` no value.
    """

    name: str
    ko: str
    en: str
    takes: ValueKind


def _operators(*rows: tuple[str, str, str, ValueKind]) -> tuple[Operator, ...]:
    return tuple(Operator(*row) for row in rows)


_PRESENCE = _operators(
    ("is_set", "값이 있음", "is set", "nothing"),
    ("is_not_set", "값이 없음", "is not set", "nothing"),
)
_NUMBERS = _operators(
    ("=", "같음", "equals", "whole"),
    ("!=", "같지 않음", "is not", "whole"),
    (">", "초과", "more than", "whole"),
    (">=", "이상", "at least", "whole"),
    ("<", "미만", "under", "whole"),
    ("<=", "이하", "at most", "whole"),
    ("between", "이상 ~ 미만", "from ... to under", "range"),
)
_DECIMALS = tuple(
    Operator(found.name, found.ko, found.en, "decimals" if found.takes == "range" else "decimal") for found in _NUMBERS
)
_STRINGS = _operators(
    ("is", "같음", "is", "text"),
    ("is_not", "같지 않음", "is not", "text"),
    ("contains", "포함", "contains", "text"),
    ("starts_with", "(으)로 시작", "starts with", "text"),
    ("in", "중 하나", "is one of", "texts"),
    ("not_in", "중 어느 것도 아님", "is none of", "texts"),
)
_LISTS = _operators(
    ("contains_any", "하나 이상 포함", "contains any of", "texts"),
    ("contains_all", "모두 포함", "contains all of", "texts"),
    ("contains_none", "있으나 하나도 포함하지 않음", "is not empty and contains none of", "texts"),
)
_BOOLEANS = _operators(("is", "해당 여부", "is", "truth"))
_TIMES = _operators(
    ("within_last", "최근 ~ 이내", "within the last", "span"),
    ("more_than_ago", "~ 넘게 지남", "more than ... ago", "span"),
    ("before", "전", "before", "point"),
    ("after", "이후", "at or after", "point"),
    ("in_next", "앞으로 ~ 이내", "in the next", "span"),
    ("never", "기록 없음", "never", "nothing"),
)
_RECORDS = _operators(
    ("some", "해당하는 것이 있음", "some where", "where"),
    ("none", "있으나 해당하는 것이 없음", "is not empty and none where", "where"),
)

_BY_TYPE: dict[FieldType, tuple[Operator, ...]] = {
    "number": _NUMBERS + _PRESENCE,
    "decimal": _DECIMALS + _PRESENCE,
    "money": _NUMBERS + _PRESENCE,
    "duration": _NUMBERS + _PRESENCE,
    "days": _NUMBERS + _PRESENCE,
    "string": _STRINGS + _PRESENCE,
    "list": _LISTS + _PRESENCE,
    "boolean": _BOOLEANS + _PRESENCE,
    "time": _TIMES + _PRESENCE,
    "records": _RECORDS + _PRESENCE,
}


def operators_of(field_type: FieldType) -> tuple[Operator, ...]:
    """The operators of a type, in the order an editor shows them."""
    return _BY_TYPE[field_type]


def operator(field_type: FieldType, name: str) -> Operator | None:
    """The operator of that name on that type, or None."""
    return next((found for found in _BY_TYPE[field_type] if found.name == name), None)
