"""What logins cost: the same week of traffic through the whole flow, with nobody logged in, with a tenth of the visitors logged in,
and with as many visitors who are five devices of a member each, spread over the shards."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.figures import Figure, Outcome
from benchmarks.flow import ran
from benchmarks.stack import store_in
from benchmarks.traffic import SITE, traffic
from ingest.log.files import FileLog

SHARE, DEVICES = 0.1, 5
PARTITIONS = 8

WAYS = {
    "nobody logs in": (0.0, 1),
    "10 % log in, one device each": (SHARE, 1),
    "10 % log in, five devices each": (SHARE, DEVICES),
}

TOTALS = """
    SELECT
        count() AS people, countIf(person != '') AS members, sum(visits) AS visits, sum(pageviews) AS pageviews,
        sum(cart_adds) AS cart_adds, sum(orders) AS orders, sum(units) AS units, sum(revenue) AS revenue
    FROM visitors FINAL
    WHERE site_id = {site_id:String} AND member_id = person AND NOT gone
"""


def measure(events: int, visitors: int, end: int) -> Outcome:
    """About `events` lines of `visitors` visitors, the week before `end` (epoch ms), three ways. What all people did must be the same."""
    rates: dict[str, float] = {}
    totals: dict[str, dict[str, int]] = {}
    for name, (members, devices) in WAYS.items():
        with tempfile.TemporaryDirectory(prefix="sonnim-bench-") as place:
            log = FileLog(Path(place) / "log", PARTITIONS)
            told = traffic(events, visitors, end, members=members, devices=devices)
            told.append_to(log)
            log.close()
            lines = len(told.lines)
            del told
            directory = Path(place) / "store"
            directory.mkdir()
            with store_in(directory, end) as store:
                seconds, _ = ran(
                    "benchmarks.flow", Path(place) / "log", store.url, end, "everything", Path(place) / "result"
                )
                totals[name] = store.rows_of(TOTALS, {"site_id": SITE})[0]
            rates[name] = lines / seconds
    first, *others = WAYS
    figures = [Figure(f"flow with raw events, {first}", rates[first], "events/s")]
    differences = []
    for name in others:
        figures.append(Figure(f"  {name}", rates[name], "events/s", rates[first], rates[name] / rates[first]))
        figures.append(Figure("  people, of them members", totals[name]["people"], "", totals[name]["members"]))
        for measure_of, total in totals[first].items():
            if measure_of not in ("people", "members") and totals[name][measure_of] != total:
                differences.append(f"{name}: {measure_of} {totals[name][measure_of]:,}, but {total:,} where {first}")
    return Outcome(figures, differences)
