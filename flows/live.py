"""The live dataflow, the whole graph: log -> shards -> store.

One key is one shard is one partition of the log. A shard's state lives in ClickHouse as its visitors' rows, so Bytewax
recovery is not used: a worker starts from the last commit, whatever ran before it.
"""

from __future__ import annotations

from collections.abc import Callable

import bytewax.operators as op
from bytewax.dataflow import Dataflow

from flows.allocation import keep_freed_memory
from flows.lookup import StoreLookup, offset_of, open_partition
from flows.partition import Partition
from flows.shards import ShardLogic
from flows.sink import StoreSink
from flows.source import LogSource
from flows.writer import Writer
from ingest.log.log import EventLog
from sql.store import Store


def live(log: EventLog, store: Store, clock: Callable[[], int]) -> Dataflow:
    """The dataflow over a log and a store; `clock` tells epoch milliseconds."""

    writer = Writer(log, store)
    lookup = StoreLookup(store, writer.settle)

    def opened(number: int, offset: int) -> Partition:
        return open_partition(store, lookup, number, log.partitions, offset, clock())

    flow = Dataflow("live")
    pulls = op.input("log", flow, LogSource(log, lambda number: offset_of(store, number), clock))
    changes = op.stateful_batch("shards", pulls, lambda _: ShardLogic(opened))
    op.output("store", changes, StoreSink(writer))
    return flow


def run(log: EventLog, store: Store, clock: Callable[[], int]) -> None:
    """Run the dataflow in this process until it is stopped."""
    from bytewax.run import cli_main

    keep_freed_memory()
    cli_main(live(log, store, clock))  # type: ignore[no-untyped-call]
