"""How the Live page keeps up: `python -m benchmarks.pages` (`--minutes 30` for its memory over half an hour).

The real stack and a real Chromium on this machine. First a quiet shop: one visitor after the other opens a page of it, and the time runs
from `POST /v1/events` being answered until the visitor stands in the Live page. Then 5,000 people in Live and 200 events a second: times
between frames of the Live page, beside those of an empty page in the same browser under the same load; and every half minute the
page's memory, nodes and listeners after a collection, and the memory of the api process. Ends with 1 if a visitor was not shown, or if
in the last third the page holds more than in the first (by more than a quarter).
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import CDPSession, Page, sync_playwright

from api.accounts.passwords import keep
from benchmarks.deployed import Deployed, now
from benchmarks.figures import Figure, Outcome, machine, table
from benchmarks.shoppers import Shoppers
from benchmarks.traffic import SITE
from sql.users import add_user, set_role
from tests.browser import prepare

PEOPLE, RATE, MINUTES = 5_000, 200.0, 2.0
PROBES, PROBE_EVERY_SECONDS = 20, 2.0
SETTLE_SECONDS, FRAMES_SECONDS, SAMPLE_SECONDS = 20.0, 30.0, 30.0
MORE_THAN = 1.25
PASSWORD = uuid.uuid4().hex

FRAMES = """
(seconds) => new Promise((done) => {
  const gaps = [], until = performance.now() + seconds * 1000;
  let last = performance.now();
  requestAnimationFrame(function next(at) {
    gaps.push(at - last);
    last = at;
    at < until ? requestAnimationFrame(next) : done(gaps.slice(1));
  });
})
"""
SHOWN = '(id) => document.querySelector(`[data-person="visitor:${id}"]`) !== null'


@dataclass(frozen=True)
class Held:
    """What the page and the api process hold, in MB, after a collection."""

    heap: float
    nodes: float
    listeners: float
    api: float


def main(arguments: list[str] | None = None) -> int:
    """Measure; 1 if something is not as it has to be."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pages", description=__doc__)
    parser.add_argument("--minutes", type=float, default=MINUTES, help="how long memory is watched")
    parser.add_argument("--people", type=int, default=PEOPLE, help="people in Live")
    parser.add_argument("--rate", type=float, default=RATE, help="events a second")
    given = parser.parse_args(arguments)
    print(machine(), flush=True)
    outcome = measure(given.minutes, given.people, given.rate)
    print(table(outcome.figures))
    for line in outcome.differences:
        print(f"WRONG: {line}", file=sys.stderr)
    return 1 if outcome.differences else 0


def measure(minutes: float, people: int, rate: float) -> Outcome:
    """The figures of a run."""
    with (
        tempfile.TemporaryDirectory(prefix="sonnim-bench-") as place,
        sync_playwright() as playwright,
        Deployed(Path(place)) as stack,
    ):
        browser = playwright.chromium.launch(
            executable_path=prepare.executable(), args=["--no-sandbox", "--disable-background-networking"]
        )
        page = _signed_in(stack, browser.new_page(viewport={"width": 1280, "height": 900}))
        waits = _probes(stack, page)
        _come(stack, people)
        shoppers = Shoppers(stack.url, stack.write_key, rate, 0, crowd=people)
        seconds = SETTLE_SECONDS + 2 * FRAMES_SECONDS + 60 * minutes + 30
        sending = threading.Thread(target=shoppers.run, args=(seconds,), kwargs={"probing": False})
        began = time.monotonic()
        sending.start()
        page.wait_for_timeout(SETTLE_SECONDS * 1000)
        frames = page.evaluate(FRAMES, FRAMES_SECONDS)
        empty = browser.new_page()
        empty.goto("about:blank")
        bare = empty.evaluate(FRAMES, FRAMES_SECONDS)
        empty.close()
        held = _watch(stack, page, 60 * minutes)
        ended = time.monotonic()
        shown = page.locator("[data-person]").count()
        browser.close()
        sending.join()
    figures = [
        *_times("from a visitor's event to the Live page", waits, "ms"),
        Figure("people in Live", people, ""),
        Figure("  people on the page", shown, ""),
        Figure("events accepted", shoppers.rate(began, ended), "events/s"),
        *_frames(frames, bare),
        *_memory(held),
    ]
    found = {
        f"{PROBES - len(waits)} visitors were not shown": len(waits) < PROBES,
        "nobody stands on the page": shown == 0,
        f"{shoppers.refused} events were refused": shoppers.refused > 0,
        **{
            f"{name} grew from {first:.1f} to {last:.1f}": last > MORE_THAN * first
            for name, first, last in _thirds(held)
        },
    }
    return Outcome(figures, [text for text, is_so in found.items() if is_so])


