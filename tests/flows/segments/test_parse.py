"""Expressions are checked; what is wrong is told with its place, and nothing but `InvalidExpression` is ever raised."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from flows.segments.expression import EVERYONE, AllOf, Leaf, NotOf, Point, Range, RecordsLeaf, Span, Tree
from flows.segments.fields import BY_NAME, FIELDS
from flows.segments.operators import operators_of
from flows.segments.parse import MAX_PROBLEMS, parse
from flows.segments.predicate import compile_sql
from flows.segments.problems import InvalidExpression, Problem
from flows.segments.sentence import sentence
from tests.flows.segments.random_trees import expressions
from tests.flows.segments.visitor_rows import NOW, TRAITS


def problems(document: Any) -> tuple[Problem, ...]:
    with pytest.raises(InvalidExpression) as caught:
        parse(document)
    return caught.value.problems


def leaf(document: dict[str, Any]) -> Leaf:
    tree = parse(document)
    assert isinstance(tree, Leaf)
    return tree


def visits(value: Any, op: str = ">=") -> dict[str, Any]:
    return {"field": "visits", "op": op, "value": value}


def nested(levels: int) -> dict[str, Any]:
    document = visits(1)
    for _ in range(levels - 1):
        document = {"not": document}
    return document


def test_an_empty_all_is_everyone() -> None:
    assert parse({"all": []}) == EVERYONE


def test_forms_nest() -> None:
    tree = parse({"all": [visits(10), {"not": {"any": [visits(20), visits(30)]}}]})
    assert isinstance(tree, AllOf)
    assert isinstance(tree.parts[1], NotOf)


@pytest.mark.parametrize(
    ("field", "op", "value", "read"),
    [
        ("visits", ">=", 10, 10),
        ("visits", ">=", 10.0, 10),
        ("revenue", "between", [10_000, 50_000], Range(10_000, 50_000)),
        ("revenue", "between", {"from": 10_000, "to": 50_000}, Range(10_000, 50_000)),
        ("os", "is", "iOS", "iOS"),
        ("environment", "in", ["mobile_web", "hybrid_app", "mobile_web"], ("mobile_web", "hybrid_app")),
        ("last_seen", "within_last", {"days": 1, "hours": 12}, Span(1, 12, 0)),
        ("last_seen", "after", "1970-01-02T00:00:00+09:00", Point(54_000_000, 540)),
        ("last_seen", "before", "1970-01-02T00:00:00.0019Z", Point(86_400_001, 0)),
        ("online", "is", False, False),
    ],
)
def test_values_are_read(field: str, op: str, value: Any, read: Any) -> None:
    assert leaf({"field": field, "op": op, "value": value}).value == read


def test_records_take_an_expression_over_their_sub_fields() -> None:
    where = {"field": "times", "op": ">=", "value": 3}
    tree = parse({"field": "viewed_products", "op": "some", "where": where})
    assert isinstance(tree, RecordsLeaf)
    assert tree == parse({"field": "viewed_products", "op": "some", "value": where})


def test_the_example_of_every_field_is_valid() -> None:
    for field in FIELDS:
        op, value = field.example
        parse({"field": field.name, "op": op, "where" if field.subfields else "value": value})


@pytest.mark.parametrize(
    ("document", "place", "said"),
    [
        ([], "", "A condition is needed, not a list of 0."),
        (None, "", "A condition is needed, not null."),
        ({}, "", 'none of "all"'),
        ({"all": [], "any": []}, "", 'several of "all"'),
        ({"all": {}}, "/all", '"all" needs a list'),
        ({"any": []}, "/any", '"any" of nothing is nobody'),
        ({"all": [], "limit": 3}, "/limit", "no meaning here"),
        ({"all": [{"not": 3}]}, "/all/0/not", "A condition is needed, not 3."),
        ({"field": "vists", "op": ">=", "value": 1}, "/field", "There is no field with this name"),
        ({"field": ["visits"], "op": ">=", "value": 1}, "/field", "There is no field with this name: a list of 1."),
        ({"field": "visits", "value": 1}, "", 'has no "op"'),
        ({"field": "visits", "op": "contains", "value": 1}, "/op", "has no operator"),
        ({"field": "visits", "op": {}, "value": 1}, "/op", "has no operator an object"),
        ({"field": "visits", "op": ">="}, "", 'has no "value"'),
        ({"field": "visits", "op": ">=", "where": 1}, "/where", "no meaning here"),
        ({"field": "visits", "op": ">=", "value": 1, "a/b~c": 1}, "/a~1b~0c", "no meaning here"),
        (visits("10"), "/value", 'not the text "10"'),
        (visits(True), "/value", "not true"),
        (visits(1.5), "/value", "not the number 1.5"),
        (visits(float("nan")), "/value", "not the number nan"),
        (visits(float("inf")), "/value", "not the number inf"),
        (visits(None), "/value", "not null"),
        (visits(10**15 + 1), "/value", "too large"),
        (visits(10**5000), "/value", "too large"),
        (visits([1], "between"), "/value", "Two numbers are needed"),
        (visits([1, "2"], "between"), "/value/1", "A whole number is needed"),
        (visits([2, 1], "between"), "/value", "Nothing lies from 2 to under 1"),
        (visits([2, 2], "between"), "/value", "Nothing lies"),
        (visits({"from": 1}, "between"), "/value", "Two numbers are needed"),
        ({"field": "os", "op": "is", "value": ""}, "/value", "The text is empty"),
        ({"field": "os", "op": "is", "value": ["iOS"]}, "/value", "A text is needed"),
        ({"field": "os", "op": "is", "value": "x" * 501}, "/value", "has 501 characters"),
        ({"field": "os", "op": "is", "value": "\ud800"}, "/value", "no event can carry"),
        ({"field": "os", "op": "is", "value": "a\0b"}, "/value", "no event can carry"),
        ({"field": "os", "op": "in", "value": []}, "/value", "The list is empty"),
        ({"field": "os", "op": "in", "value": "iOS"}, "/value", "A list of texts is needed"),
        ({"field": "os", "op": "in", "value": ["a", 1]}, "/value/1", "A text is needed, not 1."),
        ({"field": "os", "op": "in", "value": ["a"] * 1001}, "/value", "The list has 1001 texts"),
        ({"field": "environment", "op": "is", "value": "tablet"}, "/value", 'environment is never the text "tablet"'),
        ({"field": "environment", "op": "in", "value": ["pc_web", "tv"]}, "/value/1", "environment is never"),
        ({"field": "online", "op": "is", "value": 1}, "/value", "true or false is needed"),
        ({"field": "last_seen", "op": "within_last", "value": 3}, "/value", "A length of time is needed"),
        ({"field": "last_seen", "op": "within_last", "value": {}}, "/value", "A length of time is needed"),
        ({"field": "last_seen", "op": "within_last", "value": {"weeks": 1}}, "/value", "A length of time is needed"),
        ({"field": "last_seen", "op": "within_last", "value": {"days": -1}}, "/value", "cannot be negative"),
        ({"field": "last_seen", "op": "within_last", "value": {"days": 0}}, "/value", "out of range"),
        ({"field": "last_seen", "op": "within_last", "value": {"days": 36_501}}, "/value", "out of range"),
        (
            {"field": "last_seen", "op": "within_last", "value": {"days": "3"}},
            "/value/days",
            "A whole number is needed",
        ),
        ({"field": "last_seen", "op": "after", "value": "2026-10-01"}, "/value", "offset from UTC"),
        ({"field": "last_seen", "op": "after", "value": "yesterday"}, "/value", "This is not a time"),
        ({"field": "last_seen", "op": "after", "value": 1_790_000_000_000}, "/value", "A time is needed"),
        ({"field": "last_seen", "op": "after", "value": "0001-01-01T00:00:00+14:00"}, "/value", "before 1970"),
        ({"field": "last_seen", "op": "never", "value": 1}, "/value", "takes no value"),
        ({"field": "viewed_products", "op": "some"}, "", 'has no "where"'),
        ({"field": "viewed_products", "op": "some", "where": {"any": []}}, "/where/any", "nobody"),
        (
            {"field": "viewed_products", "op": "some", "where": visits(1)},
            "/where/field",
            "no sub-field of viewed_products",
        ),
        (nested(21), "/not" * 20, "nested deeper than 20"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(document: Any, place: str, said: str) -> None:
    found = problems(document)
    assert [problem.place for problem in found] == [place]
    assert said in found[0].message
    assert found[0].action


def test_a_misspelt_field_is_answered_with_the_right_one() -> None:
    assert problems({"field": "vists", "op": ">=", "value": 1})[0].action == "Did you mean visits?"
    assert "docs/segments.md" in problems({"field": "weather", "op": ">=", "value": 1})[0].action
    where = {"field": "price", "op": ">=", "value": 1}
    found = problems({"field": "viewed_products", "op": "some", "where": where})[0]
    assert found.action == "Give one of: item_id, category, times, viewed_at."


def test_all_mistakes_are_told_at_once() -> None:
    found = problems({"all": [visits("a"), {"any": [visits(1), visits(None)]}, {"not": {"field": "x"}}]})
    assert [problem.place for problem in found] == ["/all/0/value", "/all/1/any/1/value", "/all/2/not/field"]


def test_at_most_twenty_mistakes_are_told() -> None:
    assert len(problems({"all": [visits("a")] * 150})) == MAX_PROBLEMS
    assert len(problems({"all": [visits("a")] * 15 + [visits(1)] * 300})) <= MAX_PROBLEMS


def test_limits_are_reached_but_not_passed() -> None:
    parse(nested(20))
    parse({"all": [visits(1)] * 200})
    parse({"field": "os", "op": "in", "value": [f"{n}" for n in range(1000)]})
    parse({"field": "os", "op": "is", "value": "가" * 500})
    assert "more than 200 conditions" in problems({"all": [visits(1)] * 201})[0].message


def test_all_texts_together_have_a_limit() -> None:
    fits = {"field": "os", "op": "in", "value": [f"{n:03}" + "x" * 57 for n in range(1000)]}
    parse(fits)
    assert "60,000 bytes together" in problems({"all": [fits, {"field": "os", "op": "is", "value": "x"}]})[0].message


def test_conditions_inside_records_count_too() -> None:
    where = {"all": [{"field": "times", "op": ">", "value": 1}] * 200}
    assert "more than 200" in problems({"field": "viewed_products", "op": "some", "where": where})[0].message


def test_very_deep_input_is_refused_and_not_a_crash() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    assert problems(visits(deep))[0].message == "A whole number is needed, not a list of 1."
    document: Any = visits(1)
    for _ in range(100_000):
        document = {"not": document}
    assert "nested deeper" in problems(document)[0].message


def test_problems_can_always_be_sent() -> None:
    for document in ({"field": "\ud800" * 100_000, "op": 1}, {"all": [], "\udfff/~" * 10_000: 1}):
        for problem in problems(document):
            assert len(json.dumps([problem.place, problem.message, problem.action]).encode()) < 2_000
            problem.message.encode(), problem.place.encode()


_KEYS = st.sampled_from(["all", "any", "not", "field", "op", "value", "where", "days", "from", "to"])
_WORDS = st.sampled_from(
    [*BY_NAME, "times", "category", *(found.name for found in operators_of("number")), "is", "some", "in"]
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | _WORDS,
    lambda parts: st.lists(parts, max_size=4) | st.dictionaries(_KEYS | st.text(max_size=3), parts, max_size=4),
    max_leaves=20,
)
_LEAVES = st.fixed_dictionaries(
    {
        "field": st.sampled_from(list(BY_NAME)),
        "op": st.sampled_from(
            [
                found.name
                for kind in ("number", "string", "list", "boolean", "time", "records")
                for found in operators_of(kind)
            ]
        ),
    },
    optional={"value": _JSON, "where": _JSON},
)


@settings(max_examples=400, deadline=None)
@given(_JSON | _LEAVES | st.lists(_LEAVES, max_size=3).map(lambda found: {"all": found}))
@example({"field": "visits", "op": "between", "value": {"from": {}, "to": []}})
def test_any_json_is_a_tree_or_a_list_of_problems(document: Any) -> None:
    try:
        tree: Tree | None = parse(document)
    except InvalidExpression as error:
        told = [problem for problem in error.problems if problem.message and problem.action]
        tree = EVERYONE if 1 <= len(told) == len(error.problems) <= MAX_PROBLEMS else None
    assert tree is not None
    assert compile_sql(tree, NOW).sql
    assert sentence(tree, "ko")
    assert sentence(tree, "en")


@settings(deadline=None)
@given(expressions())
def test_every_valid_expression_is_read(document: dict[str, Any]) -> None:
    assert parse(document, TRAITS) == parse(json.loads(json.dumps(document)), TRAITS)


def test_days_ahead_have_a_limit() -> None:
    parse({"field": "birthday", "op": "between", "value": [-36_500, 36_500]})
    for value in (36_501, -36_501):
        (found,) = problems({"field": "birthday", "op": "<=", "value": value})
        assert found.place == "/value"
        assert "36500" in found.action


def test_traits_take_what_their_declared_type_takes() -> None:
    def read(field: str, op: str, value: Any) -> Any:
        tree = parse({"field": field, "op": op, "value": value}, TRAITS)
        assert isinstance(tree, Leaf)
        return tree.value

    assert read("trait.tier", "in", ["gold"]) == ("gold",)
    assert read("trait.score", ">=", 2.5) == 2.5
    assert isinstance(read("trait.score", "=", 3), float)
    assert read("trait.score", "between", {"from": 0.5, "to": 1}) == Range(0.5, 1.0)
    assert read("trait.trial_ends", "in_next", {"days": 3}) == Span(3, 0, 0)
    assert read("trait.golf", "is", False) is False


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "2", True, 10**16, None, [1]])
def test_a_decimal_is_a_number_within_limits(value: Any) -> None:
    with pytest.raises(InvalidExpression):
        parse({"field": "trait.score", "op": ">=", "value": value}, TRAITS)


def test_a_trait_that_is_not_declared_is_refused_and_the_declared_are_named() -> None:
    document = {"field": "trait.gold", "op": "is", "value": True}
    with pytest.raises(InvalidExpression) as caught:
        parse(document, TRAITS)
    (found,) = caught.value.problems
    assert found.place == "/field"
    assert "trait.gold" in found.message
    assert found.action == "Declared are: trait.tier, trait.score, trait.trial_ends, trait.golf."
    assert "declared none" in problems(document)[0].action


def test_a_trait_has_no_meaning_inside_records() -> None:
    with pytest.raises(InvalidExpression):
        parse({"field": "coupons", "op": "some", "where": {"field": "trait.golf", "op": "is", "value": True}}, TRAITS)
