"""The engine alone: prepared columns through `Shard.apply` in the stretches the flow uses; memory a visitor; rows out.

`python -m benchmarks.engine FILE END` prints its figures as JSON: a process of its own, whose memory holds nothing of the traffic's making.
"""

from __future__ import annotations

import gc
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import orjson

from benchmarks.figures import Figure
from benchmarks.stack import child
from flows.allocation import keep_freed_memory
from flows.decode import batch_of, decode, stretches
from flows.read_ahead import STRETCH
from flows.visitors.batch import Batch
from flows.visitors.rows import rows_of
from flows.visitors.shard import Shard

GOAL = 1_000_000
"""Events a second the engine alone has to reach."""

RUNS = 3
"""The best of so many counts: what else the machine does only slows it."""

ROWS_AT_ONCE = 20_000


def measure(events: int, visitors: int, end: int) -> list[Figure]:
    """The figures; the first is the engine's events a second."""
    with tempfile.TemporaryDirectory(prefix="sonnim-bench-") as place:
        path = Path(place) / "lines"
        child("benchmarks.traffic", events, visitors, end, path)
        return [Figure(**told) for told in orjson.loads(child("benchmarks.engine", path, end))]


def main(path: Path, end: int) -> list[Figure]:
    """Run it in this process, over the log lines of a file."""
    keep_freed_memory()  # as the flow does
    data = path.read_bytes()
    total = data.count(b"\n")
    size = len(data) / total - 1
    decoding = preparing = 0.0
    batches: list[Batch] = []
    for block, offsets in stretches(data, np.arange(1, total + 1), STRETCH):
        started = time.perf_counter()
        decoded = decode(block, offsets)
        between = time.perf_counter()
        batches.append(batch_of(decoded.events, decoded.offsets))
        decoding, preparing = decoding + between - started, preparing + time.perf_counter() - between
    del data
    gc.collect()

    rates = []
    for _ in range(RUNS):
        shard, seconds = Shard(), []
        for batch in batches:
            batch.__dict__.pop("first_item", None)  # what a batch remembers is part of the work
            started = time.perf_counter()
            shard.apply(batch, end, end)
            seconds.append(time.perf_counter() - started)
        rates.append(total / sum(seconds))
    people = len(shard.slots)
    columns, strings = shard.nbytes, string_bytes(shard)

    slots = shard.take_changed()
    started = time.perf_counter()
    for first in range(0, len(slots), ROWS_AT_ONCE):
        rows_of(shard, slots[first : first + ROWS_AT_ONCE], 0)
    rows = time.perf_counter() - started
    return [
        Figure("engine alone", max(rates), "events/s", GOAL, max(rates) / GOAL),
        Figure("  slowest run", min(rates), "events/s"),
        Figure("  events", total, ""),
        Figure("  bytes a line", size, "bytes"),
        Figure("  visitors", people, ""),
        Figure("memory a visitor", (columns + strings) / people, "bytes"),
        Figure("  columns and indices", columns / people, "bytes"),
        Figure("  strings", strings / people, "bytes"),
        Figure("decode JSON lines", total / decoding, "events/s"),
        Figure("prepare columns", total / preparing, "events/s"),
        Figure("rows for the store", len(slots) / rows, "rows/s"),
        Figure("  time a row", rows / len(slots) * 1e6, "us"),
    ]


def string_bytes(shard: Shard) -> int:
    """Bytes of a shard's strings and of the tables that find them."""
    total = sys.getsizeof(shard.slots) + sys.getsizeof(shard.keys) + _sizes(shard.keys) + _sizes(shard.slots.values())
    for interner in (shard.words, shard.devices, shard.entries):
        total += sys.getsizeof(interner.strings) + _sizes(interner.strings)
        total += sys.getsizeof(dict.fromkeys(interner.strings)) + 32 * len(interner)
    return total


def _sizes(things: Iterable[object]) -> int:
    return sum(map(sys.getsizeof, things))


if __name__ == "__main__":
    print(orjson.dumps([asdict(f) for f in main(Path(sys.argv[1]), int(sys.argv[2]))]).decode())
