"""What saved segments cost the flow: the same week of traffic through the whole flow, log to ClickHouse, with more and more of them."""

from __future__ import annotations

import os
import random
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, Outcome
from benchmarks.flow import Watched, ran
from benchmarks.segments20 import SEGMENTS
from benchmarks.stack import store_in
from benchmarks.stopwatch import TimedLog
from benchmarks.traffic import DAY, SITE, traffic
from flows.live import live, run
from ingest.log.files import FileLog
from sql.segments import create_segment

EVENTS, VISITORS = 300_000, 30_000
PARTITIONS = 4
COUNTS = (0, 20, 200)
END = 1_795_000_000_000
"""Where the replayed week ends, epoch milliseconds."""

TOTALS = """
    SELECT sum(visits) AS visits, sum(pageviews) AS pageviews, sum(orders) AS orders, sum(revenue) AS revenue
    FROM visitors FINAL WHERE site_id = {site_id:String} AND member_id = person AND NOT gone
"""
TRANSITIONS = "SELECT count() AS found FROM transitions FINAL WHERE site_id = {site_id:String}"


def expressions(count: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Names and expressions of so many segments: the 20, and then some made of two of them and an amount, all different."""
    chance = random.Random(1)
    for number in range(count):
        if number < len(SEGMENTS):
            yield SEGMENTS[number].name, SEGMENTS[number].expression
        else:
            one, other = chance.sample(SEGMENTS, 2)
            views = {"field": "pageviews", "op": ">=", "value": number}
            together = {"any": [one.expression, other.expression]} if number % 2 else {"not": other.expression}
            yield f"segment {number}", {"all": [one.expression, together, {"not": views}]}


def measure(events: int = EVENTS, visitors: int = VISITORS) -> Outcome:
    """Events a second with each number of segments; a difference is a figure of the shop that depends on it."""
    figures, differences = [], []
    first: dict[str, int] = {}
    rate_without = 0.0
    for count in COUNTS:
        with tempfile.TemporaryDirectory(prefix="sonnim-bench-") as place, store_in(Path(place), END) as store:
            log = FileLog(Path(place) / "log", PARTITIONS)
            told = traffic(events, visitors, END)
            told.append_to(log)
            log.close()
            lines = len(told.lines)
            del told
            for name, expression in expressions(count):
                create_segment(store, SITE, name, expression, END - 8 * DAY)
            seconds, cpu = ran("benchmarks.catching_up", Path(place) / "log", Path(place) / "transitions", store.url)
            totals = store.rows_of(TOTALS, {"site_id": SITE})[0]
            found = store.rows_of(TRANSITIONS, {"site_id": SITE})[0]["found"]
        first, rate_without = first or totals, rate_without or lines / seconds
        peer = rate_without if count else None
        ratio = lines / seconds / rate_without if count else None
        figures.append(Figure(f"flow that catches up, {count} segments", lines / seconds, "events/s", peer, ratio))
        figures.append(Figure("  CPU of the process, an event", cpu / lines * 1e6, "us"))
        figures.append(Figure("  entries and exits", found, ""))
        if totals != first:
            differences.append(f"{count} segments: {totals}, but without any {first}")
    return Outcome(figures, differences)


def main(log_directory: Path, transitions_directory: Path, url: str) -> None:
    """Run the flow over a log until everything is committed; prints the seconds and those of CPU since its first read."""
    log = TimedLog(log_directory)
    store = Watched(url, log)
    store.ping()
    started = time.perf_counter()

    def clock() -> int:
        return END + int((time.perf_counter() - started) * 1000)

    def tell() -> None:
        store.done.wait()
        print(*log.since_first_read(), flush=True)
        os._exit(0)  # the flow itself never ends

    threading.Thread(target=tell, daemon=True).start()
    run(live(log, store, clock, transitions=FileLog(transitions_directory, log.partitions)))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
