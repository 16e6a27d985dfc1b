"""How soon a hook is called after an event was accepted: `python -m benchmarks.firing`.

The real stack, 20 saved segments, hooks for four of them, and shoppers who send 1,000 events a second over HTTP in batches of 20. Some of
them are probes: each enters a hooked segment once, at a known moment. The time runs from `POST /v1/events` being answered to the request
having arrived at the receiver, so it has the way over the socket and the receiver's own work in it, too: leaving is earlier. Beside it a
job that polls ClickHouse for the same segment (polling.py). Ends with 1 if a probe is missing or came twice, or if what the receiver got is
not what the table of transitions says.

`--throughput`: how many events a second the flow applies while it catches up, with 0, 20 and 200 saved segments.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks import catching_up
from benchmarks.deployed import SERVICES, Deployed
from benchmarks.figures import Figure, Outcome, machine, table
from benchmarks.receiver import Arrival, Receiver, receiver
from benchmarks.shoppers import PROBES_A_SECOND, Shoppers
from benchmarks.stack import ROOT
from benchmarks.traffic import SITE

RATE, SAVED, SECONDS = 1_000, 20, 60
WARM_UP_SECONDS = 12.0
SILENT_SECONDS = 5.0
PROBED = "two in the cart, no order today"
HOOKED = (PROBED, "loyal buyers", "a cart worth 50,000", "200,000 this week")

EFFECTIVE_SECONDS = 3.0
"""Definitions and hooks count from 2 s after they were saved."""

FIRED = """
    SELECT DISTINCT transition_id FROM transitions
    WHERE site_id = {site_id:String} AND fires AND type = 'entered' AND segment_id IN {segments:Array(String)}
"""


def main(arguments: list[str] | None = None) -> int:
    """Measure; 1 if something is not as it has to be."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.firing", description=__doc__)
    parser.add_argument("--rate", type=int, default=RATE, help="events a second")
    parser.add_argument("--segments", type=int, default=SAVED, help="saved segments, 4 of them hooked")
    parser.add_argument("--seconds", type=int, default=SECONDS, help="how long, after a warm-up")
    parser.add_argument("--no-peer", action="store_true", help="without the job that polls")
    parser.add_argument("--throughput", action="store_true", help="the flow alone, while it catches up")
    parser.add_argument("--events", type=int, default=catching_up.EVENTS, help="log lines of --throughput")
    parser.add_argument("--visitors", type=int, default=catching_up.VISITORS, help="visitors of --throughput")
    given = parser.parse_args(arguments)
    print(machine(), flush=True)
    if given.throughput:
        outcome = catching_up.measure(given.events, given.visitors)
    else:
        outcome = measure(given.rate, given.segments, given.seconds, with_peer=not given.no_peer)
    print(table(outcome.figures))
    for line in outcome.differences:
        print(f"WRONG: {line}", file=sys.stderr)
    return 1 if outcome.differences else 0


