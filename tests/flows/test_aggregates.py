"""Rollups and per-minute activity, against counts made the plain way; also after crashes."""

from collections import Counter

import numpy as np
import pytest

from flows.rollups import rollups_of
from flows.visitors.limits import ONLINE, WINDOWS
from tests.laws.events import CURRENCIES, arrivals, random_world
from tests.laws.machine import Machine, plain
from tests.laws.model import report
from tests.laws.people import people


def played(seed: int) -> tuple[list[dict], Machine]:
    rng = np.random.default_rng(seed)
    events = random_world(rng, 250, sites=("alpha", "beta"), visitors=8, items=5, transactions=10)
    machine = Machine(CURRENCIES, 3)
    machine.now = max(e["occurred_at"] for e in events)
    for event in arrivals(events, rng):
        machine.send(event)
        number = int(rng.integers(3))
        if rng.random() < 0.3:
            machine.step(number, 12)
            if rng.random() < 0.5:
                machine.flush(number, upto=int(rng.integers(0, 7)))
                machine.crash(number)
            else:
                machine.flush(number)
    machine.drain(25)
    return events, machine


@pytest.mark.parametrize("seed", range(2))
def test_rollups_are_the_sites_report(seed):
    events, machine = played(seed)
    for now in (machine.now, machine.now + ONLINE + 1, machine.now + 30 * 3_600_000):
        parts = [
            rollups_of(p.shard, p.people, i, 3, now, ["alpha", "beta", "new"]).to_pylist()
            for i, p in enumerate(machine.partitions)
        ]
        assert {len(part) for part in parts} == {6}, "each shard tells of each site and window"
        sums: dict[tuple[str, str], Counter] = {}
        for row in [row for part in parts for row in part]:
            numbers = {k: v for k, v in row.items() if k not in ("site_id", "window", "at", "shard", "shards")}
            sums.setdefault((row["site_id"], row["window"]), Counter()).update(numbers)
        for site in ("alpha", "beta"):
            rows = {k: r for k, r in people(events, currencies=CURRENCIES).items() if k[0] == site}
            for window, span in WINDOWS.items():
                told = report(rows.values(), now, span, lambda row: True)
                ours = sums[site, window]
                for name in ("visitors", "visits", "pageviews", "orders", "units", "revenue"):
                    assert ours[name] == told[name], (site, window, name)
                online = sum(row["last_seen"] >= now - ONLINE for row in rows.values())
                assert ours["online"] == online
        assert not any(sums["new", window].total() for window in WINDOWS)


@pytest.mark.parametrize("seed", range(2))
def test_activity_counts_every_accepted_event_once_whatever_crashes(seed):
    events, machine = played(seed)
    told: Counter = Counter()
    units: Counter = Counter()
    for commit in map(plain, machine.store.rows("commits")):
        columns = (commit[f"activity_{c}"] for c in ("site", "minute", "by", "value", "events", "units"))
        for site, minute, by, value, count, quantity in zip(*columns, strict=True):
            told[site, minute, by, value] += count
            units[site, minute, by, value] += quantity
    expected: Counter = Counter()
    products: Counter = Counter()
    for event in events:
        if event["bot"]:
            continue
        at = event["occurred_at"] // 60_000 * 60_000
        expected[event["site_id"], at, "event", event["name"]] += 1
        if event.get("environment"):
            expected[event["site_id"], at, "environment", event["environment"]] += 1
        if source := event.get("utm_source") or event.get("channel"):
            expected[event["site_id"], at, "source", source] += 1
        for line in event.get("items", []):
            expected[event["site_id"], at, "product", line["item_id"]] += 1
            products[event["site_id"], at, "product", line["item_id"]] += line["quantity"]
    assert told == expected
    assert +units == +products
