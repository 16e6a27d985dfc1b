"""What a stretch of a partition changed, as tables for the store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flows.activity import activity_of
from flows.decode import EVENT_COLUMNS, ITEM
from flows.membership.transitions import Transition
from flows.products import Products
from flows.records import Outgoing
from flows.visitors.batch import Bools
from flows.visitors.rows import TIME
from flows.visitors.tables import Hashes, Ints

REJECTED = pa.schema(
    [
        ("site_id", pa.string()), ("received_at", TIME), ("reason", pa.string()), ("detail", pa.string()), ("event", pa.string()),
        ("shard", pa.uint16()), ("log_offset", pa.uint64()),
    ]
)  # fmt: skip
ORDERS = pa.schema(
    [
        ("site_id", pa.string()), ("transaction_id", pa.string()), ("shard", pa.uint16()), ("version", pa.uint64()),
        ("key_hash", pa.uint64()), ("visitor_id", pa.string()), ("occurred_at", TIME), ("currency", pa.string()), ("value", pa.int64()),
        ("refunded", pa.int64()), ("revenue", pa.int64()), ("units", pa.int64()), ("counted", pa.bool_()),
        ("item_id", pa.list_(pa.string())), ("item_category", pa.list_(pa.string())), ("item_units", pa.list_(pa.int64())),
        ("facts", pa.string()),
    ]
)  # fmt: skip


@dataclass(frozen=True)
class Commit:
    """That a partition is applied and written from one offset to another, and until when everything received is in it."""

    partition: int
    from_offset: int
    to_offset: int
    at: int  # epoch ms


@dataclass(frozen=True)
class Kept:
    """Events to be written: the rows of a table where `keep` is true, and what the shard knows of each."""

    events: pa.Table = field(repr=False)
    shard: int
    offsets: Ints
    dedup_key: Hashes
    keep: Bools

    def rows(self) -> pa.Table:
        """Them alone, with columns `shard`, `log_offset` and `dedup_key`."""
        extra = {
            "shard": pa.array(np.full(len(self.offsets), self.shard, np.uint16)),
            "log_offset": pa.array(self.offsets.astype(np.uint64)),
            "dedup_key": pa.array(self.dedup_key),
        }
        events = self.events
        for name, column in extra.items():
            events = events.append_column(name, column)
        return events if self.keep.all() else events.filter(pa.array(self.keep))


@dataclass(frozen=True)
class Flush:
    """The state's rows as they were at the commit, and the events they come from. `people`: rows of `visitors`, too, but written
    apart, because they have other columns."""

    commit: Commit
    state: dict[str, pa.Table] = field(repr=False)
    events: Sequence[Kept] = field(repr=False)
    products: Products = field(repr=False)
    records: Sequence[Outgoing] = field(default=(), repr=False)  # for the log, before anything is written
    transitions: Sequence[Transition] = field(default=(), repr=False)  # for theirs, too

    @cached_property
    def rejected(self) -> Mapping[tuple[str, str], int]:
        """How many records were rejected, by site and reason."""
        rows = self.state.get("rejected_events")
        if rows is None:
            return {}
        return Counter(zip(rows["site_id"].to_pylist(), rows["reason"].to_pylist(), strict=True))

    def state_tables(self) -> Iterator[tuple[str, pa.Table]]:
        """The tables of the state alone."""
        for name, rows in self.state.items():
            yield "visitors" if name == "people" else name, rows

    def tables(self) -> Iterator[tuple[str, pa.Table]]:
        """Tables in the order they are to be written. Those of events are made only now: in the writer's thread."""
        events = pa.concat_tables(kept.rows() for kept in self.events) if self.events else None
        if events is not None:
            yield "events", event_rows(events)
            products = self.products.rows(events)
            if products is not None:
                yield "products", products
        yield from self.state_tables()
        yield "commits", _commit_row(self.commit, events)


def _commit_row(commit: Commit, events: pa.Table | None) -> pa.Table:
    row = {
        "partition": pa.array([commit.partition], pa.uint16()),
        "from_offset": pa.array([commit.from_offset], pa.uint64()),
        "to_offset": pa.array([commit.to_offset], pa.uint64()),
        "at": pa.array([commit.at], pa.int64()).cast(TIME),
    }
    return pa.table({**row, **activity_of(events)})


def event_rows(events: pa.Table) -> pa.Table:
    """Rows of table `events`: nothing null but what may be, items as lists of columns."""
    columns: dict[str, pa.Array] = {}
    for name in (*EVENT_COLUMNS, "properties"):
        column = events[name].combine_chunks()
        if name in ("occurred_at", "received_at", "sent_at"):
            column = column.cast(TIME)
        elif name != "value":
            column = pc.fill_null(column, "" if pa.types.is_string(column.type) else False)
        columns[name] = column
    items = events["items"].combine_chunks()
    lines = items.flatten()
    lengths = pc.fill_null(pc.list_value_length(items), 0).to_numpy()
    offsets = pa.array(np.r_[0, np.cumsum(lengths)].astype(np.int32))
    for item_field in ITEM:
        values = lines.field(item_field.name)
        if item_field.name == "quantity":
            values = pc.fill_null(values, 1)
        elif item_field.name != "price":
            values = pc.fill_null(values, "")
        columns[f"items.{item_field.name}"] = pa.ListArray.from_arrays(offsets, values)
    for name in ("shard", "log_offset", "dedup_key"):
        columns[name] = events[name].combine_chunks()
    return pa.table(columns)
