"""JSON expression -> checked tree.

{"all": [..]}   every part holds; no part: everyone
{"any": [..]}   at least one part holds; an empty list is an error
{"not": ..}     the part does not hold
{"field": "visits", "op": ">=", "value": 10}
{"field": "viewed_products", "op": "some", "where": EXPRESSION over its sub-fields}   ("value" means the same)
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache

from flows.segments.catalogue import example_of
from flows.segments.expression import AllOf, AnyOf, Leaf, NotOf, Operand, RecordsLeaf, Tree
from flows.segments.field import Field
from flows.segments.fields import BY_NAME
from flows.segments.operands import Refused, read_operand
from flows.segments.operators import Operator, operator, operators_of
from flows.segments.problems import InvalidExpression, Problem, pointer, shown
from flows.segments.traits import PREFIX, Trait, trait_fields

MAX_DEPTH = 20
MAX_LEAVES = 200
MAX_TEXT_BYTES = 60_000  # ClickHouse takes a parameter of 256 KiB, and escaping makes up to four bytes of one
MAX_PROBLEMS = 20

_FIELD = "field"
_FORMS = 'Give {"all": [..]}, {"any": [..]}, {"not": ..} or {"field": .., "op": .., "value": ..}.'


def parse(document: object, traits: Sequence[Trait] = ()) -> Tree:
    """The checked tree of a decoded JSON value; `traits` are what the site declares of its own.

    Raises `InvalidExpression` with at most 20 problems, and nothing else on any JSON value. Limits: 20 levels, 200
    leaves, 1,000 texts in a list, 500 characters in a text, 60,000 bytes of text in all, numbers up to 10^15, time
    spans up to 36,500 days.
    """
    reading = _Reading()
    tree = reading.tree(document, "", 1, _scope(tuple(traits)))
    if tree is None or reading.problems:
        raise InvalidExpression(tuple(reading.problems))
    return tree


@dataclass(frozen=True)
class _Scope:
    """The fields that a leaf can name, and what they are called."""

    fields: Mapping[str, Field]
    called: str


@lru_cache(maxsize=1_024)
def _scope(traits: tuple[Trait, ...]) -> _Scope:
    return _Scope({**BY_NAME, **{field.name: field for field in trait_fields(traits)}}, _FIELD)


class _Reading:
    """One pass over one document: what was found wrong so far, how many leaves, how much text."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.leaves = 0
        self.text_bytes = 0

    def tree(self, document: object, place: str, depth: int, scope: _Scope) -> Tree | None:
        """The tree at a place, or None after noting what is wrong there."""
        try:
            return self.form(document, place, depth, scope)
        except Refused as refused:
            if not self.full:
                self.problems.append(refused.problem)
            return None

    @property
    def full(self) -> bool:
        """Whether reading on would tell nothing more."""
        return len(self.problems) >= MAX_PROBLEMS

    def form(self, document: object, place: str, depth: int, scope: _Scope) -> Tree | None:
        if not isinstance(document, dict):
            raise Refused(place, f"A condition is needed, not {shown(document)}.", _FORMS)
        if depth > MAX_DEPTH:
            raise Refused(place, f"The expression is nested deeper than {MAX_DEPTH} levels.", "Flatten it.")
        forms = [form for form in ("all", "any", "not", "field") if form in document]
        if len(forms) != 1:
            told = "several of" if forms else "none of"
            raise Refused(place, f'A condition has {told} "all", "any", "not", "field".', _FORMS)
        form = forms[0]
        if form == "field":
            return self.leaf(document, place, depth, scope)
        _refuse_extra(document, (form,), place)
        if form == "not":
            part = self.tree(document["not"], pointer(place, "not"), depth + 1, scope)
            return None if part is None else NotOf(part)
        return self.group(form, document[form], pointer(place, form), depth, scope)

    def group(self, form: str, listed: object, place: str, depth: int, scope: _Scope) -> Tree:
        if not isinstance(listed, list):
            raise Refused(place, f'"{form}" needs a list of conditions, not {shown(listed)}.', "Put it in [ ].")
        if form == "any" and not listed:
            action = 'Give at least one condition; {"all": []} is everyone.'
            raise Refused(place, '"any" of nothing is nobody.', action)
        parts: list[Tree] = []
        for number, document in enumerate(listed):
            if self.full:
                break
            part = self.tree(document, pointer(place, number), depth + 1, scope)
            if part is not None:
                parts.append(part)
        return AllOf(tuple(parts)) if form == "all" else AnyOf(tuple(parts))

    def leaf(self, document: dict[str, object], place: str, depth: int, scope: _Scope) -> Tree | None:
        self.count_leaf()
        field = _field(document["field"], pointer(place, "field"), scope)
        if "op" not in document:
            raise Refused(place, f'The condition on {field.name} has no "op".', _offered(field))
        found = _operator(field, document["op"], pointer(place, "op"))
        slot = "where" if found.takes == "where" and "value" not in document else "value"
        _refuse_extra(document, ("field", "op", slot), place)
        if slot not in document and found.takes != "nothing":
            raise Refused(place, f'The condition {field.name} {found.name} has no "{slot}".', _example(field))
        if found.takes != "where":
            value = read_operand(field, found.name, found.takes, document.get("value"), pointer(place, "value"))
            self.count_text(value)
            return Leaf(field, found.name, value)
        inside = _Scope({subfield.name: subfield for subfield in field.subfields}, f"sub-field of {field.name}")
        where = self.tree(document[slot], pointer(place, slot), depth + 1, inside)
        return None if where is None else RecordsLeaf(field, found.name, where)

    def count_leaf(self) -> None:
        self.leaves += 1
        if self.leaves > MAX_LEAVES:
            message = f"The expression has more than {MAX_LEAVES} conditions."
            raise self.too_large(message, "Put the values of one field into one list (in, contains_any).")

    def count_text(self, value: Operand) -> None:
        texts = value if isinstance(value, tuple) else (value,) if isinstance(value, str) else ()
        self.text_bytes += sum(len(text.encode()) for text in texts)
        if self.text_bytes > MAX_TEXT_BYTES:
            message = f"The texts of the expression have more than {MAX_TEXT_BYTES:,} bytes together."
            raise self.too_large(
                message, "Give fewer or shorter texts, or a part that many share (starts_with, contains)."
            )

    def too_large(self, message: str, action: str) -> InvalidExpression:
        return InvalidExpression((Problem("", message, action), *self.problems[: MAX_PROBLEMS - 1]))


