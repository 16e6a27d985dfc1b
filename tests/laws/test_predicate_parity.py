"""Law 4: for every segment, the numpy mask equals the SQL mask on the same rows, absent values included."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from flows.segments import mask as mask_module
from flows.segments import predicate
from flows.segments.columns import Ago, Compare, Condition, Either, Every, Instant, Present, Value
from flows.segments.days import days_of
from flows.segments.mask import mask
from flows.segments.operators import operators_of
from flows.segments.parse import parse
from flows.segments.predicate import compile_sql
from flows.segments.rows import Rows
from sql.migrate import migrate
from sql.store import Store
from tests.flows.segments.random_trees import expressions, leaf_on
from tests.flows.segments.visitor_rows import ALL_FIELDS, NOW, TRAITS, ZONES, random_rows

VISITORS = 300

law = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
hunt = settings(law, max_examples=3000, database=None, phases=[Phase.generate])


@dataclass(frozen=True)
class Engine:
    """A store with one table of random visitors, and the same rows read back."""

    store: Store
    rows: Rows

    def masks(
        self, documents: list[dict[str, Any]], now: int = NOW, zone: str = "UTC"
    ) -> list[tuple[list[bool], list[bool]]]:
        """By expression: the numpy mask and the SQL mask, of one query for all of them."""
        trees = [parse(document, TRAITS) for document in documents]
        predicates = [compile_sql(tree, now, zone=zone, prefix=f"q{number}_") for number, tree in enumerate(trees)]
        columns = ", ".join(f"{found.sql} AS m{number}" for number, found in enumerate(predicates))
        params = {name: value for found in predicates for name, value in found.params.items()}
        answered = self.store.arrow_of(f"SELECT visitor_id, {columns} FROM visitors ORDER BY visitor_id", params)
        assert answered["visitor_id"].to_pylist() == self.rows.table["visitor_id"].to_pylist()
        said = [answered[f"m{number}"].to_pylist() for number in range(len(trees))]
        assert all(value in (0, 1) for column in said for value in column), "SQL said neither 0 nor 1"
        return [
            (mask(tree, self.rows, now, zone=zone).tolist(), [bool(value) for value in column])
            for tree, column in zip(trees, said, strict=True)
        ]


@pytest.fixture
def engine(clickhouse_url: str, database: str) -> Iterator[Engine]:
    store = Store(clickhouse_url, database)
    migrate(store, 0)
    store.insert("visitors", random_rows(seed=4, count=VISITORS))
    yield Engine(store, Rows(store.arrow_of("SELECT * FROM visitors ORDER BY visitor_id")))
    store.close()


def assert_both_agree(engine: Engine, documents: list[dict[str, Any]], now: int = NOW, zone: str = "UTC") -> None:
    for document, (ours, theirs) in zip(documents, engine.masks(documents, now, zone), strict=True):
        differing = [number for number in range(VISITORS) if ours[number] != theirs[number]]
        assert not differing, f"{document} differs on {len(differing)} visitors, first {differing[0]}"


def test_both_evaluators_agree_on_any_expression(engine: Engine) -> None:
    @law
    @given(st.lists(expressions(), min_size=4, max_size=12))
    def agree(documents: list[dict[str, Any]]) -> None:
        assert_both_agree(engine, documents)

    agree()


def test_both_evaluators_agree_on_every_operator_of_every_field(engine: Engine) -> None:
    @settings(law, max_examples=4)
    @given(st.data())
    def agree(data: st.DataObject) -> None:
        for field in ALL_FIELDS:
            documents = [data.draw(leaf_on(field, found.name)) for found in operators_of(field.type)]
            assert_both_agree(engine, documents)

    agree()


def test_both_evaluators_agree_at_any_now(engine: Engine) -> None:
    timed = tuple(
        field for field in ALL_FIELDS if field.type in ("time", "records", "list", "days") or field.name[-1] in "hd"
    )

    @law
    @given(
        st.lists(expressions(timed), min_size=4, max_size=8),
        st.integers(-5, 70),
        st.integers(-1, 1),
        st.sampled_from(ZONES),
    )
    def agree(documents: list[dict[str, Any]], days: int, milliseconds: int, zone: str) -> None:
        assert_both_agree(engine, documents, NOW + days * 86_400_000 + milliseconds, zone)

    agree()


def test_both_evaluators_agree_on_calendar_days_in_every_zone(engine: Engine) -> None:
    by_days = tuple(field for field in ALL_FIELDS if field.name in ("birthday", "coupons", "trait.trial_ends"))

    @law
    @given(st.lists(expressions(by_days, 3), min_size=4, max_size=8), st.integers(0, 400), st.sampled_from(ZONES))
    def agree(documents: list[dict[str, Any]], half_days: int, zone: str) -> None:
        midnight = int(days_of(zone).start_of(days_of(zone).day_of(np.asarray(NOW)) + half_days // 2))
        assert_both_agree(engine, documents, midnight - half_days % 2, zone)

    agree()


def test_the_rows_as_inserted_and_as_read_back_give_the_same_mask(engine: Engine) -> None:
    inserted = random_rows(seed=4, count=VISITORS).sort_by("visitor_id")
    milliseconds = pa.table({name: _as_milliseconds(inserted[name]) for name in inserted.column_names})

    @law
    @given(expressions())
    def agree(document: dict[str, Any]) -> None:
        tree = parse(document, TRAITS)
        expected = mask(tree, engine.rows, NOW)
        assert np.array_equal(mask(tree, inserted, NOW), expected)
        assert np.array_equal(mask(tree, milliseconds.to_batches()[0], NOW), expected)

    agree()


def _as_milliseconds(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = column.type
    if pa.types.is_timestamp(kind):
        return column.cast(pa.int64())
    if pa.types.is_list(kind) and pa.types.is_timestamp(kind.value_type):
        return column.cast(pa.list_(pa.int64()))
    return column


# --- planted bugs: each must be found ------------------------------------------------------------------------------


def test_the_law_finds_absent_times_taken_for_1970(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    true_value = mask_module.Judged._computed

    def value(self: Any, value: Value, frame: Any) -> Any:
        found = true_value(self, value, frame)
        return mask_module.Values(found.data) if isinstance(value, Instant) else found

    monkeypatch.setattr(mask_module.Judged, "_computed", value)
    _expect_found(engine)


def test_the_law_finds_a_window_that_is_open_at_its_edge(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    true_condition = mask_module.Judged._condition

    def condition(self: Any, condition: Condition, frame: Any) -> Any:
        if isinstance(condition, Compare) and condition.by == ">=" and isinstance(condition.right, Ago):
            condition = Compare(condition.left, ">", condition.right)
        return true_condition(self, condition, frame)

    monkeypatch.setattr(mask_module.Judged, "_condition", condition)
    _expect_found(engine)


def test_the_law_finds_is_not_matching_absent_strings(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    true_condition = predicate._Writing.condition

    def condition(self: Any, condition: Condition, name: Any) -> str:
        if isinstance(condition, Present):
            return "1"
        return true_condition(self, condition, name)

    monkeypatch.setattr(predicate._Writing, "condition", condition)
    _expect_found(engine)


def test_the_law_finds_days_counted_in_another_zone(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predicate, "days_of", lambda zone: days_of("Asia/Seoul"))
    _expect_found(engine, ("birthday", "coupons"))


def test_the_law_finds_decimals_read_less_exactly(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    true_bind = predicate._Writing.bind

    def bind(self: Any, value: Any) -> str:
        return true_bind(self, float(f"{value:.9g}") if isinstance(value, float) else value)

    monkeypatch.setattr(predicate._Writing, "bind", bind)
    _expect_found(engine, ("trait.score",))


def test_the_law_finds_or_written_as_and(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    true_condition = predicate._Writing.condition

    def condition(self: Any, condition: Condition, name: Any) -> str:
        if isinstance(condition, Either):
            condition = Every(condition.parts)
        return true_condition(self, condition, name)

    monkeypatch.setattr(predicate._Writing, "condition", condition)
    _expect_found(engine)


def _expect_found(engine: Engine, names: tuple[str, ...] = ()) -> None:
    fields = tuple(field for field in ALL_FIELDS if not names or field.name in names)

    @hunt
    @given(st.lists(expressions(fields), min_size=10, max_size=20))
    def agree(documents: list[dict[str, Any]]) -> None:
        assert_both_agree(engine, documents)

    with pytest.raises(AssertionError, match="differs on"):
        agree()
