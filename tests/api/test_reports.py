"""Formulas of a report, without a database."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from api.reports import (
    IN_PERCENT,
    MEASURES,
    TOTALS,
    Sums,
    differences_in_percent,
    differences_in_points,
    measures,
    shares,
)
from tests.api.conftest import NOW, Shop, World
from tests.api.visitors import Order, Visit, Visitor, insert_visitors

counts = st.integers(0, 10**12)
sums = st.builds(Sums, counts, counts, counts, counts, counts, counts, counts, counts)


def test_null_stands_where_the_base_is_0() -> None:
    nothing = measures(Sums())
    assert [nothing[name] for name in TOTALS] == [0] * 6
    assert all(nothing[name] is None for name in MEASURES if name not in TOTALS)
    some = measures(Sums(visitors=1, visits=2, pageviews=3))
    assert set(shares(Sums(visitors=1), Sums()).values()) == {None}
    differences = differences_in_percent(some, nothing)
    assert all(difference is None for difference in differences.values())
    assert differences_in_points(some, nothing) == dict.fromkeys(IN_PERCENT)


def test_a_rate_of_0_is_no_null() -> None:
    some = measures(Sums(visitors=1, visits=2, pageviews=3))
    assert (some["purchase_rate"], some["average_order_value"]) == (0, None)
    site = measures(Sums(visitors=2, visits=4, pageviews=6, orders=1))
    assert differences_in_percent(some, site)["purchase_rate"] == -100
    assert differences_in_points(some, site)["purchase_rate"] == -25


@given(sums, sums)
def test_shares_and_differences_of_totals_say_the_same(part: Sums, rest: Sums) -> None:
    site = Sums(*(getattr(part, name) + getattr(rest, name) for name in Sums.__dataclass_fields__))
    assert site.less(part) == rest
    differences = differences_in_percent(measures(part), measures(site))
    for name, share in shares(part, site).items():
        difference = differences[name]
        if share is None:
            assert difference is None
        else:
            assert difference is not None
            assert 0 <= share <= 1
            assert abs(difference - (share - 1) * 100) < 1e-6


def test_a_report_can_compare_with_everyone_else(world: World, shop: Shop) -> None:
    buyers = [Visitor("b", [Visit(NOW, NOW, 4, [Order("o", NOW, 100, [("i", 1)])])], columns={"visits": 9})]
    rest = [Visitor(f"r{n}", [Visit(NOW, NOW, 2)]) for n in range(3)]
    insert_visitors(world.store, shop.site_id, buyers + rest)
    body: dict[str, Any] = {"segment": {"field": "visits", "op": ">=", "value": 9}, "compare": "others"}
    answer = world.client.post("/v1/reports/live", json=body, headers=shop.reads).json()
    assert (answer["site"]["visits"], answer["others"]["visits"], answer["segment"]["visits"]) == (4, 3, 1)
    assert answer["others"]["pageviews_per_visit"] == 2
    assert answer["diff_pct"]["pageviews_per_visit"] == 100
    assert answer["diff_pct"]["purchase_rate"] is None
    assert answer["share"]["visits"] == 0.25
    del body["compare"]
    answer = world.client.post("/v1/reports/live", json=body, headers=shop.reads).json()
    assert answer["others"] is None
    assert answer["diff_pct"]["pageviews_per_visit"] == (4 - 2.5) / 2.5 * 100


def test_the_two_questions_every_report_must_answer_in_one_call(world: World, shop: Shop) -> None:
    loyal = Visitor(
        "l", [Visit(NOW, NOW, 1, [Order("o", NOW, 100, [("shirt", 2), ("hat", 3)])])], columns={"visits": 3}
    )
    doubter = Visitor("d", [Visit(NOW, NOW)], [("shoes", 2), ("hat", 1)], columns={"visits": 5})
    insert_visitors(world.store, shop.site_id, [loyal, doubter])

    def top(*conditions: dict[str, Any]) -> dict[str, list[str]]:
        body = {"segment": {"all": list(conditions)}}
        listed = world.client.post("/v1/reports/live", json=body, headers=shop.reads).json()["top"]
        return {name: [product["item_id"] for product in products] for name, products in listed.items()}

    came_3_times = {"field": "visits", "op": ">=", "value": 3}
    bought = {"field": "orders", "op": ">=", "value": 1}
    assert top(came_3_times, bought)["purchased"] == ["hat", "shirt"]
    never_bought = {"field": "orders", "op": "=", "value": 0}
    assert top({"field": "visits", "op": ">=", "value": 5}, never_bought)["in_cart"] == ["shoes", "hat"]