def measure(rate: int, segments: int, seconds: int, *, with_peer: bool = True) -> Outcome:
    """The figures of a run; a difference is what was lost, came twice, or came though nothing says so."""
    with tempfile.TemporaryDirectory(prefix="sonnim-bench-") as place, contextlib.ExitStack() as running:
        directory = Path(place)
        stack = running.enter_context(Deployed(directory, hooks_allowed_networks="127.0.0.0/8"))
        told = running.enter_context(receiver(directory))
        hooked = _save(stack, told, max(segments, len(HOOKED)))
        probed = hooked[0]
        time.sleep(EFFECTIVE_SECONDS)
        shoppers = Shoppers(stack.url, stack.write_key, rate, int(seconds * PROBES_A_SECOND * 1.2))
        shoppers.run(WARM_UP_SECONDS, probing=False)
        if with_peer:
            running.enter_context(_polling(stack, told))
            shoppers.run(2.0, probing=False)
        before, began = stack.cpu_seconds(), time.monotonic()
        shoppers.run(seconds, probing=True)
        ended, after = time.monotonic(), stack.cpu_seconds()
        told.wait_until_silent(SILENT_SECONDS)
        arrived = told.arrivals()
        fired = stack.store.rows_of(FIRED, {"site_id": SITE, "segments": hooked})
        expected = {row["transition_id"] for row in fired}
    hooks = [one for one in arrived if one.path == "/hook"]
    of_probe = {one.person_id: one.at for one in reversed(hooks) if one.segment_id == probed}
    polled = {one.person_id: one.at for one in reversed(arrived) if one.path == "/polled"}
    figures = []
    for name, prefix in (("visitors nobody knows", "visitor:"), ("members", "member:")):
        mine = {who: at for who, at in shoppers.answered.items() if who.startswith(prefix)}
        figures.append(Figure(f"probes, {name}", len(mine), ""))
        figures += _waits(mine, of_probe, polled)
    figures.append(Figure("events accepted", shoppers.rate(began, ended), "events/s"))
    for name in SERVICES:
        figures.append(Figure(f"  CPU of {name}", (after[name] - before[name]) / (ended - began), "cores"))
    again = sum(count - 1 for count in Counter(one.webhook_id for one in hooks).values())
    lost, unasked = expected - _ids(hooks), _ids(hooks) - expected
    figures.append(Figure("requests of hooks, other segments and shoppers too", len(hooks), ""))
    figures.append(Figure("  lost", len(lost), ""))
    figures.append(Figure("  twice", again, ""))
    missing = shoppers.answered.keys() - of_probe.keys()
    found = {
        f"{len(missing)} probes did not arrive": missing,
        f"{len(lost)} entries were not told": lost,
        f"{len(unasked)} entries were told that are not in the table": unasked,
        f"{again} requests came twice": again,
        f"{shoppers.refused} events were refused": shoppers.refused,
    }
    return Outcome(figures, [text for text, is_so in found.items() if is_so])


def _ids(arrivals: Sequence[Arrival]) -> set[str]:
    return {one.transition_id for one in arrivals}


def _waits(answered: dict[str, float], ours: dict[str, float], polled: dict[str, float]) -> Iterator[Figure]:
    """From the answer to the arrival, in milliseconds."""
    mine = _cuts([ours[who] - at for who, at in answered.items() if who in ours])
    other = _cuts([polled[who] - at for who, at in answered.items() if who in polled])
    for percent in (50, 90, 99):
        peer = other[percent - 1] * 1000 if other else None
        value = mine[percent - 1] * 1000 if mine else float("nan")
        yield Figure(f"  accepted to arrived, p{percent}", value, "ms", peer, peer / value if peer else None)


def _cuts(waits: list[float]) -> list[float]:
    return statistics.quantiles(waits, n=100) if len(waits) > 1 else []


def _save(stack: Deployed, told: Receiver, count: int) -> list[str]:
    """Save segments and a hook; ids of those it is for, the probed one first."""
    ids: dict[str, str] = {}
    with stack.api() as api:

        def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
            answer = api.post(path, json=body).raise_for_status().json()
            assert isinstance(answer, dict)
            return answer

        for name, expression in catching_up.expressions(count):
            ids[name] = post("/v1/segments", {"name": name, "expression": expression})["id"]
        hooked = [ids[name] for name in HOOKED]
        hook = {"url": f"http://127.0.0.1:{told.port}/hook", "events": ["segment.entered"], "segments": hooked}
        post("/v1/hooks", hook)
    return hooked


@contextlib.contextmanager
def _polling(stack: Deployed, told: Receiver) -> Iterator[None]:
    """The job that polls, while this is open."""
    command = [sys.executable, "-m", "benchmarks.polling", stack.store.url, f"http://127.0.0.1:{told.port}/polled"]
    job = subprocess.Popen(command, cwd=ROOT)
    try:
        yield
    finally:
        job.kill()
        job.wait()


if __name__ == "__main__":
    sys.exit(main())
