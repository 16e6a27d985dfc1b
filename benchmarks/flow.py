"""The whole flow beside the peer: the same log through both, results compared visitor by visitor.

Ours is `flows.live.live` as it is deployed, one worker, from an empty store until the commits cover the log's ends: decoding,
state, orders through the log, raw events, visitors' rows, commits, all written to the embedded ClickHouse; the 20 segments of
segments20.py are evaluated on the rows of each flush, inside it. A second run of the same flow throws its writes away: what is
left is the flow's own work.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from benchmarks.figures import Figure, Outcome
from benchmarks.peer import Card
from benchmarks.segments20 import COLUMNS, SEGMENTS, Membership, members_of, named
from benchmarks.stack import child, store_in
from benchmarks.stopwatch import TimedLog
from benchmarks.traffic import SITE, traffic
from flows.flush import Flush
from flows.live import live, run
from flows.partition import Partition
from ingest.log.files import FileLog
from sql.store import Store

RATIO = 10.0
"""Ours has to be so many times as fast as the peer of kind GATE."""

GATE = "documented"

DUTIES = ("state", "everything")
"""What ours writes: what its state needs to survive (visitors, visits, orders, commits: all a peer with recovery keeps), or raw
events, products and activity too."""

DEFAULT_KINDS = ("documented", "stored")

PARTITIONS = 4

CARDS = """
    WITH
        {end:Int64} - 86400000 AS day, {end:Int64} - 604800000 AS week,
        arrayMap(at -> toUnixTimestamp64Milli(at), visit_end) AS ends,
        arraySum((end, n) -> if(end >= day, n, 0), ends, visit_pageviews) AS pageviews_24h,
        arraySum((end, n) -> if(end >= week, n, 0), ends, visit_pageviews) AS pageviews_7d,
        arraySum((end, n) -> if(end >= day, n, 0), ends, visit_orders) AS orders_24h,
        arraySum((end, n) -> if(end >= week, n, 0), ends, visit_orders) AS orders_7d,
        arraySum((end, n) -> if(end >= day, n, 0), ends, visit_revenue) AS revenue_24h,
        arraySum((end, n) -> if(end >= week, n, 0), ends, visit_revenue) AS revenue_7d
    SELECT
        visitor_id, visits, pageviews, stay_ms, cart_adds, orders, units, revenue, cart_units, cart_value,
        environment, page_url, first_landing_page, landing_page, channel,
        length(product_item) AS products, arraySum(product_views) AS views, length(search_term) AS searches,
        arrayCount(end -> end >= day, ends) AS visits_24h, pageviews_24h, orders_24h, revenue_24h,
        arrayCount(end -> end >= week, ends) AS visits_7d, pageviews_7d, orders_7d, revenue_7d
    FROM visitors FINAL
    WHERE site_id = {site_id:String} AND member_id = person AND NOT gone
