"""The peer's sink when it has to leave what ours leaves: raw events and visitors in ClickHouse, by Arrow, a second's worth at a time."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from bytewax.outputs import DynamicSink, StatelessSinkPartition

from benchmarks.traffic import SITE
from flows.decode import SCHEMA
from flows.flush import event_rows
from sql.store import Store

if TYPE_CHECKING:
    from benchmarks.peer import Answers

EVERY_SECONDS = 1.0
VISITORS_TABLE = """
    CREATE TABLE IF NOT EXISTS peer_visitors ENGINE = ReplacingMergeTree(version) ORDER BY (site_id, visitor_id)
    AS SELECT site_id, visitor_id, version, visits, pageviews, stay_ms, cart_adds, orders, units, revenue, cart_units, cart_value,
        toString(environment) AS environment, page_url, first_landing_page, landing_page, toString(channel) AS channel,
        toUInt64(0) AS products, toUInt64(0) AS product_views, toUInt64(0) AS searches,
        toUInt64(0) AS visits_24h, toUInt64(0) AS pageviews_24h, toUInt64(0) AS orders_24h, toInt64(0) AS revenue_24h,
        toUInt64(0) AS visits_7d, toUInt64(0) AS pageviews_7d, toUInt64(0) AS orders_7d, toInt64(0) AS revenue_7d
    FROM visitors LIMIT 0
"""


class _Writer(StatelessSinkPartition[tuple[str, Any]]):
    def __init__(self, store: Store, answers: Answers) -> None:
        self._store, self._answers = store, answers
        self._events: list[dict[str, Any]] = []
        self._changed: dict[str, Any] = {}
        self._version, self._written_at = 0, time.monotonic()

    def write_batch(self, items: list[tuple[str, Any]]) -> None:
        answers = self._answers
        for visitor, told in items:
            self._events.append(told.event)
            self._changed[visitor] = told.card
            answers.members[visitor] = told.members
            answers.entries += told.entered.bit_count()
            answers.exits += told.left.bit_count()
        if time.monotonic() - self._written_at >= EVERY_SECONDS:
            self._write()

    def close(self) -> None:
        self._write()

    def _write(self) -> None:
        if self._events:
            self._version += len(self._events)
            self._store.insert("events", _events(self._events, self._version))
            self._store.insert("peer_visitors", _visitors(self._changed, self._version))
            self._answers.cards.update(self._changed)
        self._events, self._changed, self._written_at = [], {}, time.monotonic()


class StoreSink(DynamicSink[tuple[str, Any]]):
    """Writes events and cards; `answers` gets the newest card and membership of each visitor."""

    def __init__(self, store: Store, answers: Answers) -> None:
        self._store, self._answers = store, answers

    def build(self, step_id: str, worker_index: int, worker_count: int) -> _Writer:
        self._store.command(VISITORS_TABLE)
        return _Writer(self._store, self._answers)


def _events(events: list[dict[str, Any]], version: int) -> pa.Table:
    count = len(events)
    table = pa.Table.from_pylist(events, SCHEMA).drop_columns(["kind", "payload"])
    table = table.append_column("shard", pa.array(np.zeros(count, np.uint16)))
    numbers = np.arange(version - count, version, dtype=np.uint64)
    for name in ("log_offset", "dedup_key"):
        table = table.append_column(name, pa.array(numbers))
    return event_rows(table)


def _visitors(cards: Mapping[str, Any], version: int) -> pa.Table:
    columns = dict(zip(next(iter(cards.values()))._fields, map(list, zip(*cards.values(), strict=True)), strict=True))
    count = len(cards)
    return pa.table(
        {"site_id": [SITE] * count, "visitor_id": list(cards), "version": np.full(count, version, np.uint64), **columns}
    )
