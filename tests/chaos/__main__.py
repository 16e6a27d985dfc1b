"""`python -m tests.chaos`: the long form, by command."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.broker import prepare
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
    given = parser.parse_args()
    why_not = prepare.missing()
    if why_not:
        print(f"no broker: {why_not}", file=sys.stderr)
        return 2
    started = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - started:7.1f} s  {line}", flush=True)

    plan = Plan(given.events, given.seconds, given.outage, given.seed)
    if given.keep:
        given.keep.mkdir(parents=True)
        outcome = run(plan, given.keep, say)
    else:
        with tempfile.TemporaryDirectory(prefix="sonnim-chaos-") as place:
            outcome = run(plan, Path(place), say)
    print("\n".join(outcome.lines()))
    print("identical" if outcome.equal else "DIFFERENT")
    return 0 if outcome.equal else 1


if __name__ == "__main__":
    sys.exit(main())