def _field(name: object, place: str, scope: _Scope) -> Field:
    if isinstance(name, str) and name in scope.fields:
        return scope.fields[name]
    if isinstance(name, str) and name.startswith(PREFIX) and scope.called == _FIELD:
        raise _undeclared(name, place, scope)
    close = get_close_matches(name[:100], scope.fields, 2, 0.8) if isinstance(name, str) else []
    if close:
        action = f"Did you mean {' or '.join(close)}?"
    elif scope.called == _FIELD:
        action = "Give a field of the catalogue (docs/segments.md)."
    else:
        action = f"Give one of: {', '.join(scope.fields)}."
    raise Refused(place, f"There is no {scope.called} with this name: {shown(name)}.", action)


def _undeclared(name: str, place: str, scope: _Scope) -> Refused:
    declared = ", ".join(field for field in scope.fields if field.startswith(PREFIX))
    action = f"Declared are: {declared}." if declared else "The site has declared none: declare it first."
    return Refused(place, f"The site has not declared this trait: {shown(name)}.", action)


def _operator(field: Field, name: object, place: str) -> Operator:
    found = operator(field.type, name) if isinstance(name, str) else None
    if found is None:
        raise Refused(place, f"{field.name} ({field.type}) has no operator {shown(name)}.", _offered(field))
    return found


def _refuse_extra(document: Mapping[str, object], keys: tuple[str, ...], place: str) -> None:
    extra = next((key for key in document if key not in keys), None)
    if extra is not None:
        listed = ", ".join(f'"{key}"' for key in keys)
        raise Refused(
            pointer(place, str(extra)), f"This key has no meaning here: {shown(extra)}.", f"Keys are {listed}."
        )


def _offered(field: Field) -> str:
    return f"Give one of: {', '.join(found.name for found in operators_of(field.type))}."


def _example(field: Field) -> str:
    return f"For example {json.dumps(example_of(field), ensure_ascii=False)}."
