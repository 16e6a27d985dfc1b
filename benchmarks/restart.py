"""A restart: the flow is killed with a store full of visitors; how long until a new event shows in a visitor's row.

The state is not made up: the deployed flow (`sonnim flow`, a process) applies a log of 8 events a visitor, orders and refunds among
them, until its commits cover the log. Then, as often as `RUNS`, it is killed with SIGKILL, one event of a visitor it knows is
appended, and it is started again. Time runs from the start of the process, so Python's imports are in it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import orjson

from benchmarks.figures import Figure, Outcome
from benchmarks.stack import ROOT, store_in
from benchmarks.traffic import SITE, traffic
from flows.writer import partition_of
from ingest.log.files import FileLog
from sql.store import Store

EVENTS_A_VISITOR = 8
RUNS = 3
VISITORS_AT_ONCE = 125_000
"""Visitors whose traffic is made at once: it is held in memory until it is in the log."""

LOOK_SECONDS = 0.05
LONGEST_SECONDS = 3_600.0

COMMITTED = "SELECT partition, max(to_offset) AS upto FROM commits GROUP BY partition"
OPENED = """
    SELECT count(DISTINCT partition) AS opened FROM commits WHERE at >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')
"""
SOMEONE = """
    SELECT visitor_id, pageviews FROM visitors FINAL
    WHERE site_id = {site_id:String} ORDER BY visitor_id LIMIT 1 OFFSET {skip:UInt32}
"""
PAGEVIEWS = "SELECT pageviews FROM visitors FINAL WHERE site_id = {site_id:String} AND visitor_id = {visitor_id:String}"
ON_DISK = """
    SELECT table, sum(rows) AS n, sum(data_compressed_bytes) AS bytes, sum(data_uncompressed_bytes) AS plain
    FROM system.parts
    WHERE active AND database = currentDatabase() AND table IN ('events', 'visitors')
    GROUP BY table
