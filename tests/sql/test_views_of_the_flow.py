"""What the flow writes, seen through the views: people, stints, visits and orders tell the same."""

from __future__ import annotations

import uuid
from typing import Any

import numpy as np
import pytest

from tests.flows.shop import DenseLog, Shop
from tests.flows.test_rebuild import stream

TOTALS = "sum(visits), sum(pageviews), sum(stay_ms), sum(cart_adds), sum(orders), sum(units), sum(revenue)"


@pytest.mark.parametrize("seed", [1, 2])
def test_people_stints_visits_and_orders_add_up(clickhouse_url: str, seed: int) -> None:
    played = Shop(clickhouse_url, f"test_{uuid.uuid4().hex[:8]}", DenseLog(3))
    played.play(stream(seed, 400)[1], np.random.default_rng(seed))
    played.drain()
    store = played.store

    def asked(sql: str) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in store.rows_of(f"{sql} ORDER BY ALL")]

    for key in ("site_id", "site_id, person_id"):
        people = asked(f"SELECT {key}, {TOTALS} FROM current_people GROUP BY ALL")
        assert people == asked(f"SELECT {key}, {TOTALS} FROM current_visitors GROUP BY ALL")
        counted = TOTALS.replace("sum(visits)", "count()")
        assert people == asked(f"SELECT {key}, {counted} FROM current_visits GROUP BY ALL")
    assert any(member for (member,) in asked("SELECT DISTINCT member_id FROM current_people"))
    bought = "SELECT site_id, person_id, {} FROM {} WHERE {} GROUP BY ALL"
    of_orders = asked(bought.format("count()", "current_orders", "counted"))
    assert of_orders == asked(bought.format("sum(orders)", "current_people", "orders > 0"))
    devices = "SELECT DISTINCT site_id, person_id, {} AS visitor_id FROM {}"
    assert asked(devices.format("arrayJoin(visitor_ids)", "current_people")) == asked(
        devices.format("visitor_id", "current_visitors")
    )
    store.command(f"DROP DATABASE {store.database} SYNC")
    store.close()
