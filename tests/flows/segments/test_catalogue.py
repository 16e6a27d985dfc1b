"""The catalogue and the presets are JSON, complete, and valid."""

from __future__ import annotations

import json

from flows.segments.catalogue import catalogue
from flows.segments.expression import leaves
from flows.segments.field import GROUPS
from flows.segments.fields import FIELDS
from flows.segments.operators import operators_of
from flows.segments.parse import parse
from flows.segments.presets import presets
from flows.segments.reads import columns_in
from flows.segments.traits import Trait
from tests.flows.segments.visitor_rows import ALL_FIELDS, TRAITS, TYPES

EVERY_FIELD = [*ALL_FIELDS, *(subfield for field in FIELDS for subfield in field.subfields)]
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


def test_traits_are_listed_after_the_fields_of_all_sites() -> None:
    listed = json.loads(json.dumps(catalogue(TRAITS), ensure_ascii=False))[len(FIELDS) :]
    assert [(one["name"], one["type"]) for one in listed] == [
        ("trait.tier", "string"),
        ("trait.score", "decimal"),
        ("trait.trial_ends", "time"),
        ("trait.golf", "boolean"),
    ]
    assert listed[0]["labels"] == {"ko": "멤버십", "en": "membership"}
    for entry in listed:
        assert entry["group"] == {"name": "custom", "labels": {"ko": "사용자 정의", "en": "Custom"}}
        parse(entry["example"], TRAITS)
    assert catalogue((Trait("plain", "string"),))[-1]["labels"] == {"ko": "plain", "en": "plain"}


def test_names_and_labels_are_unique() -> None:
    for attribute in ("name", "ko", "en"):
        said = [getattr(field, attribute) for field in FIELDS]
        assert len(set(said)) == len(said)


def test_what_the_reference_product_names_can_be_asked() -> None:
    groups = {
        "environment": "environment os browser app_version",
        "traffic": "visits first_visit returning last_seen visit_pageviews pageviews visit_stay_seconds online",
        "acquisition": "referrer search_keyword campaign channel landing_page utm_source utm_medium utm_campaign utm_term "
        "utm_content first_landing_page first_campaign first_channel",
        "product": "viewed_products viewed_items viewed_categories search_terms",
        "cart": "cart_products cart_items cart_categories cart_value cart_units last_carted_at carted_not_bought",
        "commerce": "revenue orders has_bought last_order_at bought_products average_order_value largest_order",
        "member": "logged_in grade points joined_at birthday last_login_at member_data_at",
        "coupon": "has_coupon coupons usable_coupons",
        "consent": "consent_sms consent_kakao consent_push consent_email consent_night kakao_friend",
        "now": "viewing_item cart_value_now",
    }
    there = {(field.group, field.name) for field in FIELDS}
    assert {(group, name) for group, names in groups.items() for name in names.split()} <= there
    inside = {field.name: {subfield.name for subfield in field.subfields} for field in FIELDS}
    assert inside["viewed_products"] == {"item_id", "category", "times", "viewed_at"}
    assert inside["cart_products"] >= {"item_id", "category", "value", "quantity", "added_at"}
    assert inside["coupons"] == {"id", "name", "issued_at", "expires_at", "expires_in"}


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