def _signed_in(stack: Deployed, page: Page) -> Page:
    user = add_user(stack.store, "bench@shop.example", "", "ko", keep(PASSWORD), now())
    set_role(stack.store, user.user_id, SITE, "viewer", now())
    page.goto(f"{stack.url}/login")
    page.locator("[name=email]").fill("bench@shop.example")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[type=submit]").click()
    page.wait_for_selector(".counts")
    return page


def _probes(stack: Deployed, page: Page) -> list[float]:
    """Milliseconds until each visitor who came stood in the page; who did not come within 10 s is left out."""
    waits = []
    for number in range(PROBES):
        page.wait_for_timeout(PROBE_EVERY_SECONDS * 1000 * (0.5 + number % 5 / 5))
        who = f"probe-{uuid.uuid4().hex[:8]}"
        _send(stack, [_came(who)])
        began = time.monotonic()
        while not page.evaluate(SHOWN, who) and time.monotonic() - began < 10:
            page.wait_for_timeout(10)
        if page.evaluate(SHOWN, who):
            waits.append(1000 * (time.monotonic() - began))
    return waits


def _come(stack: Deployed, people: int) -> None:
    for first in range(0, people, 200):
        _send(stack, [_came(f"shopper-{number}") for number in range(first, min(people, first + 200))])


def _came(who: str) -> dict[str, Any]:
    page = {"url": "https://www.shop.example/", "title": "쇼핑몰"}
    return {"event_id": uuid.uuid4().hex, "visitor_id": who, "name": "page_view", "occurred_at": now(), "page": page}


def _send(stack: Deployed, events: list[dict[str, Any]]) -> None:
    headers = {"Authorization": f"Bearer {stack.write_key}"}
    httpx.post(f"{stack.url}/v1/events", headers=headers, json=events, timeout=60).raise_for_status()


def _watch(stack: Deployed, page: Page, seconds: float) -> list[Held]:
    cdp = page.context.new_cdp_session(page)
    cdp.send("Performance.enable")
    cdp.send("HeapProfiler.enable")
    held: list[Held] = []
    until = time.monotonic() + seconds
    while time.monotonic() < until or len(held) < 3:
        page.wait_for_timeout(min(SAMPLE_SECONDS, seconds / 6) * 1000)
        held.append(_held(stack, cdp))
        print(f"  {held[-1]}", flush=True)
    return held


def _held(stack: Deployed, cdp: CDPSession) -> Held:
    cdp.send("HeapProfiler.collectGarbage")
    told = {one["name"]: one["value"] for one in cdp.send("Performance.getMetrics")["metrics"]}
    return Held(told["JSHeapUsedSize"] / 1e6, told["Nodes"], told["JSEventListeners"], stack.memory_mb()["api"])


def _times(name: str, values: Sequence[float], unit: str) -> list[Figure]:
    if not values:
        return []
    steps = statistics.quantiles(values, n=100, method="inclusive")
    told = {"p50": steps[49], "p90": steps[89], "most": max(values)}
    return [Figure(f"{name}, {which}", value, unit) for which, value in told.items()]


def _frames(ours: Sequence[float], bare: Sequence[float]) -> list[Figure]:
    """Times between frames, beside an empty page's."""
    one, other = (statistics.quantiles(gaps, n=1000, method="inclusive") for gaps in (ours, bare))
    figures = [
        Figure(f"between frames, {name}", one[at], "ms", other[at], other[at] / one[at])
        for name, at in (("p50", 499), ("p95", 949), ("p99", 989))
    ]
    figures.append(Figure("between frames, most", max(ours), "ms", max(bare), max(bare) / max(ours)))
    late = [sum(gap for gap in gaps if gap > 50) / sum(gaps) * 100 for gaps in (ours, bare)]
    figures.append(Figure("  share of the time in gaps over 50 ms", late[0], "%", late[1]))
    return figures


def _memory(held: Sequence[Held]) -> list[Figure]:
    return [
        figure
        for name, first, last in _thirds(held)
        for figure in (Figure(f"{name}, first third", first, ""), Figure(f"{name}, last third", last, ""))
    ]


def _thirds(held: Sequence[Held]) -> list[tuple[str, float, float]]:
    """The least of the first and of the last third: what is let go of between two samples comes and goes with the machine's load."""
    count = max(1, len(held) // 3)
    names = {
        "heap": "page's heap (MB)",
        "nodes": "page's nodes",
        "listeners": "page's listeners",
        "api": "api's memory (MB)",
    }
    found = []
    for name, told in names.items():
        first, last = (min(getattr(one, name) for one in part) for part in (held[:count], held[-count:]))
        found.append((told, first, last))
    return found


if __name__ == "__main__":
    sys.exit(main())
