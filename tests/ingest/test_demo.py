"""The demo shop's traffic is plausible, repeatable and passes the door."""

import itertools
from collections import Counter
from typing import Any

import orjson
import pytest

from ingest.demo import DemoShop, member_data
from ingest.door import SiteRules, open_door
from ingest.door.members import member_of_item

NOW = 1_763_800_000_000
HOUR = 3_600_000
SITE = SiteRules("demo", "KRW")


@pytest.fixture(scope="module")
def records() -> list[dict[str, Any]]:
    """A day of history, through the door."""
    items = list(DemoShop(7).history(NOW, 24))
    verdict = open_door(items, site=SITE, received_at=NOW, server=False, history=True, max_items=None)
    assert verdict.rejected == []
    return [orjson.loads(accepted.line) for accepted in verdict.accepted]


def test_the_same_seed_gives_the_same_traffic() -> None:
    assert list(DemoShop(3).history(NOW, 1)) == list(DemoShop(3).history(NOW, 1))
    assert list(DemoShop(3).history(NOW, 1)) != list(DemoShop(4).history(NOW, 1))


def test_history_lies_in_the_hours_asked_for(records: list[dict[str, Any]]) -> None:
    times = [record["occurred_at"] for record in records]
    assert NOW - 24 * HOUR <= min(times) < NOW - 23 * HOUR
    assert NOW - 60_000 < max(times) <= NOW


def test_the_shop_is_mobile_and_has_an_app_and_bots(records: list[dict[str, Any]]) -> None:
    people = {record["visitor_id"]: record for record in records if "user_agent" in record}.values()
    environments = Counter(record.get("environment") for record in people if not record["bot"])
    assert environments["mobile_web"] > environments["pc_web"] > environments["hybrid_app"] / 2 > 0
    assert 0 < sum(record["bot"] for record in people) < len(people) / 20


def test_visitors_search_come_from_elsewhere_and_come_back(records: list[dict[str, Any]]) -> None:
    channels = {record.get("channel") for record in records}
    assert {"organic_search", "paid_search", "social", "email", "message", "referral", "direct"} <= channels
    assert {"니트", "코트"} <= {record.get("search_term") for record in records}
    first = {record["visitor_id"] for record in records if record["occurred_at"] < NOW - 16 * HOUR}
    again = {record["visitor_id"] for record in records if record["occurred_at"] > NOW - 8 * HOUR}
    assert len(first & again) > 50


def test_about_two_visits_in_a_hundred_buy_and_some_orders_are_refunded(records: list[dict[str, Any]]) -> None:
    orders = {record["transaction_id"]: record for record in records if record["name"] == "purchase"}
    copies = [record for record in records if record["name"] == "purchase"]
    entries = sum(record.get("channel") not in (None, "internal") for record in records)
    assert 0.01 < len(orders) / entries < 0.03
    assert len(copies) > len(orders)
    refunds = [record for record in records if record["name"] == "refund"]
    assert refunds
    assert all(record["transaction_id"] in orders for record in refunds)
    for order in orders.values():
        assert order["value"] == sum(item["price"] * item["quantity"] for item in order["items"]) > 0


def test_some_events_are_late_and_some_come_twice(records: list[dict[str, Any]]) -> None:
    assert 0 < len(records) - len({record["event_id"] for record in records}) < len(records) / 50
    times = [record["occurred_at"] for record in records]
    assert any(later < earlier - 30 * 60_000 for earlier, later in itertools.pairwise(times))


def test_live_traffic_goes_on_from_history_and_wrong_clocks_are_corrected() -> None:
    shop = DemoShop(11, visits_per_minute=60)
    list(shop.history(NOW, 0.25))
    arrived, wrong = 0, 0
    for second in range(1, 181):
        at = NOW + second * 1_000
        items = shop.tick(at, 1)
        wrong += sum(item["sent_at"] != at for item in items)
        verdict = open_door(items, site=SITE, received_at=at, server=False)
        assert verdict.rejected == []
        for accepted in verdict.accepted:
            assert NOW - 4 * HOUR < orjson.loads(accepted.line)["occurred_at"] <= at
        arrived += len(items)
    assert 600 < arrived < 6_000
    assert wrong > 0


def test_the_rate_is_the_one_asked_for() -> None:
    calm = len(list(DemoShop(5, visits_per_minute=2).history(NOW, 8)))
    busy = len(list(DemoShop(5, visits_per_minute=8).history(NOW, 8)))
    assert 3 < busy / calm < 5


def test_who_becomes_a_member_is_told_once_with_data_that_the_door_takes() -> None:
    shop = DemoShop(7)
    records = list(shop.history(NOW, 12))
    joined = shop.joined()
    assert shop.joined() == []
    assert len(joined) == len(set(joined)) > 10
    assert {record["member_id"] for record in records if "member_id" in record} <= set(joined)
    told = [member_of_item(member_data(member_id, NOW), SITE, NOW).told for member_id in joined]
    assert member_data(joined[0], NOW) == member_data(joined[0], NOW)
    assert all(data["grade"] and data["points"] >= 0 for data in told)
    assert 0 < sum(any(name.startswith("coupon/") for name in data) for data in told) < len(told)
