"""Laws 1 and 3 on the engine: any arrival order, batching and duplication of the same events gives the model's rows."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.laws.events import CURRENCIES, arrivals, random_world, worlds
from tests.laws.machine import Machine, differences
from tests.laws.model import visitor_rows


def play(events: list[dict], seed: int, partitions: int, most: int, crash: float = 0.0) -> Machine:
    """Send events in some arrival order, read in steps of up to `most`, flush now and then, crash with probability `crash`."""
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