"""
"""A Card of each visitor (peer.py) from our rows."""

ROWS = f"SELECT visitor_id, {', '.join(COLUMNS)} FROM visitors FINAL WHERE site_id = {{site_id:String}}"
"""What the segments read of our rows."""


def compare(
    events: int,
    visitors: int,
    end: int,
    partitions: int = PARTITIONS,
    kinds: Sequence[str] = DEFAULT_KINDS,
    seed: int = 1,
) -> Outcome:
    """Ours and some kinds of peer over about `events` lines; `end` (epoch ms) is the time the replayed week ends."""
    with tempfile.TemporaryDirectory(prefix="sonnim-bench-") as place:
        directory = Path(place)
        log = FileLog(directory / "log", partitions)
        told = traffic(events, visitors, end, seed)
        told.append_to(log)
        lines, size = len(told.lines), sum(map(len, told.lines)) / len(told.lines)
        del told
        log.close()
        logs = {duty: shutil.copytree(directory / "log", directory / duty) for duty in DUTIES}
        peers: dict[str, tuple[float, float]] = {}
        theirs: dict[str, dict[str, Any]] = {}
        for kind in kinds:
            result = directory / f"{kind}.json"
            place_of_kind = directory / f"store-{kind}"
            place_of_kind.mkdir()
            with store_in(place_of_kind, end) if kind == "stored" else contextlib.nullcontext() as store:
                url = store.url if store else ""
                peers[kind] = ran("benchmarks.peer", kind, directory / "log", end, result, url)
            theirs[kind] = orjson.loads(result.read_bytes())
        ours: dict[str, tuple[float, float]] = {}
        differences = []
        for duty in DUTIES:
            place_of_duty = directory / f"store-{duty}"
            place_of_duty.mkdir()
            with store_in(place_of_duty, end) as store:
                result = directory / f"{duty}.json"
                ours[duty] = ran("benchmarks.flow", logs[duty], store.url, end, duty, result)
                told_by_ours = orjson.loads(result.read_bytes())
                rows = _cards(store.arrow_of(CARDS, {"site_id": SITE, "end": end}))
                members = _members(store.arrow_of(ROWS, {"site_id": SITE}), end)
            differences += [f"{duty}, flow and rows: {told}" for told in _moved(told_by_ours["members"], members)]
            for kind in kinds:
                found = _differences(rows, theirs[kind]["cards"]) + _moved(members, theirs[kind]["members"])
                differences += [f"{duty} and the {kind} peer: {told}" for told in found]
    counts = [sum(bits >> place & 1 for bits in members.values()) for place in range(len(SEGMENTS))]
    figures = [
        Figure("  events", lines, ""),
        Figure("  bytes a line", size, "bytes"),
        Figure("  visitors", len(rows), ""),
    ]
    figures.append(Figure("  answers that differ", len(differences), ""))
    figures.append(Figure("  members of the 20 segments", sum(counts), ""))
    figures.append(Figure("  members of the smallest and largest", min(counts), "", max(counts)))
    for way in ("entries", "exits"):
        figures.append(Figure(f"  {way}", told_by_ours[way], "", theirs[kinds[0]][way]))
    rate = told_by_ours["rows"] / told_by_ours["seconds"]
    figures.append(Figure("  20 segments of ours, alone", rate, "rows/s"))
    for kind in kinds:
        figures += [
            _beside(f"flow with its state, {kind} peer", lines, ours["state"], peers[kind]),
            Figure("  CPU of the process", ours["state"][1], "s", peers[kind][1], peers[kind][1] / ours["state"][1]),
            _beside(f"flow with raw events too, {kind} peer", lines, ours["everything"], peers[kind]),
            Figure(
                "  CPU of the process",
                ours["everything"][1],
                "s",
                peers[kind][1],
                peers[kind][1] / ours["everything"][1],
            ),
        ]
    return Outcome(figures, differences)


def _beside(name: str, lines: int, ours: tuple[float, float], theirs: tuple[float, float]) -> Figure:
    return Figure(name, lines / ours[0], "events/s", lines / theirs[0], theirs[0] / ours[0])


def ran(module: str, *arguments: object) -> tuple[float, float]:
    """Seconds, and seconds of CPU, that a run in a process of its own took."""
    seconds, cpu = child(module, *arguments).split()
    return float(seconds), float(cpu)


def _cards(rows: pa.Table) -> dict[str, list[int]]:
    columns = [column.to_pylist() for column in rows.select(range(1, 1 + len(Card._fields))).columns]
    return dict(zip(rows["visitor_id"].to_pylist(), map(list, zip(*columns, strict=True)), strict=True))


def _differences(ours: dict[str, list[int]], theirs: dict[str, list[int]]) -> list[str]:
    found = []
    for visitor in sorted(ours.keys() | theirs.keys()):
        one, other = ours.get(visitor), theirs.get(visitor)
        if one is None or other is None:
            found.append(f"{visitor}: only {'the peer' if one is None else 'ours'} has it")
        elif one != other:
            told = ", ".join(f"{n} {a} and {b}" for n, a, b in zip(Card._fields, one, other, strict=True) if a != b)
            found.append(f"{visitor}: {told}")
    return found


def _members(rows: pa.Table, end: int) -> dict[str, int]:
    return dict(zip(rows["visitor_id"].to_pylist(), members_of(rows, end).tolist(), strict=True))


def _moved(one: dict[str, int], other: dict[str, int]) -> list[str]:
    """Visitors whose segments differ."""
    found = []
    for visitor in sorted(one.keys() | other.keys()):
        a, b = one.get(visitor, -1), other.get(visitor, -1)
        if a != b:
            found.append(f"{visitor}: only the first in [{named(a & ~b)}], only the second in [{named(b & ~a)}]")
    return found


class Watched(Store):
    """A store that notices when the commits cover the ends of the log, and ends this process."""

    def __init__(self, url: str, log: FileLog) -> None:
        super().__init__(url)
        self.log, self.committed = log, dict.fromkeys(range(log.partitions), 0)
        self.done = threading.Event()

    def insert(self, table: str, rows: pa.Table) -> None:
        super().insert(table, rows)
        if table == "commits":
            for number, offset in zip(rows["partition"].to_pylist(), rows["to_offset"].to_pylist(), strict=True):
                self.committed[number] = offset
            if all(self.committed[n] >= self.log.end(n) for n in self.committed):
                self.done.set()


def evaluate_segments(now: int, duty: str) -> Membership:
    """From here on every flush of a partition evaluates the 20 segments on the visitors it writes, at `now` (epoch ms).

    With the duty "state" it writes the state only, as the peer does: no raw events, and nothing that is made of them.
    """
    membership, flush = Membership(), Partition.flush

    def flush_and_evaluate(partition: Partition, at: int) -> Flush:
        flushed = flush(partition, at)
        if "visitors" in flushed.state:
            membership.take(flushed.state["visitors"], now)
        return replace(flushed, events=()) if duty == "state" else flushed

    Partition.flush = flush_and_evaluate  # type: ignore[method-assign, assignment]
    return membership


def main(log_directory: Path, url: str, end: int, duty: str, result: Path) -> None:
    """Run the flow over a log until everything is committed; prints the seconds and those of CPU since its first read. The clock
    starts at `end` (epoch ms); segments are those of `end`.
    """
    log = TimedLog(log_directory)
    store = Watched(url, log)
    store.ping()
    membership = evaluate_segments(end, duty)
    started = time.perf_counter()

    def clock() -> int:
        return end + int((time.perf_counter() - started) * 1000)

    def tell() -> None:
        store.done.wait()
        print(*log.since_first_read(), flush=True)
        told = {name: getattr(membership, name) for name in ("members", "entries", "exits", "rows", "seconds")}
        result.write_bytes(orjson.dumps(told))
        os._exit(0)  # the flow itself never ends

    threading.Thread(target=tell, daemon=True).start()
    run(live(log, store, clock))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4], Path(sys.argv[5]))
