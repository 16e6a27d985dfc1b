"""SQL holds no value of the user, names every parameter it binds, and survives hostile texts in a real engine."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings

from flows.segments.fields import BY_NAME
from flows.segments.meaning import columns_of
from flows.segments.operators import operators_of
from flows.segments.parse import parse
from flows.segments.predicate import compile_sql, compile_value
from sql.migrate import migrate
from sql.store import Store
from tests.flows.segments.random_trees import expressions
from tests.flows.segments.regenerate import condition
from tests.flows.segments.visitor_rows import ALL_FIELDS, NOW, TRAITS, TYPES, random_rows, table

HOSTILE = [
    "'; DROP TABLE visitors; --",
    "\\",
    "\\'",
    "a\tb\nc\rd",
    "{p0:String}",
    "%s",
    "\\N",
    "NULL",
    "한글 🛒",
    '"',
    "`",
    "\\x00",
]


def leaf(field: str, op: str, value: Any) -> dict[str, Any]:
    return {"field": field, "op": op, "value": value}


@settings(deadline=None)
@given(expressions())
def test_every_parameter_is_named_and_every_name_is_bound(document: dict[str, Any]) -> None:
    predicate = compile_sql(parse(document, TRAITS), NOW)
    named = set(re.findall(r"\{(\w+):(?:Int64|String|Array\((?:String|Int64)\))\}", predicate.sql))
    assert named == set(predicate.params)
    assert "'" not in predicate.sql.replace("''", "")


def test_values_of_the_user_are_not_in_the_sql() -> None:
    predicate = compile_sql(parse({"all": [leaf("os", "is", "SECRET"), leaf("visits", ">", 424_242)]}), NOW)
    assert "SECRET" not in predicate.sql
    assert "424242" not in predicate.sql
    assert str(NOW) not in predicate.sql


def test_two_predicates_can_stand_in_one_query() -> None:
    first = compile_sql(parse(leaf("os", "is", "a")), NOW, prefix="segment_")
    second = compile_sql(parse(leaf("os", "is", "b")), NOW, prefix="site_")
    assert first.params == {"segment_0": "a"}
    assert second.params == {"site_0": "b"}


def test_columns_can_be_qualified() -> None:
    assert compile_sql(parse(leaf("visits", ">", 1)), NOW, table="v").sql == "toInt64(v.visits) > {p0:Int64}"
    windowed = compile_sql(parse(leaf("visits_24h", ">", 1)), NOW, table="v").sql
    assert windowed.endswith(
        "-> if(toUnixTimestamp64Milli(e_visit_end) >= {now:Int64} - 86400000, 1, 0), v.visit_end) > {p0:Int64}"
    )


@settings(deadline=None)
@given(expressions())
def test_the_columns_a_tree_reads_are_known_beforehand(document: dict[str, Any]) -> None:
    named = set(re.findall(r"\w+", compile_sql(parse(document, TRAITS), NOW).sql)) & set(TYPES)
    assert named <= columns_of(parse(document, TRAITS)) <= set(TYPES)


@pytest.fixture
def store(clickhouse_url: str, database: str) -> Any:
    found = Store(clickhouse_url, database)
    migrate(found, 0)
    yield found
    found.close()


def test_hostile_texts_reach_the_engine_unchanged(store: Store) -> None:
    store.insert("visitors", table(*({"os": text, "search_term": [text], "search_at": [NOW]} for text in HOSTILE)))
    for number, text in enumerate(HOSTILE):
        for document in (
            leaf("os", "is", text),
            leaf("os", "in", [text, "nothing"]),
            leaf("search_terms", "contains_any", [text]),
            leaf("search_terms", "contains_all", [text]),
        ):
            predicate = compile_sql(parse(document), NOW)
            found = store.rows_of(f"SELECT visitor_id FROM visitors WHERE {predicate.sql}", predicate.params)
            assert found == [{"visitor_id": f"v{number}"}], document


def test_the_largest_expressions_are_answered(store: Store) -> None:
    where = condition(BY_NAME["carted_not_bought"], operators_of("records")[0])["where"]
    longest: dict[str, Any] = {"field": "carted_not_bought", "op": "none", "where": where}
    for _ in range(17):
        longest = {"not": longest}
    backslashes = [f"{number:03}" + "\\" * 497 for number in range(119)]
    coupon = {"field": "coupons", "op": "none", "where": BY_NAME["coupons"].example[1]}
    none = leaf("carted_not_bought_items", "contains_none", ["A", "B"])
    for document in (
        {"all": [longest] * 100},
        {"all": [none] * 200},
        {"all": [coupon] * 66},
        {"any": [leaf("birthday", "between", [1, 2])] * 200},
        {"any": [leaf("average_order_value", "between", [1, 2])] * 200},
        leaf("os", "in", backslashes),
        leaf("search_terms", "contains_all", ["'" * 400 + f"{number:03}" for number in range(140)]),
        leaf("search_terms", "contains_any", [f"{number:04}" + "가" * 18 for number in range(1000)]),
    ):
        predicate = compile_sql(parse(document), NOW)
        found = store.rows_of(f"SELECT countIf({predicate.sql}) AS n FROM visitors", predicate.params)
        assert found == [{"n": 0}]


def test_everyone_and_a_qualified_predicate_work_in_a_query_with_aliases(store: Store) -> None:
    store.insert("visitors", table({"visits": 3}, {"visits": 20}))
    predicate = compile_sql(parse(leaf("visits", ">", 10)), NOW, table="v")
    sql = (
        f"SELECT sum(v.visits) AS visits, countIf({predicate.sql}) AS members FROM visitors AS v WHERE {predicate.sql}"
    )
    assert store.rows_of(sql, predicate.params) == [{"visits": 20, "members": 1}]
    everyone = compile_sql(parse({"all": []}), NOW)
    assert store.rows_of(f"SELECT count() AS n FROM visitors WHERE {everyone.sql}") == [{"n": 2}]
    assert store.rows_of(f"SELECT count() AS n FROM visitors WHERE NOT {everyone.sql}") == [{"n": 0}]


def test_a_value_is_told_as_json(store: Store) -> None:
    seven = {f"trait_{name}": [value] for name, value in {"text": "", "number": 2.5, "at": 0}.items()}
    row = {
        "visits": 7,
        "os": 'a"b\\\n한글',
        "revenue": 10_001,
        "orders": 2,
        "member_points": -5,
        "member_birthday_day": 266,  # September 22, tomorrow
        "last_order_at": NOW - 5,
        "visit_start": [NOW - 90_500],
        "visit_end": [NOW],
        "search_term": ["b", "a", "", "b"],
        "search_at": [NOW] * 4,
        "consent_channel": ["sms", "push"],
        "consent_granted": [1, 0],
        "trait_name": ["score"],
        **seven,
    }
    store.insert("visitors", table(row, {}))
    for name, told, absent in (
        ("visits", 7, 0),
        ("os", 'a"b\\\n한글', None),
        ("average_order_value", 5000.5, None),
        ("points", -5, None),
        ("birthday", 1, None),
        ("last_order_at", NOW - 5, None),
        ("visit_stay_seconds", 90_500, None),
        ("search_terms", ["b", "a"], []),
        ("has_bought", True, False),
        ("consent_sms", True, None),
        ("consent_push", False, None),
        ("consent_email", None, None),
        ("coupons", 0, 0),
        ("trait.tier", None, None),
        ("trait.score", 2.5, None),
        ("trait.golf", None, None),
    ):
        field = next(field for field in ALL_FIELDS if field.name == name)
        value = compile_value(field, NOW, table="v")
        found = store.rows_of(f"SELECT {value.sql} AS told FROM visitors AS v ORDER BY visitor_id", value.params)
        assert [json.loads(row["told"]) for row in found] == [told, absent], name


def test_of_every_field_a_value_can_be_told(store: Store) -> None:
    store.insert("visitors", random_rows(seed=5, count=50))
    values = [compile_value(field, NOW, prefix=f"f{number}_") for number, field in enumerate(ALL_FIELDS)]
    params = {name: value for found in values for name, value in found.params.items()}
    for row in store.rows_of(f"SELECT [{', '.join(value.sql for value in values)}] AS told FROM visitors", params):
        for told in row["told"]:
            json.loads(told)
