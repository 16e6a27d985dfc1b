"""The flow without Bytewax: source, shards and writer over a log and a ClickHouse, moved on by the test, its clock too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
import pyarrow as pa
from prometheus_client import REGISTRY

from flows.lag import Lag
from flows.lookup import StoreLookup, offset_of
from flows.opening import open_partitions
from flows.shards import Shards
from flows.source import LogSource
from flows.writer import Writer
from ingest.log import EventLog
from sql.store import Store, StoreUnavailable

AT = 1_767_225_600_000
SECOND = 1_000


class Holding(Store):
    """A store that takes no rows while `held`, for the reason it tells."""

    held: str | None = None

    def insert(self, table: str, rows: pa.Table) -> None:
        if self.held:
            raise StoreUnavailable("not now", self.held)
        super().insert(table, rows)


class Running:
    """One process of the flow. `now` is the wall clock."""

    def __init__(self, log: EventLog, store: Store, *, accept_loss: bool = False, now: int = AT) -> None:
        self.log, self.store, self.now = log, store, now
        self.lag = Lag(log, self.clock)
        self.writer = Writer(log, store, self.lag)
        lookup = StoreLookup(store, self.writer.settle)
        self._passed = 0.0
        source = LogSource(
            log, lambda number: offset_of(store, number), self.clock, accept_loss=accept_loss, lag=self.lag,
            steady=self._steady, sleep=lambda seconds: None,
        )  # fmt: skip
        self.shards = Shards(
            lambda number, offset: open_partitions(store, lookup, log.partitions, {number: offset}, self.now)[number],
            lookup.sites,
        )
        self.parts = [source.build_part("log", name, None) for name in source.list_parts()]

    def clock(self) -> int:
        return self.now

    def _steady(self) -> float:
        self._passed += 1.0
        return self._passed

    def turn(self) -> None:
        """Each partition once."""
        for part in self.parts:
            for shard, write in self.shards(part.next_batch()):
                self.writer.submit(shard, write)

    def drain(self) -> None:
        """Until everything is read and written."""
        for _ in range(8):
            self.now += SECOND
            self.turn()
            self.writer.settle()


def events(numbers: Sequence[int], received_at: int, step: int = 0, visitors: int = 7, **more: Any) -> list[bytes]:
    """Lines of page views of so many visitors, each received `step` ms after the one before."""
    return [
        orjson.dumps(
            {"site_id": "s", "visitor_id": f"v{n % visitors}", "event_id": f"e{n}", "name": "page_view",
             "occurred_at": received_at + i * step, "received_at": received_at + i * step, **more}
        )
        for i, n in enumerate(numbers)
    ]  # fmt: skip


def gauge(name: str, partition: int) -> float:
    """A metric of the flow."""
    value = REGISTRY.get_sample_value(f"sonnim_flow_{name}", {"partition": str(partition)})
    assert value is not None
    return value
