"""The sentences of the reference product as segments: who is in them and who is not, in both evaluators."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from flows.segments.mask import mask
from flows.segments.parse import parse
from flows.segments.predicate import compile_sql
from flows.segments.rows import Rows
from sql.migrate import migrate
from sql.store import Store
from tests.flows.segments.visitor_rows import DAY, NOW, table

SEOUL_MIDNIGHT = 1_790_002_800_000  # 2026-09-22T00:00:00+09:00, 46 minutes after NOW
HOUR = 3_600_000


def leaf(field: str, op: str, value: Any) -> dict[str, Any]:
    return {"field": field, "op": op, "value": value}


def every(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"all": list(parts)}


@pytest.fixture(scope="module")
def store(clickhouse_url: str) -> Iterator[Store]:
    found = Store(clickhouse_url, "reference_product")
    migrate(found, 0)
    yield found
    found.command("DROP DATABASE reference_product SYNC")
    found.close()


def assert_in_and_out(
    store: Store, document: dict[str, Any], inside: list[dict[str, Any]], outside: list[dict[str, Any]]
) -> None:
    tree = parse(document)
    store.command("TRUNCATE TABLE visitors")
    store.insert("visitors", table(*inside, *outside))
    expected = [True] * len(inside) + [False] * len(outside)
    rows = Rows(store.arrow_of("SELECT * FROM visitors ORDER BY visitor_id"))
    assert mask(tree, rows, NOW, zone="Asia/Seoul").tolist() == expected
    predicate = compile_sql(tree, NOW, zone="Asia/Seoul")
    found = store.rows_of(f"SELECT {predicate.sql} AS held FROM visitors ORDER BY visitor_id", predicate.params)
    assert [bool(row["held"]) for row in found] == expected


def coupon(name: str, expires_at: int, used_at: int = 0) -> dict[str, Any]:
    return {
        "coupon_id": ["C-1"],
        "coupon_name": [name],
        "coupon_issued_at": [NOW - DAY],
        "coupon_expires_at": [expires_at],
        "coupon_used_at": [used_at],
    }


def test_visited_three_times_or_more_and_ordered(store: Store) -> None:
    document = every(leaf("visits", ">=", 3), leaf("orders", ">=", 1))
    inside = [{"visits": 3, "orders": 1}, {"visits": 40, "orders": 7}]
    assert_in_and_out(store, document, inside, [{"visits": 2, "orders": 1}, {"visits": 3, "orders": 0}, {}])


def test_visited_five_times_or_more_and_never_ordered(store: Store) -> None:
    document = every(leaf("visits", ">=", 5), leaf("has_bought", "is", False))
    assert_in_and_out(store, document, [{"visits": 5}], [{"visits": 4}, {"visits": 5, "orders": 1}])


def test_on_the_mobile_web_or_in_the_hybrid_app(store: Store) -> None:
    document = leaf("environment", "in", ["mobile_web", "hybrid_app"])
    inside = [{"environment": "mobile_web"}, {"environment": "hybrid_app"}]
    assert_in_and_out(store, document, inside, [{"environment": "pc_web"}, {"environment": ""}])


def test_visited_ten_times_or_more(store: Store) -> None:
    assert_in_and_out(store, leaf("visits", ">=", 10), [{"visits": 10}, {"visits": 11}], [{"visits": 9}])


def test_spent_ten_to_under_fifty_thousand(store: Store) -> None:
    document = leaf("revenue", "between", [10_000, 50_000])
    inside = [{"revenue": 10_000}, {"revenue": 49_999}]
    assert_in_and_out(store, document, inside, [{"revenue": 9_999}, {"revenue": 50_000}, {"revenue": 0}])


def test_holds_a_coupon_of_that_name_that_expires_within_three_days(store: Store) -> None:
    where = every(leaf("name", "is", "장바구니 20%"), leaf("expires_in", "<=", 3))
    document = {"field": "coupons", "op": "some", "where": where}
    inside = [
        coupon("장바구니 20%", NOW + 1),  # today, in a moment
        coupon("장바구니 20%", SEOUL_MIDNIGHT + 3 * DAY - 1),  # the last moment of the third day from today
    ]
    outside = [
        coupon("장바구니 20%", SEOUL_MIDNIGHT + 3 * DAY),  # the fourth day, although less than 73 hours ahead
        coupon("장바구니 20%", NOW),  # expired
        coupon("장바구니 20%", 0),  # never expires
        coupon("장바구니 20%", NOW + HOUR, used_at=NOW - HOUR),
        coupon("장바구니 10%", NOW + HOUR),
        {},
    ]
    assert_in_and_out(store, document, inside, outside)


def test_visited_in_seven_days_and_has_a_thousand_points_or_more(store: Store) -> None:
    document = every(leaf("last_seen", "within_last", {"days": 7}), leaf("points", ">=", 1_000))
    inside = [{"last_seen": NOW - 7 * DAY, "member_points": 1_000}]
    outside = [
        {"last_seen": NOW - 7 * DAY - 1, "member_points": 1_000},
        {"last_seen": NOW, "member_points": 999},
        {"last_seen": NOW},
    ]
    assert_in_and_out(store, document, inside, outside)
