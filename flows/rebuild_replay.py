"""Partitions that run again beside the live tables: their rows go to `*_rebuilt`, what they would send is handed back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flows.cadence import Steady
from flows.lookup import StoreLookup
from flows.membership.definitions import Registry
from flows.partition import Partition
from flows.patience import patiently
from flows.records import Outgoing
from flows.visitors.profiles import MemberRecord
from flows.visitors.tables import Ints
from sql.store import Store

TABLES = ("visits", "orders", "visitors")
"""What a rebuild recomputes."""

_NO_TIME_IS_LATER = 1 << 62


def rebuilt(table: str) -> str:
    """The name of the table beside a live one."""
    return f"{table}_rebuilt"


@dataclass(frozen=True)
class Pace:
    """Records applied at once, and records between two writes: what memory holds."""

    stretch: int = 50_000
    write: int = 200_000


class RebuiltLookup(StoreLookup):
    """Visitors, people and transactions as rebuilt so far."""

    VISITORS, PEOPLE, FACTS = "rebuild_visitors", "rebuild_people", "rebuild_transaction_facts"

    def __init__(self, store: Store, *, afresh: bool = False) -> None:
        """`afresh`: visitors and people come with version 0, so that whatever is fed to them next is news."""
        super().__init__(store)  # what may be looked up is written before the next record is taken
        self._afresh = afresh

    def visitors(self, shard: int, keys: Sequence[str]) -> pa.Table:
        """Rows of `visitors_rebuilt` for keys `site_id/visitor_id`."""
        found = super().visitors(shard, keys)
        return versioned(found, 0) if self._afresh else found

    def people(self, shard: int, keys: Sequence[str]) -> pa.Table:
        """Rows of people of `visitors_rebuilt` for keys `site_id/member_id`."""
        found = super().people(shard, keys)
        return versioned(found, 0) if self._afresh else found

    def registry(self, now: int) -> Registry:
        """Nobody enters a segment again."""
        return Registry()

    def sleepers(self, shard: int, now: int) -> tuple[list[str], list[str]]:
        """Nobody is woken."""
        return [], []

    def sites(self, now: int) -> Sequence[str]:
        """None: a rebuild tells no figures of the past."""
        return ()


class Replayed(Partition):
    """A partition whose records were applied before: events and rejections are written already, figures of the moment
    are gone by. Its clock is the log's: the newest `received_at` it has met."""

    def __init__(self, number: int, partitions: int, lookup: RebuiltLookup) -> None:
        super().__init__(number, partitions, 0, lookup)
        self.log_time = 0
        self._rolled_up = None
        self._steady = Steady(longest=_NO_TIME_IS_LATER)  # a log's time leaps from record to record

    def _keep_events(self, events: pa.Table, offsets: Ints, dedup: Any, keep: Any) -> None:
        self.log_time = max(self.log_time, pc.max(events["received_at"]).as_py() or 0)

    def _keep_told(self, record: MemberRecord) -> None:
        self.log_time = max(self.log_time, record.received_at)

    def _reject(self, site_id: str, at: int, reason: str, detail: str, event: str, offset: int) -> None:
        self.counts.rejected += 1


class Replay:
    """One partition run again: lines in, its rows written every so many records."""

    def __init__(self, store: Store, partition: Replayed, pace: Pace, *, finished_at: int | None = None) -> None:
        """`finished_at`: the commit, when visitors' rows get their last records: they say it as their version, whatever
        offsets those records have, and are forgotten once they are written."""
        self.partition = partition
        self._store, self._pace, self._finished_at = store, pace, finished_at
        self._unwritten = 0

    def take(self, lines: bytes, offsets: Ints) -> list[Outgoing]:
        """Apply newline-terminated records with an offset each; returns what they make for other shards."""
        out = self.partition.take(lines, offsets, int(offsets[-1]), self.partition.log_time)
        self._unwritten += len(offsets)
        if self._unwritten >= self._pace.write:
            self.write()
        return out

    def write(self) -> None:
        """Write what changed."""
        self._unwritten = 0
        for name, rows in self.partition.flush(self.partition.log_time).state_tables():
            if name in TABLES:
                if name == "visitors" and self._finished_at is not None:
                    rows = versioned(rows, self._finished_at)
                patiently(f"write {name}", lambda name=name, rows=rows: self._store.insert(rebuilt(name), rows))  # type: ignore[misc]
        if self._finished_at is not None:
            self.partition.shard.evict(_NO_TIME_IS_LATER)
            self.partition.people.evict(_NO_TIME_IS_LATER, _NO_TIME_IS_LATER)


def versioned(rows: pa.Table, version: int) -> pa.Table:
    """Rows of `visitors` with another version."""
    column = pa.array(np.full(len(rows), version, np.uint64))
    return rows.set_column(rows.schema.get_field_index("version"), "version", column)
