"""The whole flow beside the peer: the same log through both, results compared visitor by visitor.

Ours is `flows.live.live` as it is deployed, one worker, from an empty store until the commits cover the log's ends: decoding,
state, orders through the log, raw events, visitors' rows, commits, all written to the embedded ClickHouse. A second run of the
same flow throws its writes away: what is left is the flow's own work.
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
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from benchmarks.figures import Figure, Outcome
from benchmarks.peer import KINDS, Card
from benchmarks.stack import child, store_in
from benchmarks.traffic import SITE, traffic
from flows.live import run
from ingest.log.files import FileLog
from sql.store import Store

RATIO = 10.0
"""Ours has to be so many times as fast as the peer of kind GATE."""

GATE = "documented"

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
    WHERE site_id = {site_id:String}
"""
"""A Card of each visitor (peer.py) from our rows."""


def compare(
    events: int, visitors: int, end: int, partitions: int = PARTITIONS, kinds: Sequence[str] = KINDS, seed: int = 1
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
        logs = [shutil.copytree(directory / "log", directory / name) for name in ("ours", "unwritten")]
        peers: dict[str, tuple[float, float]] = {}
        cards: dict[str, dict[str, list[Any]]] = {}
        for kind in kinds:
            result = directory / f"{kind}.json"
            place_of_kind = directory / f"store-{kind}"
            place_of_kind.mkdir()
            with store_in(place_of_kind, end) if kind == "stored" else contextlib.nullcontext() as store:
                url = store.url if store else ""
                peers[kind] = _ran("benchmarks.peer", kind, directory / "log", end, result, url)
            cards[kind] = orjson.loads(result.read_bytes())
        with store_in(directory, end) as store:
            unwritten = _ran("benchmarks.flow", logs[1], store.url, end, "unwritten")
            ours = _ran("benchmarks.flow", logs[0], store.url, end, "written")
            rows = _cards(store.arrow_of(CARDS, {"site_id": SITE, "end": end}))
    differences = [f"{kind} peer: {told}" for kind in kinds for told in _differences(rows, cards[kind])]
    figures = [
        Figure("  events", lines, ""),
        Figure("  bytes a line", size, "bytes"),
        Figure("  visitors", len(rows), ""),
    ]
    figures.append(Figure("  visitors that differ", len(differences), ""))
    for kind in kinds:
        figures += [
            _beside(f"whole flow, {kind} peer", lines, ours, peers[kind]),
            _beside("  writes thrown away", lines, unwritten, peers[kind]),
            Figure("  CPU of the process", ours[1], "s", peers[kind][1], peers[kind][1] / ours[1]),
        ]
    return Outcome(figures, differences)


def _beside(name: str, lines: int, ours: tuple[float, float], theirs: tuple[float, float]) -> Figure:
    return Figure(name, lines / ours[0], "events/s", lines / theirs[0], theirs[0] / ours[0])


def _ran(module: str, *arguments: object) -> tuple[float, float]:
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
            found.append(f"{visitor}: ours and the peer's {told}")
    return found


class _Watched(Store):
    """A store that notices when the commits cover the ends of the log, and ends this process."""

    def __init__(self, url: str, log: FileLog, written: bool) -> None:
        super().__init__(url)
        self.written = written
        self.log, self.committed = log, dict.fromkeys(range(log.partitions), 0)
        self.done = threading.Event()

    def insert(self, table: str, rows: pa.Table) -> None:
        if self.written:
            super().insert(table, rows)
        if table == "commits":
            for number, offset in zip(rows["partition"].to_pylist(), rows["to_offset"].to_pylist(), strict=True):
                self.committed[number] = offset
            if all(self.committed[n] >= self.log.end(n) for n in self.committed):
                self.done.set()


def main(log_directory: Path, url: str, end: int, written: bool) -> None:
    """Run the flow over a log until everything is committed; prints the seconds and those of CPU. The clock starts at `end` (epoch ms).

    If not `written`, only reads reach the store.
    """
    log = FileLog(log_directory)
    store = _Watched(url, log, written)
    store.ping()
    started, cpu = time.perf_counter(), time.process_time()

    def clock() -> int:
        return end + int((time.perf_counter() - started) * 1000)

    def tell() -> None:
        store.done.wait()
        print(time.perf_counter() - started, time.process_time() - cpu, flush=True)
        os._exit(0)  # the flow itself never ends

    threading.Thread(target=tell, daemon=True).start()
    run(log, store, clock)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4] == "written")
