"""Laws 1 and 3 on the engine: any arrival order, batching and duplication of the same events gives the model's rows, of stints and
of people, and people add up to what the events say."""

import json
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.laws.events import CURRENCIES, MEMBERS, Event, arrivals, random_world, worlds
from tests.laws.machine import IGNORED, OF_TIES, Machine, differences
from tests.laws.model import GAP, distinct, orders, stints, visitor_rows
from tests.laws.people import people_rows

AGES = 10**6 * 86_400_000  # so late that everyone is forgotten


def play(
    events: list[Event], seed: int, partitions: int, most: int, crash: float = 0.0, forget: float = 0.0
) -> Machine:
    """Send events in some arrival order, read in steps of up to `most`, flush now and then.

    With probability `crash` a partition dies in the middle of a flush; with probability `forget` it forgets its visitors and members.
    """
    rng = np.random.default_rng(seed)
    machine = Machine(CURRENCIES, partitions)
    machine.now = max((e["received_at"] for e in events), default=0)
    for event in arrivals(events, rng):
        machine.send(event)
        if rng.random() < 0.3:
            number = int(rng.integers(partitions))
            machine.step(number, int(rng.integers(1, most + 1)))
            if rng.random() < 0.5:
                machine.hand_over(number)
            if rng.random() < crash:  # in the middle of a flush, or before one
                upto, told = int(rng.integers(0, 7)), int(rng.integers(0, 3))
                machine.flush(number, upto, told if rng.random() < 0.3 else None)
                machine.crash(number)
            elif rng.random() < 0.5:
                machine.flush(number)
                if rng.random() < forget:
                    machine.partitions[number].shard.evict(machine.now + AGES)
                    machine.partitions[number].people.evict(machine.now + AGES, machine.now + AGES)
    machine.drain(most)
    return machine


def check(events: list[Event], machine: Machine) -> None:
    found = differences(machine.rows(), visitor_rows(events, currencies=CURRENCIES))
    found += differences(machine.people(), people_rows(events, currencies=CURRENCIES), IGNORED | OF_TIES)
    assert not found, "\n".join(found)
    told = [*machine.rows().values(), *machine.people().values()]
    assert added_up(row for row in told if row["member_id"] == row["person"]) == counted(events)


def added_up(rows: Any) -> Counter[str]:
    """Totals of rows."""
    totals: Counter[str] = Counter()
    for row in rows:
        for name in ("visits", "pageviews", "cart_adds", "orders", "units", "revenue"):
            totals[name] += row[name]
    return totals


def counted(events: list[Event]) -> Counter[str]:
    """The same of raw events, without rows: a visit is counted where it begins, which is after a gap and where a stint begins."""
    totals: Counter[str] = Counter(dict.fromkeys(("visits", "pageviews", "cart_adds", "orders", "units", "revenue"), 0))
    by_visitor: dict[tuple[str, str], list[Event]] = {}
    for event in distinct(events):
        by_visitor.setdefault((event["site_id"], event["visitor_id"]), []).append(event)
        totals["pageviews"] += event["pageview"]
        totals["cart_adds"] += event["name"] == "add_to_cart"
    for own in by_visitor.values():
        times, begins = [event["occurred_at"] for event in own], [stint["start"] for stint in stints(own)]
        for before, at in zip([-GAP - 1, *times], times, strict=False):
            totals["visits"] += at - before > GAP or any(before < begin <= at for begin in begins)
    for order in orders(distinct(events), currencies=CURRENCIES):
        if order["counted"]:
            totals["orders"] += 1
            totals["units"] += order["units"]
            totals["revenue"] += order["revenue"]
    return totals


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(worlds(sites=("alpha", "beta")), st.integers(0, 2**32), st.integers(1, 3), st.integers(1, 8))
def test_rows_depend_on_the_set_of_events_only(events, seed, partitions, most):
    check(events, play(events, seed, partitions, most))


@pytest.mark.parametrize("seed", range(3))
def test_larger_worlds_too(seed):
    rng = np.random.default_rng(seed)
    members = ((), MEMBERS, [f"m{i}" for i in range(12)])[seed % 3]
    events = random_world(rng, 400, sites=("alpha", "beta"), visitors=8, items=5, transactions=12, members=members)
    check(events, play(events, seed, 3, 40))


@pytest.mark.parametrize("seed", range(3))
def test_crashes_at_any_step_change_nothing(seed):
    rng = np.random.default_rng(100 + seed)
    events = random_world(rng, 300, visitors=6, items=5, transactions=10)
    check(events, play(events, seed, 3, 20, crash=0.4))


@pytest.mark.parametrize("seed", range(2))
def test_forgotten_visitors_come_back_as_they_were(seed):
    rng = np.random.default_rng(200 + seed)
    events = random_world(rng, 300, visitors=12, items=5, transactions=10)
    check(events, play(events, seed, 2, 20, forget=0.5))


@pytest.mark.parametrize("seed", range(2))
def test_events_older_than_the_horizon_are_kept_as_rejected(seed):
    """Without a lateness limit the rows no longer depend on the set alone, but nothing is lost: accepted + rejected = sent."""
    rng = np.random.default_rng(300 + seed)
    events = [e for e in random_world(rng, 200, visitors=3, days=[0, 0, 9, 20, 40]) if not e["bot"]]
    machine = Machine(CURRENCIES, 2)
    for event in arrivals(events, rng, repeats=0, lateness=40 * 86_400_000):
        machine.send(event)
    machine.drain(15)
    kept = {(r["visitor_id"], r["event_id"]) for r in machine.store.rows("events")}
    refused = machine.store.rows("rejected_events")
    assert refused
    assert {r["reason"] for r in refused} == {"older_than_horizon"}
    assert len(kept) == len(machine.store.rows("events"))
    refused_ids = {(json.loads(r["event"])["visitor_id"], json.loads(r["event"])["event_id"]) for r in refused}
    assert kept | refused_ids == {(e["visitor_id"], e["event_id"]) for e in events}
    assert not kept & refused_ids
