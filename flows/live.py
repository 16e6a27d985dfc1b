"""The live dataflow, the whole graph: log -> shards -> store.

One key is one shard is one partition of the log. A shard's state lives in ClickHouse as its visitors' rows, so Bytewax
recovery is not used: a worker starts from the last commit, whatever ran before it.
"""

from __future__ import annotations

from collections.abc import Callable

import bytewax.operators as op
from bytewax.dataflow import Dataflow
from bytewax.errors import BytewaxRuntimeError

from flows.allocation import collect_seldom, keep_freed_memory
from flows.lag import Lag
from flows.lookup import Committed, StoreLookup, commits_of, offset_of
from flows.lost import RecordsLost, require_reach
from flows.opening import Opening
from flows.progress import Progress
from flows.segments.predicate import ONLINE_MINUTES
from flows.shards import Shards
from flows.sink import StoreSink
from flows.source import LogSource
from flows.writer import Writer
from ingest.log.log import EventLog
from sql.store import Store


def live(
    log: EventLog,
    store: Store,
    clock: Callable[[], int],
    *,
    transitions: EventLog | None = None,
    online_minutes: int = ONLINE_MINUTES,
    accept_loss: bool = False,
) -> Dataflow:
    """The dataflow over a log and a store, for this process to run; `clock` tells epoch milliseconds; `transitions`: the log that entries
    into segments and exits go to; `online_minutes`: so long after his last event somebody is online.

    `accept_loss`: where records were deleted before they were read, go on with the oldest there is. Raises RecordsLost.
    """
    keep_freed_memory()
    collect_seldom()
    committed = {number: commit.to_offset for number, commit in commits_of(store).items()}
    require_reach(log, lambda number: committed.get(number, 0), accept_loss=accept_loss)
    lag = Lag(log, clock)
    progress = Progress(log.partitions, Committed(store))
    writer = Writer(log, store, lag, transitions, progress)
    lookup = StoreLookup(store, writer.settle, online_minutes)

    opening = Opening(store, lookup, log.partitions, clock)

    def checkpoint(number: int) -> int:
        offset = offset_of(store, number)
        opening.expect(number, offset)
        return offset

    flow = Dataflow("live")
    pulls = op.input("log", flow, LogSource(log, checkpoint, clock, accept_loss=accept_loss, lag=lag))
    changes = op.flat_map_batch("shards", pulls, Shards(opening.open, lookup.sites, progress))
    op.output("store", changes, StoreSink(writer))
    lag.watch()
    return flow


def run(flow: Dataflow, process: int = 0, addresses: list[str] | None = None) -> None:
    """Run the dataflow in this process until it is stopped, as number `process` of a cluster if `addresses` (host:port) are told."""
    from bytewax.run import cli_main

    try:
        cli_main(flow, process_id=process if addresses else None, addresses=addresses)  # type: ignore[no-untyped-call]
    except BytewaxRuntimeError as error:
        if isinstance(error.__cause__, RecordsLost):
            raise error.__cause__ from None
        raise
