"""The published examples of the reference product: every printed figure must come out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.api.conftest import MINUTE, NOW, Shop, World
from tests.api.visitors import Order, Visit, Visitor, insert_visitors


def spread(total: int, parts: int) -> list[int]:
    """`total` as `parts` integers that differ by at most one."""
    return [total // parts + (number < total % parts) for number in range(parts)]


def visitors(
    prefix: str, visits: int, pageviews: int, orders: int, stay_seconds: int, lifetime: dict[str, Any]
) -> list[Visitor]:
    """One visitor a visit."""
    stays = spread(stay_seconds, visits)
    result = []
    for number, (views, placed) in enumerate(zip(spread(pageviews, visits), spread(orders, visits), strict=True)):
        end = NOW - MINUTE * (number % 1000)
        bought = [Order(f"{prefix}{number}-{order}", end, 1000, [("i", 1)]) for order in range(placed)]
        visit = Visit(end - stays[number] * 1000, end, views, bought)
        result.append(Visitor(f"{prefix}{number}", [visit], columns=lifetime))
    return result


def report(world: World, shop: Shop, segment: Any) -> dict[str, Any]:
    answer = world.client.post("/v1/reports/live", json={"window": "24h", "segment": segment}, headers=shop.reads)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def percent(number: float) -> str:
    return f"{number * 100:.1f} %"


def test_mobile_visitors_of_a_day(world: World, shop: Shop) -> None:
    mobile = visitors("m", 1902, 7520, 96, 0, {"environment": "mobile_web"})
    app = [Visitor(v.visitor_id, v.visits, columns={"environment": "hybrid_app"}) for v in mobile[::2]]
    rest = visitors("p", 2045 - 1902, 8384 - 7520, 4, 0, {"environment": "pc_web"})
    insert_visitors(world.store, shop.site_id, [*mobile[1::2], *app, *rest])
    answer = report(world, shop, {"field": "environment", "op": "in", "value": ["mobile_web", "hybrid_app"]})
    site, segment, share = answer["site"], answer["segment"], answer["share"]
    assert (site["visits"], site["pageviews"], site["orders"]) == (2045, 8384, 100)
    assert (segment["visits"], segment["pageviews"], segment["orders"]) == (1902, 7520, 96)
    assert [percent(share[name]) for name in ("visits", "pageviews", "orders")] == ["93.0 %", "89.7 %", "96.0 %"]


def test_frequent_visitors_buy_more_often(world: World, shop: Shop) -> None:
    frequent = visitors("f", 170, 500, 30, 0, {"visits": 10})
    rest = visitors("r", 947 - 170, 1000, 45, 0, {"visits": 9})
    insert_visitors(world.store, shop.site_id, [*frequent, *rest])
    answer = report(world, shop, {"field": "visits", "op": ">=", "value": 10})
    assert (answer["site"]["visits"], answer["site"]["orders"]) == (947, 75)
    assert (answer["segment"]["visits"], answer["segment"]["orders"]) == (170, 30)
    assert percent(answer["site"]["purchase_rate"]) == "7.9 %"
    assert percent(answer["segment"]["purchase_rate"]) == "17.6 %"
    assert f"{answer['diff_pct']['purchase_rate']:+.1f} %" == "+122.8 %"
    assert percent(answer["share"]["orders"]) == "40.0 %"
    assert answer["diff_pp"]["purchase_rate"] == pytest.approx((30 / 170 - 75 / 947) * 100)


def test_visitors_who_spent_between_10000_and_50000_stay_longer(world: World, shop: Shop) -> None:
    *spent, last = visitors("s", 5, 54, 0, 5 * 353, {"revenue": 10_000})
    spent.append(replace(last, columns={"revenue": 49_999}))
    rest = visitors("r", 94, 350, 0, 100 * 128 - 5 * 353, {"revenue": 50_000})
    edge = visitors("e", 1, 6, 0, 0, {"revenue": 9_999})
    insert_visitors(world.store, shop.site_id, [*spent, *rest, *edge])
    answer = report(world, shop, {"field": "revenue", "op": "between", "value": [10_000, 50_000]})
    site, segment, differences = answer["site"], answer["segment"], answer["diff_pct"]
    assert (site["visits"], site["pageviews"], site["avg_stay_seconds"]) == (100, 410, 128)
    assert (segment["visits"], segment["pageviews"], segment["avg_stay_seconds"]) == (5, 54, 353)
    assert f"{site['pageviews_per_visit']:.1f}, {segment['pageviews_per_visit']:.1f}" == "4.1, 10.8"
    assert f"{differences['pageviews_per_visit']:+.1f} %" == "+163.4 %"
    assert f"{differences['avg_stay_seconds']:+.1f} %" == "+175.8 %"
