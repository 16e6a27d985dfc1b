"""The catalogue of fields as JSON, for editors and for the API."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from flows.segments.field import GROUPS, Field
from flows.segments.fields import FIELDS
from flows.segments.operators import operators_of
from flows.segments.traits import Trait, trait_fields


def catalogue(traits: Sequence[Trait] = ()) -> list[dict[str, Any]]:
    """One object a field, in the order of groups: name, group {name, ko, en}, labels {ko, en}, type, unit (or None),
    choices, others (whether texts besides these may stand there), operators [{name, ko, en, takes}], now_condition, fields
    (sub-fields of records), example (an expression).
    What a site declares of its own comes last.
    """
    return [_described(field) for field in (*FIELDS, *trait_fields(traits))]


def example_of(field: Field) -> dict[str, Any]:
    """A valid expression about a field (of a sub-field: valid inside `where`)."""
    op, value = field.example
    return {"field": field.name, "op": op, "where" if field.type == "records" else "value": deepcopy(value)}


def _described(field: Field) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": field.name,
        "labels": {"ko": field.ko, "en": field.en},
        "type": field.type,
        "unit": field.unit or None,
        "choices": [{"value": choice.value, "labels": {"ko": choice.ko, "en": choice.en}} for choice in field.choices],
        "others": field.others,
        "operators": [
            {"name": found.name, "labels": {"ko": found.ko, "en": found.en}, "takes": found.takes}
            for found in operators_of(field.type)
        ],
        "now_condition": field.now_condition,
        "fields": [_described(subfield) for subfield in field.subfields],
        "example": example_of(field),
    }
    if field.group in GROUPS:
        ko, en = GROUPS[field.group]
        described["group"] = {"name": field.group, "labels": {"ko": ko, "en": en}}
    return described
