"""All benchmarks in one table: `python -m benchmarks.run`, or some of them: `--only engine --only flow`.

Exits 1 if ours and the peer's answers differ, or a goal is missed. Writes nothing here: all data is in temporary directories.
"""

from __future__ import annotations

import argparse
import sys
import time

from benchmarks import engine, firing, flow, pages, people, report, restart
from benchmarks.figures import Figure, machine, table
from benchmarks.peer import KINDS

END = 1_795_000_000_000
"""Where the replayed week ends, epoch milliseconds: the clock of every benchmark starts there."""

PARTS = ("engine", "flow", "people", "report", "restart", "firing", "pages")


def main(arguments: list[str] | None = None) -> int:
    """Run them; 1 if something is not as it has to be."""
    given = _parser().parse_args(arguments)
    wanted = given.only or PARTS
    print(machine(), flush=True)
    started = time.perf_counter()
    figures: list[Figure] = []
    wrong: list[str] = []
    if "engine" in wanted:
        found = engine.measure(given.engine_events, given.engine_visitors, END)
        figures += found
        if found[0].value < engine.GOAL:
            wrong.append(f"the engine alone made {found[0].value:,.0f} events/s, the goal is {engine.GOAL:,}")
    if "flow" in wanted:
        kinds = given.peer or flow.DEFAULT_KINDS
        outcome = flow.compare(given.events, given.visitors, END, given.partitions, kinds)
        figures += outcome.figures
        wrong += _told(outcome.differences)
        for figure in outcome.figures:
            if figure.name == f"flow with its state, {flow.GATE} peer" and (figure.ratio or 0) < flow.RATIO:
                wrong.append(
                    f"the flow with its state is {figure.ratio:.1f} times the {flow.GATE} peer, the goal is {flow.RATIO:.0f}"
                )
    if "people" in wanted:
        outcome = people.measure(given.people_events, given.people_visitors, END)
        figures += outcome.figures
        wrong += _told(outcome.differences)
    if "report" in wanted:
        outcome = report.compare(given.report_visitors, END, given.raw_runs)
        figures += outcome.figures
        wrong += _told(outcome.differences)
    if "restart" in wanted:
        outcome = restart.measure(given.restart_visitors, given.restart_partitions)
        figures += outcome.figures
        wrong += _told(outcome.differences)
    if "firing" in wanted:
        outcome = firing.measure(given.firing_rate, firing.SAVED, given.firing_seconds)
        figures += outcome.figures
        wrong += _told(outcome.differences)
    if "pages" in wanted:
        outcome = pages.measure(given.pages_minutes, pages.PEOPLE, pages.RATE)
        figures += outcome.figures
        wrong += _told(outcome.differences)
    print(table(figures))
    print(f"{time.perf_counter() - started:.0f} seconds")
    for line in wrong:
        print(f"WRONG: {line}", file=sys.stderr)
    return 1 if wrong else 0


def _told(differences: list[str]) -> list[str]:
    more = [f"... and {len(differences) - 5:,} more"] if len(differences) > 5 else []
    return differences[:5] + more


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("--only", action="append", choices=PARTS, help="just this one; may be repeated")
    parser.add_argument("--events", type=int, default=1_500_000, help="log lines of the whole flow")
    parser.add_argument("--visitors", type=int, default=150_000, help="visitors of the whole flow")
    parser.add_argument("--partitions", type=int, default=flow.PARTITIONS, help="partitions of its log")
    parser.add_argument("--peer", action="append", choices=KINDS, help="just this peer; may be repeated")
    parser.add_argument("--engine-events", type=int, default=1_000_000)
    parser.add_argument("--engine-visitors", type=int, default=120_000)
    parser.add_argument("--people-events", type=int, default=600_000, help="log lines of the flow with logins")
    parser.add_argument("--people-visitors", type=int, default=60_000)
    parser.add_argument("--report-visitors", type=int, default=1_000_000)
    parser.add_argument("--restart-visitors", type=int, default=1_000_000, help="visitors of the state that is loaded")
    parser.add_argument("--restart-partitions", type=int, default=flow.PARTITIONS, help="partitions of its log")
    parser.add_argument("--firing-rate", type=int, default=firing.RATE, help="events a second while hooks are timed")
    parser.add_argument("--pages-minutes", type=float, default=pages.MINUTES, help="how long the Live page is watched")
    parser.add_argument("--firing-seconds", type=int, default=firing.SECONDS, help="how long hooks are timed")
    parser.add_argument("--raw-runs", type=int, default=3, help="runs of each question over raw events")
    return parser


if __name__ == "__main__":
    sys.exit(main())
