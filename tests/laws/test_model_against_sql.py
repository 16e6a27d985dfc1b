"""Two definitions of a row, written apart, agree: `model.py` and `sql/queries/visitor_rows.sql` for stints, `people.py` and
`people_rows.sql` for people."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from clickhouse_connect.driver.client import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.laws import events as worlds
from tests.laws import model, people, tables
from tests.laws.events import CURRENCIES, Event, arrivals, random_world

BOTH = tuple(CURRENCIES)


@pytest.fixture
def client(clickhouse_url: str, database: str) -> Iterator[Client]:
    with tables.migrated(clickhouse_url, database) as client:
        tables.set_currencies(client, CURRENCIES)
        yield client


def differences(client: Client, events: list[Event]) -> list[Any]:
    """Where the rows that the definitions make of table `events` differ from the model's of these events."""
    client.command("TRUNCATE TABLE visitors")
    stints: dict[Any, model.Row] = {}
    members: dict[Any, model.Row] = {}
    for site in BOTH:
        tables.set_visitors(client, site)
        stints |= tables.stored_stints(client, site)
        members |= tables.stored_people(client, site)
    found = tables.difference(stints, model.visitor_rows(events, currencies=CURRENCIES))
    return found + tables.difference(members, people.people_rows(events, currencies=CURRENCIES))


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(world=worlds.worlds(sites=BOTH, max_size=30), seed=st.integers(0, 2**32 - 1))
def test_both_definitions_agree_on_small_worlds(client: Client, world: list[Event], seed: int) -> None:
    tables.set_events(client, arrivals(world, np.random.default_rng(seed)))
    assert differences(client, world) == []


@pytest.mark.parametrize("seed", range(3))
def test_both_definitions_agree_on_crowds(client: Client, seed: int) -> None:
    rng = np.random.default_rng(seed)
    members = [f"m{i}" for i in range(1 + 15 * seed)]
    crowd = random_world(
        rng,
        2500,
        sites=BOTH,
        visitors=60 + 60 * seed,
        items=4 + 3 * seed,
        transactions=40 + 100 * seed,
        members=members,
    )
    tables.set_events(client, arrivals(crowd, rng))
    assert differences(client, crowd) == []


def test_both_definitions_forget_after_60_days(client: Client) -> None:
    rng = np.random.default_rng(60)
    days, members = [0, 1, 9, 40, 60, 61, 69], [f"m{i}" for i in range(25)]
    crowd = random_world(rng, 1500, sites=BOTH, visitors=100, items=4, transactions=60, days=days, members=members)
    tables.set_events(client, crowd)
    assert differences(client, crowd) == []


def test_definitions_have_the_columns_of_the_table_in_their_order(client: Client) -> None:
    login = random_world(np.random.default_rng(0), 1)[0] | {"bot": False, "name": "identify", "member_id": "m1"}
    tables.set_events(client, [login])  # a result without rows has no columns
    tables.set_visitors(client, login["site_id"])
    for definition, without in ((tables.DEFINITION, tables.OF_MEMBERS), (tables.PEOPLE, tables.TIES)):
        columns = tables.columns(client, tables.KEPT_BY_SHARDS | without)
        assert list(client.query(definition, parameters={"site_id": login["site_id"]}).column_names) == columns


