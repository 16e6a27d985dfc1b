"""Laws 1 and 3 on the engine: any arrival order, batching and duplication of the same events gives the model's rows."""

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.laws.events import CURRENCIES, arrivals, random_world, worlds
from tests.laws.machine import Machine, differences
from tests.laws.model import visitor_rows

AGES = 10**6 * 86_400_000  # so late that everyone is forgotten


def play(events: list[dict], seed: int, partitions: int, most: int, crash: float = 0.0, forget: float = 0.0) -> Machine:
    """Send events in some arrival order, read in steps of up to `most`, flush now and then.

    With probability `crash` a partition dies in the middle of a flush; with probability `forget` it forgets its visitors.
    """
    rng = np.random.default_rng(seed)
    machine = Machine(CURRENCIES, partitions)
    machine.now = max((e["received_at"] for e in events), default=0)
    for event in arrivals(events, rng):
        machine.send(event)
        if rng.random() < 0.3:
            number = int(rng.integers(partitions))
            machine.step(number, int(rng.integers(1, most + 1)))
            if rng.random() < crash:  # in the middle of a flush, or before one
                machine.flush(number, upto=int(rng.integers(0, 7)))
                machine.crash(number)
            elif rng.random() < 0.5:
                machine.flush(number)
                if rng.random() < forget:
                    machine.partitions[number].shard.evict(machine.now + AGES)
    machine.drain(most)
    return machine


def check(events: list[dict], machine: Machine) -> None:
    model = visitor_rows(events, currencies=CURRENCIES)
    found = differences(machine.rows(), model)
    assert not found, "\n".join(found)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(worlds(sites=("alpha", "beta")), st.integers(0, 2**32), st.integers(1, 3), st.integers(1, 8))
def test_rows_depend_on_the_set_of_events_only(events, seed, partitions, most):
    check(events, play(events, seed, partitions, most))


@pytest.mark.parametrize("seed", range(6))
def test_larger_worlds_too(seed):
    rng = np.random.default_rng(seed)
    events = random_world(rng, 400, sites=("alpha", "beta"), visitors=8, items=5, transactions=12)
    check(events, play(events, seed, 3, 40))


@pytest.mark.parametrize("seed", range(6))
def test_crashes_at_any_step_change_nothing(seed):
    rng = np.random.default_rng(100 + seed)
    events = random_world(rng, 300, visitors=6, items=5, transactions=10)
    check(events, play(events, seed, 3, 20, crash=0.4))


@pytest.mark.parametrize("seed", range(4))
def test_forgotten_visitors_come_back_as_they_were(seed):
    rng = np.random.default_rng(200 + seed)
    events = random_world(rng, 300, visitors=12, items=5, transactions=10)
    check(events, play(events, seed, 2, 20, forget=0.5))


@pytest.mark.parametrize("seed", range(3))
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
