"""Partitions over a log in memory and a real ClickHouse: read, write, die in the middle of a write, start again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from flows.lookup import StoreLookup, offset_of
from flows.opening import open_partitions
from flows.records import Outgoing
from flows.visitors.rows import TIME
from flows.writer import partition_of
from ingest.log.log import Block, EventLog
from sql.migrate import migrate
from sql.store import Store
from tests.laws.events import CURRENCIES
from tests.laws.machine import plain

Row = dict[str, Any]


class DenseLog:
    """A log whose offsets are 1, 2, 3 ... in each partition, the smallest there can be. `trimmed`: its start."""

    def __init__(self, partitions: int) -> None:
        self.partitions, self.trimmed = partitions, 0
        self.lines: list[list[bytes]] = [[] for _ in range(partitions)]

    def append(self, records: Sequence[tuple[int, bytes]]) -> None:
        for partition, line in records:
            self.lines[partition].append(line)

    def read(self, partition: int, offset: int, max_bytes: int) -> Block:
        lines = self.lines[partition][offset : offset + max(1, max_bytes // 400)]
        offsets = np.arange(offset + 1, offset + len(lines) + 1)
        return Block(b"".join(line + b"\n" for line in lines), offsets, offset + len(lines))

    def start(self, partition: int) -> int:
        return self.trimmed

    def end(self, partition: int) -> int:
        return len(self.lines[partition])

    def ends(self) -> list[int]:
        return [self.end(partition) for partition in range(self.partitions)]

    def count(self, partition: int, after: int, upto: int) -> int:
        return upto - after

    def close(self) -> None:
        pass


class Shop:
    """The flow's parts without Bytewax. `now` is the clock."""

    def __init__(self, url: str, database: str, log: EventLog) -> None:
        self.store, self.log, self.now = Store(url, database), log, 0
        migrate(self.store, 0)
        epoch = datetime(1970, 1, 1, tzinfo=UTC)
        sites = [
            {"site_id": s, "name": s, "currency": c, "timezone": "UTC", "created_at": epoch, "version": 1}
            for s, c in CURRENCIES.items()
        ]
        self.store.insert("sites", pa.Table.from_pylist(sites))
        self.start()

    def start(self) -> None:
        """All partitions, as they were committed."""
        self.lookup = StoreLookup(self.store, lambda: None)
        self.partitions = [self._opened(number) for number in range(self.log.partitions)]

    def _opened(self, number: int) -> Any:
        offset = offset_of(self.store, number)
        return open_partitions(self.store, self.lookup, self.log.partitions, {number: offset}, self.now)[number]

    def define(self, segment_id: str, expression: Any, **more: Any) -> None:
        """Save a segment of site alpha."""
        row = {"site_id": "alpha", "segment_id": segment_id, "version": 1, "name": segment_id, "created_at": self.now}
        row |= {"expression": json.dumps(expression), "deleted": 0, "fire_for_current": False, **more}
        kinds = {"version": pa.uint32(), "created_at": TIME, "deleted": pa.uint8(), "fire_for_current": pa.bool_()}
        fields = [(name, kinds.get(name, pa.string())) for name in row]
        self.store.insert("segments", pa.Table.from_pylist([row], pa.schema(fields)))

    def send(self, event: Row) -> None:
        self.now = max(self.now, event["received_at"])
        self._append([Outgoing(f"{event['site_id']}/{event['visitor_id']}", orjson.dumps(event))])

    def _append(self, records: Sequence[Outgoing]) -> None:
        self.log.append([(partition_of(r.key, self.log.partitions), r.line) for r in records])

    def step(self, number: int, max_bytes: int) -> bool:
        """Read some records of a partition; False when there is none."""
        partition = self.partitions[number]
        block = self.log.read(number, partition.offset, max_bytes)
        if len(block.offsets):
            self._append(partition.take(block.lines, block.offsets, block.next_offset, self.now))
        return bool(len(block.offsets))

    def flush(self, number: int, upto: int | None = None) -> None:
        """Write what changed; `upto` tables only, to stop in the middle."""
        flush = self.partitions[number].flush(self.now)
        self._append(flush.records)
        for name, rows in [(name, rows) for name, rows in flush.tables() if name != "rollups"][:upto]:
            self.store.insert(name, rows)

    def crash(self, number: int) -> None:
        """Lose a partition's memory and start it from the store."""
        self.partitions[number] = self._opened(number)

    def play(self, events: Sequence[Row], rng: np.random.Generator) -> None:
        """Send events; partitions read and write now and then, and now and then one dies in the middle of it."""
        for event in events:
            self.send(event)
            if rng.random() < 0.08:
                number = int(rng.integers(self.log.partitions))
                self.step(number, int(rng.integers(1, 30)) * 400)
                if rng.random() < 0.25:
                    self.flush(number, upto=int(rng.integers(0, 6)))
                    self.crash(number)
                elif rng.random() < 0.6:
                    self.flush(number)

    def drain(self) -> None:
        """Read everything, records between shards too, and write it."""
        while any(self.step(number, 1 << 20) for number in range(self.log.partitions)):
            pass
        for number in range(self.log.partitions):
            self.flush(number)
        if any(partition.offset < self.log.end(partition.number) for partition in self.partitions):
            self.drain()  # parts that the flushes sent

    def rows(self, table: str, *key: str) -> dict[tuple[Any, ...], Row]:
        """Newest rows of a table by key, times as epoch ms; an order's facts as a sorted list of whose they are."""
        found = {}
        for row in map(plain, self.store.arrow_of(f"SELECT * FROM {table} FINAL").to_pylist()):
            if "facts" in row:
                row["facts"] = sorted((f["visitor_id"], f["event_id"]) for f in orjson.loads(row["facts"]))
            found[tuple(row[column] for column in key)] = row
        return found

    def state(self) -> dict[str, dict[tuple[Any, ...], Row]]:
        """All that a rebuild recomputes; of folded visits those that are told (view current_visits)."""
        visitors = self.rows("visitors", "site_id", "visitor_id", "stint_start", "person")
        visitors = {key: row for key, row in visitors.items() if not row["gone"]}
        for row in visitors.values():
            del row["part_row"], row["part_version"], row["latest_seen"]
        last_seen = {key[:3]: row["last_seen"] for key, row in visitors.items()}
        return {
            "visitors": visitors,
            "orders": self.rows("orders", "site_id", "transaction_id"),
            "visits": {
                key: row
                for key, row in self.rows("visits", "site_id", "visitor_id", "start").items()
                if row["end"] < last_seen.get((*key[:2], row["stint_start"]), 0) - 8 * 86_400_000
            },
        }
