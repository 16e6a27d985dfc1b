"""The numpy mask on single rows: absence, edges of windows, strings as bytes, shapes of input."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from flows.segments.expression import population_countable
from flows.segments.fields import FIELDS
from flows.segments.mask import mask
from flows.segments.operators import operators_of
from flows.segments.parse import parse
from flows.segments.sources import Truth
from tests.flows.segments.regenerate import condition
from tests.flows.segments.visitor_rows import ALL_FIELDS, DAY, NOW, TRAITS, table


def holds(document: dict[str, Any], row: dict[str, Any], **options: int) -> bool:
    return bool(mask(parse(document, TRAITS), table(row), NOW, **options)[0])


def leaf(field: str, op: str, value: Any = None) -> dict[str, Any]:
    return {"field": field, "op": op, "value": value}


ABSENT = [
    field
    for field in ALL_FIELDS
    if field.type in ("string", "time", "list", "records", "days", "decimal")
    or isinstance(field.how, Truth)
    or field.name in ("largest_order", "average_order_value", "points")
]


@pytest.mark.parametrize("field", ABSENT, ids=lambda field: field.name)
def test_comparing_an_absent_value_is_false_and_not_of_it_is_true(field: Any) -> None:
    for found in operators_of(field.type):
        document = condition(field, found)
        asks_for_absence = found.name in ("never", "is_not_set")
        assert holds(document, {}) is asks_for_absence
        assert holds({"not": document}, {}) is not asks_for_absence


def test_zero_is_a_value() -> None:
    assert holds(leaf("orders", "=", 0), {})
    assert holds(leaf("orders", "is_set"), {})
    assert holds(leaf("visits_24h", "=", 0), {})
    assert holds(leaf("has_bought", "is", False), {})


@pytest.mark.parametrize(("ago", "inside"), [(DAY - 1, True), (DAY, True), (DAY + 1, False), (-1, True)])
def test_a_visit_counts_whole_while_its_end_is_in_the_window(ago: int, inside: bool) -> None:
    row = {"visit_start": [NOW - 3 * DAY], "visit_end": [NOW - ago], "visit_pageviews": [7]}
    assert holds(leaf("pageviews_24h", "=", 7), row) is inside
    assert holds(leaf("stay_seconds_24h", ">", 0), row) is inside
    assert holds(leaf("visits_24h", "=", 1), row) is inside


def test_within_last_and_more_than_ago_share_nothing_and_miss_nothing() -> None:
    for ago, recent in ((3 * DAY - 1, True), (3 * DAY, True), (3 * DAY + 1, False)):
        assert holds(leaf("last_seen", "within_last", {"days": 3}), {"last_seen": NOW - ago}) is recent
        assert holds(leaf("last_seen", "more_than_ago", {"days": 3}), {"last_seen": NOW - ago}) is not recent


def test_the_range_of_spend_is_half_open() -> None:
    spend = leaf("revenue", "between", [10_000, 50_000])
    assert [holds(spend, {"revenue": won}) for won in (9_999, 10_000, 49_999, 50_000)] == [False, True, True, False]


def test_products_reach_sixty_days_back() -> None:
    for ago, known in ((60 * DAY, True), (60 * DAY + 1, False)):
        row = product(viewed=NOW - ago, carted=NOW - ago)
        assert holds(leaf("viewed_items", "contains_any", ["A"]), row) is known
        assert holds(leaf("carted_not_bought_items", "contains_any", ["A"]), row) is known


def test_added_but_not_bought_is_about_the_last_time_it_was_added() -> None:
    waiting = leaf("carted_not_bought_items", "is_set")
    assert holds(waiting, product(carted=NOW - 5))
    assert holds(waiting, product(carted=NOW - 5, bought=NOW - 6, units=1))
    assert not holds(waiting, product(carted=NOW - 5, bought=NOW - 5, units=1))
    assert not holds(waiting, product(viewed=NOW - 5))


def test_a_wholly_refunded_product_is_not_bought() -> None:
    assert holds(leaf("bought_items", "contains_all", ["A"]), product(bought=NOW - 400 * DAY, units=1))
    assert not holds(leaf("bought_items", "is_set"), product(bought=NOW - 5, units=0))


def test_all_parts_of_a_record_condition_are_about_one_record() -> None:
    rows = {
        "product_item": ["A", "B"],
        "product_category": ["shoes", "bags"],
        "product_viewed_at": [NOW - 1, NOW - 1],
        "product_views": [1, 5],
    }
    where = {"all": [leaf("category", "is", "shoes"), leaf("times", ">=", 3)]}
    row = product() | rows | {name: [0, 0] for name in ("product_carted_at", "product_bought_at", "product_units")}
    assert not holds({"field": "viewed_products", "op": "some", "where": where}, row)
    assert holds({"field": "viewed_products", "op": "some", "where": {"any": where["all"]}}, row)
    assert holds({"field": "viewed_products", "op": "none", "where": where}, row)


def test_what_nobody_said_is_neither_yes_nor_no() -> None:
    said = {"consent_channel": ["sms", "kakao"], "consent_granted": [1, 0]}
    asked = [leaf(f"consent_{name}", "is", value) for name in ("sms", "kakao", "push") for value in (True, False)]
    assert [holds(document, said) for document in asked] == [True, False, False, True, False, False]
    assert [holds(leaf(f"consent_{name}", "is_set"), said) for name in ("sms", "kakao", "push")] == [True, True, False]
    friends = [holds(leaf("kakao_friend", "is", False), {"kakao_friend": told}) for told in (0, 1, None)]
    assert friends == [True, False, False]


def test_a_coupon_without_an_end_is_usable_and_has_no_days_left() -> None:
    row = {name: [0] for name in ("coupon_issued_at", "coupon_expires_at", "coupon_used_at")}
    row |= {"coupon_id": ["C"], "coupon_name": ["free"]}
    assert holds(leaf("has_coupon", "is", True), row)
    assert holds(leaf("usable_coupons", "=", 1), row)
    for op, held in (("is_set", False), ("is_not_set", True), ("!=", False), (">=", False)):
        where = {"field": "expires_in", "op": op} | ({} if op.startswith("is") else {"value": 3})
        assert holds({"field": "coupons", "op": "some", "where": where}, row) is held


def test_the_days_are_those_of_the_zone_asked_for() -> None:
    birthday = leaf("birthday", "=", 0)
    tree, row = parse(birthday), table({"member_birthday_day": 265})  # September 21
    assert mask(tree, row, NOW, zone="Asia/Seoul").tolist() == [True]
    assert mask(tree, row, NOW + 3_600_000, zone="Asia/Seoul").tolist() == [False]
    assert mask(tree, row, NOW + 3_600_000, zone="America/New_York").tolist() == [True]


def test_decimals_are_compared_as_doubles() -> None:
    row = {"trait_name": ["score"], "trait_text": [""], "trait_number": [0.1 + 0.2], "trait_at": [0]}
    assert not holds(leaf("trait.score", "=", 0.3), row)
    assert holds(leaf("trait.score", ">", 0.3), row)
    assert holds(leaf("trait.score", "between", [0.25, 0.5]), row)


def test_average_order_value_is_compared_unrounded() -> None:
    row = {"revenue": 10_001, "orders": 2}
    assert holds(leaf("average_order_value", ">", 5_000), row)
    assert not holds(leaf("average_order_value", "=", 5_000), row)
    assert not holds(leaf("average_order_value", ">=", 5_001), row)


def test_texts_are_compared_exactly() -> None:
    assert not holds(leaf("os", "is", "ios"), {"os": "iOS"})
    assert not holds(leaf("os", "contains", "é"), {"os": "e\u0301"})
    assert holds(leaf("os", "contains", "%"), {"os": "50% off"})
    assert not holds(leaf("os", "contains", "."), {"os": "abc"})


def test_who_is_online_is_the_callers_choice() -> None:
    row = {"last_seen": NOW - 10 * 60_000, "page_item": "A", "cart_value": 0}
    for field, op, value in (("online", "is", True), ("viewing_item", "is", "A"), ("cart_value_now", "=", 0)):
        assert not holds(leaf(field, op, value), row)
        assert holds(leaf(field, op, value), row, online_minutes=10)


def test_only_now_conditions_make_a_population_uncountable() -> None:
    now = leaf("viewing_item", "is", "A")
    assert population_countable(parse({"all": [leaf("online", "is", True), leaf("visits", ">", 1)]}))
    assert not population_countable(parse({"all": [leaf("visits", ">", 1), {"not": {"any": [now]}}]}))
    assert {field.name for field in FIELDS if field.now_condition} == {"viewing_item", "viewing_url", "cart_value_now"}


@pytest.mark.parametrize("count", [0, 1])
def test_every_operator_works_on_no_rows_and_on_an_empty_row(count: int) -> None:
    rows = table(*[{}] * count)
    for field in ALL_FIELDS:
        for found in operators_of(field.type):
            result = mask(parse(condition(field, found), TRAITS), rows, NOW)
            assert result.shape == (count,)
            assert result.dtype == np.bool_


def test_dictionaries_chunks_slices_and_other_time_units_are_read() -> None:
    rows = table(
        *(
            {"os": os, "last_seen": NOW - ago, "visit_end": [1, NOW - ago], "visit_pageviews": [0, ago]}
            for os, ago in (("a", 0), ("b", 1), ("a", 2))
        )
    )
    rows = rows.set_column(rows.column_names.index("os"), "os", rows["os"].dictionary_encode())
    rows = rows.set_column(
        rows.column_names.index("last_seen"), "last_seen", rows["last_seen"].cast(pa.timestamp("us", "UTC"))
    )
    chunked = pa.concat_tables([rows.slice(1, 2), rows.slice(0, 1)])
    tree = parse({"all": [leaf("os", "is", "a"), leaf("last_seen", "before", "2026-09-21T14:13:20.122Z")]})
    assert mask(tree, chunked, NOW).tolist() == [False, True, False]
    assert mask(parse(leaf("visit_pageviews", ">=", 1)), chunked, NOW).tolist() == [True, True, False]
    assert mask(parse(leaf("pageviews_24h", ">=", 1)), rows.slice(1), NOW).tolist() == [True, True]


def test_arrays_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="differ in length"):
        holds(leaf("visit_stay_seconds", ">", 1), {"visit_end": [1], "visit_start": []})


def product(viewed: int = 0, carted: int = 0, bought: int = 0, units: int = 0) -> dict[str, Any]:
    return {
        "product_item": ["A"],
        "product_category": ["shoes"],
        "product_views": [1],
        "product_adds": [1],
        "product_viewed_at": [viewed],
        "product_carted_at": [carted],
        "product_bought_at": [bought],
        "product_units": [units],
    }