PLANTED = {
    "a visit ends after exactly 30 minutes": ("> before + INTERVAL 30 MINUTE", ">= before + INTERVAL 30 MINUTE"),
    "bots count": ("AND NOT bot", ""),
    "repeats count": ("LIMIT 1 BY visitor_id, event_id", ""),
    "another currency is revenue": ("counted AND told_currency IN ('', site_currency)", "counted"),
    "the last copy owns the order": ("argMin((visitor_id, stint_start), moment) AS owner",
        "argMax((visitor_id, stint_start), moment) AS owner",
),
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
    "a logout with a member id is a login": ("name != 'logout' AND member_id != '' AS login", "member_id != '' AS login"),
    "logouts outrank logins": ("(occurred_at, login, event_id, logs_in)", "(occurred_at, NOT login, event_id, logs_in)"),
    "of two logins at once the greater member counts": (
        "(occurred_at, login, event_id, logs_in)",
        "(occurred_at, login, logs_in, logs_in)",
    ),
    "a login does not reach back": (
        "arrayPushBack(arrayPopBack(cut), (cut[-1].1, tie.4, cut[-1].3))",
        "arrayPushBack(cut, (tie.1, tie.4, false))",
    ),
    "a logout is nobody's already": ("(tie.1 + INTERVAL 1 MILLISECOND, '', true)", "(tie.1, '', true)"),
    "a logout is not heard": ("(tie.1 + INTERVAL 1 MILLISECOND, '', true)", "(tie.1 + INTERVAL 9 DAY, '', true)"),
    "the same member again is somebody else": ("length(cut) > 1 AND cut[-2].2 = tie.4", "false"),
    "two members are one": ("cut[-1].2 = tie.4, cut", "cut[-1].2 != '' AND tie.4 != '', cut"),
    "another member's login ends with a logout": ("if(following.3, following.1, never)", "following.1"),
    "the horizon is inclusive": ("op -> op.2 >= horizon", "op -> op.2 > horizon"),
    "the horizon is 7 days": ("every_visit[-1].2 - INTERVAL 8 DAY", "every_visit[-1].2 - INTERVAL 7 DAY"),
    "an entry needs no url": ("moment, url != '') AS entry", "moment, 1) AS entry"),
    "a device needs no environment": ("moment, environment != ''", "moment, os != ''"),
    "a page shows the item of any event": ("if(name = 'view_item', items[1], '')", "items[1]"),
    "a removal tells no category": ("'remove_from_cart', 'purchase')\n        GROUP", "'purchase')\n        GROUP"),
}  # fmt: skip


OF_PEOPLE = {
    "nobody is a member": ("AND member_id != '' AND NOT gone", "AND NOT gone"),
    "what is gone counts": ("AND NOT gone", ""),
    "the first part decides the device": ("argMax((environment", "argMin((environment"),
    "the part with the least id is the first": ("(p.first_seen, part)) AS first", "part) AS first"),
    "stay is of one device": ("sum(p.stay_ms)", "max(p.stay_ms)"),
    "visits stand in order of their start": ("end, start, part, pageviews", "start, end, part, pageviews"),
    "orders stand in order of their ids": ("arraySort(arrayFlatten", "arraySort(o -> o.2, arrayFlatten"),
    "products are those of one part": ("sum(views) AS views", "max(views) AS views"),
    "the first category told counts": ("max(if(category_at = 0", "min(if(category_at = 0"),
    "an order tells no category": ("if(told.2 = '', b.category, told.2)", "told.2"),
    "searches are remembered for ever": ("WHERE at >= last_seen - INTERVAL 60 DAY", ""),
    "products are remembered for ever": ("WHERE b.item != '' OR greatest(told.1", "WHERE true OR greatest(told.1"),
    "bought ones are forgotten": ("b.item != '' OR greatest", "greatest"),
    "a purchase empties its own device's cart": ("op.1 IN ('', wanted), op)", "op.1 = wanted, op)"),
    "the cart is folded part by part": ("op -> (op.2, op.3, op.4)", "op -> (op.4, op.2, op.3)"),
    "lines are of the first order": ("indexOf(owned.2, line.2) - 1", "0"),
}  # fmt: skip


def test_planted_bugs_are_found(client: Client) -> None:
    rng = np.random.default_rng(5)
    crowd = random_world(rng, 3000, sites=BOTH, visitors=36, items=3, transactions=180)
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


def test_planted_bugs_of_people_are_found(client: Client) -> None:
    rng = np.random.default_rng(3)
    days, members = [0, 0, 1, 9, 40, 61, 69], [f"m{i}" for i in range(12)]
    crowd = random_world(rng, 3000, visitors=80, items=30, transactions=200, days=days, members=members)
    tables.set_events(client, crowd)
    assert differences(client, crowd) == []
    columns = ", ".join(tables.columns(client, tables.KEPT_BY_SHARDS))
    gone = columns.replace("visitor_id", "visitor_id || 'x'").replace("gone", "true")
    client.command(f"INSERT INTO visitors ({columns}) SELECT {gone} FROM visitors FINAL WHERE person = ''")
    wanted = people.people_rows(crowd, currencies=CURRENCIES)
    assert tables.difference(tables.people_rows(client, "alpha"), wanted) == []
    missed = []
    for bug, (right, wrong) in OF_PEOPLE.items():
        assert tables.PEOPLE.count(right) == 1, f"{bug}: no longer fits the definition"
        got = tables.people_rows(client, "alpha", tables.PEOPLE.replace(right, wrong))
        if not tables.difference(got, wanted):
            missed.append(bug)
    assert not missed
