"""The catalogue and the presets are JSON, complete, and valid."""

from __future__ import annotations

import json

from flows.segments.catalogue import catalogue
from flows.segments.columns import columns_in
from flows.segments.expression import leaves
from flows.segments.fields import FIELDS, GROUPS
from flows.segments.operators import operators_of
from flows.segments.parse import parse
from flows.segments.presets import presets
from tests.flows.segments.visitor_rows import TYPES

EVERY_FIELD = [*FIELDS, *(subfield for field in FIELDS for subfield in field.subfields)]
WINDOWED = ("visits", "pageviews", "stay_seconds", "cart_adds", "orders", "units", "revenue")


def test_the_catalogue_is_json_and_its_examples_are_valid() -> None:
    listed = json.loads(json.dumps(catalogue(), ensure_ascii=False))
    assert [entry["name"] for entry in listed] == [field.name for field in FIELDS]
    for entry in listed:
        parse(entry["example"])
        assert entry["labels"]["ko"]
        assert entry["labels"]["en"]
        assert entry["group"]["name"] in GROUPS
        assert [found["name"] for found in entry["operators"]] == [found.name for found in operators_of(entry["type"])]
        assert bool(entry["fields"]) == (entry["type"] == "records")


def test_names_and_labels_are_unique() -> None:
    for attribute in ("name", "ko", "en"):
        said = [getattr(field, attribute) for field in FIELDS]
        assert len(set(said)) == len(said)


def test_windowed_twins_exist() -> None:
    names = {field.name for field in FIELDS}
    assert {f"{name}{suffix}" for name in WINDOWED for suffix in ("", "_24h", "_7d")} <= names


def test_fields_read_columns_of_the_visitors_table() -> None:
    for field in EVERY_FIELD:
        assert columns_in(field.how)
        assert columns_in(field.how) <= set(TYPES)


def test_presets_are_valid_and_can_be_counted() -> None:
    for preset in presets():
        tree = parse(preset["expression"])
        assert not any(leaf.field.now_condition for leaf in leaves(tree))


def test_the_presets_of_the_reference_product_are_there() -> None:
    by_name = {preset["name"]: preset["expression"] for preset in presets()}
    assert by_name["frequent"] == {"field": "visits", "op": ">=", "value": 10}
    assert by_name["spend_10k_50k"] == {"field": "revenue", "op": "between", "value": [10_000, 50_000]}
    assert by_name["mobile"]["value"] == ["mobile_web", "hybrid_app"]


def test_changing_what_was_handed_out_changes_nothing() -> None:
    catalogue()[0]["example"]["value"].append("tv")
    presets()[0]["expression"].clear()
    assert "tv" not in catalogue()[0]["example"]["value"]
    assert presets()[0]["expression"]