"""


@dataclass(frozen=True)
class Restart:
    """Seconds from the start of the process, and its memory in bytes when the event was seen."""

    opened: float  # until every partition has committed again
    visible: float
    memory: int


def measure(visitors: int, partitions: int) -> Outcome:
    """Restart with the state of so many visitors; a difference is a row that does not count the new event once."""
    with tempfile.TemporaryDirectory(prefix="sonnim-bench-") as place, store_in(Path(place), _now()) as store:
        directory = Path(place)
        log = FileLog(directory / "log", partitions)
        events, size = _fill(log, visitors, _now())
        began = time.perf_counter()
        with _flow(directory, store, partitions):
            _until(lambda: _covered(store, log))
        filled = time.perf_counter() - began
        kept = {row["table"]: row for row in store.rows_of(ON_DISK)}
        restarts, differences = [], []
        for run in range(RUNS):
            someone = store.rows_of(SOMEONE, {"site_id": SITE, "skip": 17 * run + 5})[0]
            restart, pageviews = _restart(directory, store, log, someone)
            restarts.append(restart)
            if pageviews != someone["pageviews"] + 1:
                differences.append(
                    f"{someone['visitor_id']}: {someone['pageviews']} pageviews and one more are {pageviews}"
                )
            _until(lambda: _covered(store, log))
        log.close()
    people, raw = kept["visitors"]["n"], kept["events"]["n"]
    figures = [
        Figure("restart until the new event shows", median(r.visible for r in restarts), "s"),
        Figure("  slowest of the runs", max(r.visible for r in restarts), "s"),
        Figure("  until every partition is open", median(r.opened for r in restarts), "s"),
        Figure("  visitors", visitors, ""),
        Figure("  events", events, ""),
        Figure("  partitions", partitions, ""),
        Figure("  memory of the flow then", max(r.memory for r in restarts) / (1 << 20), "MiB"),
        Figure("  first run over the whole log", filled, "s"),
        Figure("  log, bytes an event", size / events, "bytes"),
        Figure("  visitors on disk, bytes a row", kept["visitors"]["bytes"] / people, "bytes"),
        Figure("  visitors uncompressed, bytes a row", kept["visitors"]["plain"] / people, "bytes"),
        Figure("  events on disk, bytes a row", kept["events"]["bytes"] / raw, "bytes"),
        Figure("  events uncompressed, bytes a row", kept["events"]["plain"] / raw, "bytes"),
    ]
    return Outcome(figures, differences)


def _fill(log: FileLog, visitors: int, end: int) -> tuple[int, int]:
    """Events and bytes written."""
    events = size = 0
    for seed, first in enumerate(range(0, visitors, VISITORS_AT_ONCE), 1):
        count = min(VISITORS_AT_ONCE, visitors - first)
        told = traffic(count * EVENTS_A_VISITOR, count, end, seed)
        told.append_to(log)
        events, size = events + len(told.lines), size + sum(map(len, told.lines))
    return events, size


def _restart(directory: Path, store: Store, log: FileLog, someone: dict[str, Any]) -> tuple[Restart, int]:
    """Start the flow with one more event of someone in the log; what it took, and the pageviews it came to."""
    at = _now()
    event = {
        "site_id": SITE, "visitor_id": someone["visitor_id"], "event_id": f"after-the-restart-{at}", "name": "page_view",
        "server": False, "pageview": True, "url": "https://www.shop.example/", "title": "again", "received_at": at, "occurred_at": at,
        "bot": False,
    }  # fmt: skip
    log.append([(partition_of(f"{SITE}/{someone['visitor_id']}", log.partitions), orjson.dumps(event))])
    bound = {"site_id": SITE, "visitor_id": someone["visitor_id"]}
    opened = visible = 0.0
    began, since = time.perf_counter(), _now()
    with _flow(directory, store, log.partitions) as flow:
        while not (opened and visible):
            _alive(flow)
            if not visible and (pageviews := store.rows_of(PAGEVIEWS, bound)[0]["pageviews"]) != someone["pageviews"]:
                visible = time.perf_counter() - began
            if not opened and store.rows_of(OPENED, {"since": since})[0]["opened"] == log.partitions:
                opened = time.perf_counter() - began
            time.sleep(LOOK_SECONDS)
        memory = _resident(flow.pid)
    return Restart(opened, visible, memory), int(pageviews)


@contextmanager
def _flow(directory: Path, store: Store, partitions: int) -> Iterator[subprocess.Popen[bytes]]:
    """`sonnim flow` in a process of its own; killed at the end."""
    settings = {
        "data_dir": directory,
        "log_partitions": partitions,
        "clickhouse_url": store.url,
        "log_level": "warning",
    }
    environment = {**os.environ, **{f"SONNIM_{name.upper()}": str(value) for name, value in settings.items()}}
    flow = subprocess.Popen([sys.executable, "-m", "deploy", "flow"], cwd=ROOT, env=environment)
    try:
        yield flow
    finally:
        flow.send_signal(signal.SIGKILL)
        flow.wait()


def _covered(store: Store, log: FileLog) -> bool:
    """Whether the commits cover the log, records between shards included."""
    upto = {row["partition"]: row["upto"] for row in store.rows_of(COMMITTED)}
    return all(upto.get(number, 0) >= log.end(number) for number in range(log.partitions))


def _until(holds: Callable[[], bool]) -> None:
    began = time.monotonic()
    while not holds():
        if time.monotonic() - began > LONGEST_SECONDS:
            raise SystemExit("the flow did not come to the end of the log")
        time.sleep(LOOK_SECONDS)


def _alive(flow: subprocess.Popen[bytes]) -> None:
    if flow.poll() is not None:
        raise SystemExit(f"the flow ended with {flow.returncode}")


def _resident(pid: int) -> int:
    """Bytes of memory a process holds; 0 where the system does not tell."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _now() -> int:
    return time.time_ns() // 1_000_000
