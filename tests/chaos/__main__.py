"""`python -m tests.chaos`: the long form, by command."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.broker import prepare
from tests.chaos import firing
from tests.chaos.chaos import Plan, run


def main() -> int:
    """1 if anything differs."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--events", type=int, default=300_000)
    parser.add_argument("--seconds", type=float, default=240, help="how long the sending takes at least")
    parser.add_argument(
        "--outage", type=float, default=0, help="instead of kills: seconds ClickHouse, then the broker are away"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="directory for everything; a temporary one if none is told")
    parser.add_argument("--visitors", type=int, help="instead: so many visitors who enter and leave 200 segments")
    given = parser.parse_args()
    if given.visitors:
        return _print(
            firing.Plan(given.visitors, hooked=2, kills=20, seed=given.seed, pause=(8.0, 25.0)), firing.run, given.keep
        )
    why_not = prepare.missing()
    if why_not:
        print(f"no broker: {why_not}", file=sys.stderr)
        return 2
    return _print(Plan(given.events, given.seconds, given.outage, given.seed), run, given.keep)


def _print(plan: Any, run: Callable[..., Any], keep: Path | None) -> int:
    started = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - started:7.1f} s  {line}", flush=True)

    if keep:
        keep.mkdir(parents=True)
        outcome = run(plan, keep, say)
    else:
        with tempfile.TemporaryDirectory(prefix="sonnim-chaos-") as place:
            outcome = run(plan, Path(place), say)
    print("\n".join(outcome.lines()))
    print("identical" if outcome.equal else "DIFFERENT")
    return 0 if outcome.equal else 1


if __name__ == "__main__":
    sys.exit(main())
