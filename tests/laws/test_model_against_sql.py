"""Two definitions of a visitor's row, written apart, agree: `model.py` and `sql/queries/visitor_rows.sql`."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from clickhouse_connect.driver.client import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.laws import events as worlds
from tests.laws import model, tables
from tests.laws.events import CURRENCIES, Event, arrivals, random_world

BOTH = tuple(CURRENCIES)


@pytest.fixture
def client(clickhouse_url: str, database: str) -> Iterator[Client]:
    with tables.migrated(clickhouse_url, database) as client:
        tables.set_currencies(client, CURRENCIES)
        yield client


def differences(client: Client, events: list[Event], sql: str = tables.DEFINITION) -> list[Any]:
    wanted = model.visitor_rows(events, currencies=CURRENCIES)
    got = {key: row for site in BOTH for key, row in tables.visitor_rows(client, site, sql).items()}
    return tables.difference(got, wanted)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(world=worlds.worlds(sites=BOTH, max_size=30), seed=st.integers(0, 2**32 - 1))
def test_both_definitions_agree_on_small_worlds(client: Client, world: list[Event], seed: int) -> None:
    tables.set_events(client, arrivals(world, np.random.default_rng(seed)))
    assert differences(client, world) == []


@pytest.mark.parametrize("seed", range(4))
def test_both_definitions_agree_on_crowds(client: Client, seed: int) -> None:
    rng = np.random.default_rng(seed)
    crowd = random_world(
        rng, 2500, sites=BOTH, visitors=60 + 60 * seed, items=4 + 3 * seed, transactions=40 + 100 * seed
    )
    tables.set_events(client, arrivals(crowd, rng))
    assert differences(client, crowd) == []


def test_both_definitions_forget_after_60_days(client: Client) -> None:
    rng = np.random.default_rng(60)
    crowd = random_world(rng, 1500, sites=BOTH, visitors=100, items=4, transactions=60, days=[0, 1, 9, 40, 60, 61, 69])
    tables.set_events(client, crowd)
    assert differences(client, crowd) == []


def test_the_definition_has_the_columns_of_the_table_in_their_order(client: Client) -> None:
    tables.set_events(client, random_world(np.random.default_rng(0), 1))  # a result without rows has no columns
    told = client.query(
        "SELECT name FROM system.columns WHERE table = 'visitors' AND database = currentDatabase() ORDER BY position"
    )
    columns = [name for (name,) in told.result_rows if name not in ("shard", "version", "key_hash", "order_version")]
    assert list(client.query(tables.DEFINITION, parameters={"site_id": "alpha"}).column_names) == columns


PLANTED = {
    "a visit ends after exactly 30 minutes": ("> before + INTERVAL 30 MINUTE", ">= before + INTERVAL 30 MINUTE"),
    "bots count": ("AND NOT bot", ""),
    "repeats count": ("LIMIT 1 BY visitor_id, event_id", ""),
    "another currency is revenue": ("counted AND told_currency IN ('', site_currency)", "counted"),
    "the last copy owns the order": ("argMin(visitor_id, moment) AS owner", "argMax(visitor_id, moment) AS owner"),
    "the first copy with a value decides": ("argMaxIf((value, currency)", "argMinIf((value, currency)"),
    "the first copy with items decides": (
        "argMaxIf((visitor_id, event_id, currency)",
        "argMinIf((visitor_id, event_id, currency)",
    ),
    "a refund without items is ignored": ("max(whole) AS whole", "false AS whole"),
    "an order with all units refunded counts": ("r.whole OR (n.units_before > 0 AND n.units_left = 0)", "r.whole"),
    "units are refunded below zero": ("sum(greatest(0, l.units - r.units))", "sum(l.units - r.units)"),
    "revenue falls below zero": ("greatest(0, ifNull(", "greatest(-9000, ifNull("),
    "a refund line has no price of the order": ("coalesce(r.price, l.price, 0)", "ifNull(r.price, 0)"),
    "the cart falls below zero": ("op.4 = 1 OR line.2 + op.5 <= 0", "op.4 = 1"),
    "a price is remembered of an emptied cart": (
        "op.5 <= 0,\n                        (wanted, toInt64(0), toInt64(-1)",
        "op.5 <= 0,\n                        (wanted, toInt64(0), line.3",
    ),
    "only item by item is the cart emptied": ("op.1 IN ('', wanted), operations", "op.1 = wanted, operations"),
    "the cart is folded in order of ids": (
        "arraySort(op -> (op.2, op.3), arrayFilter(op -> op.1 IN ('', wanted), operations",
        "arraySort(op -> (op.3, op.2), arrayFilter(op -> op.1 IN ('', wanted), operations",
    ),
    "another site's events count": ("WHERE site_id = {site_id:String} AND NOT bot", "WHERE NOT bot"),
    "the horizon is inclusive": ("op -> op.2 >= horizon", "op -> op.2 > horizon"),
    "the horizon is 7 days": ("every_visit[-1].2 - INTERVAL 8 DAY", "every_visit[-1].2 - INTERVAL 7 DAY"),
    "an entry needs no url": ("moment, url != '') AS entry", "moment, 1) AS entry"),
    "a device needs no environment": ("moment, environment != ''", "moment, os != ''"),
    "a page shows the item of any event": ("if(name = 'view_item', items[1], '')", "items[1]"),
    "a removal tells no category": ("'remove_from_cart', 'purchase')\n        GROUP", "'purchase')\n        GROUP"),
}  # fmt: skip


def test_planted_bugs_are_found(client: Client) -> None:
    rng = np.random.default_rng(0)
    crowd = random_world(rng, 4000, sites=BOTH, visitors=100, items=3, transactions=300)
    tables.set_events(client, arrivals(crowd, rng))
    rows = model.visitor_rows(crowd, currencies=CURRENCIES)
    wanted = {key: row for key, row in rows.items() if key[0] == "alpha"}
    assert tables.difference(tables.visitor_rows(client, "alpha"), wanted) == []
    missed = []
    for bug, (right, wrong) in PLANTED.items():
        assert tables.DEFINITION.count(right) == 1, f"{bug}: no longer fits the definition"
        got = tables.visitor_rows(client, "alpha", tables.DEFINITION.replace(right, wrong))
        if not tables.difference(got, wanted):
            missed.append(bug)
    assert not missed
