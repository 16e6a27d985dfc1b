"""The numpy mask equals the language told again in plain Python, for any expression on any row."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from flows.segments import meaning
from flows.segments.columns import Compare
from flows.segments.mask import mask
from flows.segments.operators import operators_of
from flows.segments.parse import parse
from flows.segments.rows import Rows
from tests.flows.segments import brute_force
from tests.flows.segments.brute_force import matches
from tests.flows.segments.random_trees import expressions, leaf_on
from tests.flows.segments.visitor_rows import ALL_FIELDS, DAY, NOW, TRAITS, ZONES, random_rows

TABLE = random_rows(seed=11, count=120)
ROWS = Rows(TABLE)


def _plain(table: pa.Table) -> list[dict[str, Any]]:
    """Rows as dicts with times in epoch milliseconds."""
    columns = {}
    for name in table.column_names:
        kind = table[name].type
        if pa.types.is_timestamp(kind):
            columns[name] = table[name].cast(pa.int64()).to_pylist()
        elif pa.types.is_list(kind) and pa.types.is_timestamp(kind.value_type):
            columns[name] = table[name].cast(pa.list_(pa.int64())).to_pylist()
        else:
            columns[name] = table[name].to_pylist()
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


PLAIN = _plain(TABLE)


def assert_equals_brute_force(document: dict[str, Any], zone: str = "UTC", now: int = NOW) -> None:
    expected = [matches(document, row, now, zone) for row in PLAIN]
    assert mask(parse(document, TRAITS), ROWS, now, zone=zone).tolist() == expected, f"wrong for {document}"


@settings(max_examples=150, deadline=None)
@given(expressions(), st.sampled_from(ZONES))
def test_any_expression_means_what_plain_python_says(document: dict[str, Any], zone: str) -> None:
    assert_equals_brute_force(document, zone)


_BY_DAYS = tuple(field for field in ALL_FIELDS if field.name in ("birthday", "coupons", "trait.trial_ends"))


@settings(max_examples=80, deadline=None)
@given(expressions(_BY_DAYS, 3), st.sampled_from(ZONES), st.integers(-40, 200), st.integers(0, 48))
def test_calendar_days_are_those_of_the_zone_also_when_its_clock_is_changed(
    document: dict[str, Any], zone: str, days: int, half_hours: int
) -> None:
    assert_equals_brute_force(document, zone, NOW // 1_800_000 * 1_800_000 + days * DAY + half_hours * 1_800_000)


@pytest.mark.parametrize("field", ALL_FIELDS, ids=lambda field: field.name)
def test_every_operator_of_a_field_means_what_plain_python_says(field: Any) -> None:
    @settings(max_examples=4, deadline=None)
    @given(st.data())
    def equal(data: st.DataObject) -> None:
        for found in operators_of(field.type):
            assert_equals_brute_force(data.draw(leaf_on(field, found.name)))

    equal()


def test_the_brute_force_knows_every_field() -> None:
    assert set(brute_force.FIELDS) == {field.name for field in ALL_FIELDS}


def test_a_range_closed_at_its_end_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    true_number = meaning._number

    def number(value: Any, leaf: Any) -> Any:
        made = true_number(value, leaf)
        if leaf.op != "between":
            return made
        start, end = made.parts
        return meaning.Every((start, Compare(end.left, "<=", end.right)))

    monkeypatch.setattr(meaning, "_number", number)

    @settings(max_examples=3000, deadline=None, database=None, phases=[Phase.generate])
    @given(expressions())
    def equal(document: dict[str, Any]) -> None:
        assert_equals_brute_force(document)

    with pytest.raises(AssertionError, match="wrong for"):
        equal()
