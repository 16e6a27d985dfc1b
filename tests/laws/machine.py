"""Partitions, log and store in memory: the whole data path without processes, to be shuffled, crashed and restarted."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np
import orjson
import pyarrow as pa

from flows.partition import Outgoing, Partition, transaction_of
from flows.restore import restore
from flows.visitors.orders import Transaction
from flows.visitors.rows import load
from flows.visitors.seen import key_hashes

Row = dict[str, Any]


class Store:
    """Newest row of each key, as ClickHouse would answer with FINAL; also what a partition looks up."""

    def __init__(self, currencies: dict[str, str]) -> None:
        self.currencies = currencies
        self.tables: dict[str, dict[tuple[Any, ...], Row]] = {}

    KEYS: ClassVar = {
        "events": ("shard", "log_offset"),
        "rejected_events": ("shard", "log_offset"),
        "visitors": ("site_id", "visitor_id"),
        "visits": ("site_id", "visitor_id", "start"),
        "orders": ("site_id", "transaction_id"),
        "commits": ("partition", "from_offset"),
    }

    def insert(self, name: str, table: pa.Table) -> None:
        if name not in self.KEYS:
            return
        if name == "visitors":
            self.schema = table.schema
        rows = self.tables.setdefault(name, {})
        for row in table.to_pylist():
            key = tuple(row[c] for c in self.KEYS[name])
            version = row.get("version", row.get("to_offset", 0))
            if key not in rows or rows[key].get("version", rows[key].get("to_offset", 0)) <= version:
                rows[key] = row

    def rows(self, name: str) -> list[Row]:
        return list(self.tables.get(name, {}).values())

    # Lookup
    def visitors(self, shard: int, keys: Sequence[str]) -> pa.Table:
        wanted = {tuple(key.split("/", 1)) for key in keys}
        rows = [row for key, row in self.tables.get("visitors", {}).items() if key in wanted and row["shard"] == shard]
        return pa.Table.from_pylist(rows, self.schema)

    def transactions(self, shard: int, keys: Sequence[str]) -> dict[str, Transaction]:
        rows = self.tables.get("orders", {})
        found = {key: rows.get(tuple(key.split("/", 1))) for key in keys}
        return {key: transaction_of(row["version"], row["facts"]) for key, row in found.items() if row}

    def currency(self, site_id: str) -> str:
        return self.currencies.get(site_id, "")

    def sites(self, now: int) -> Sequence[str]:
        return list(self.currencies)


class Machine:
    """`partitions` of a log with their shards; `step` reads some records, `flush` writes, `crash` forgets what was not written."""

    def __init__(self, currencies: dict[str, str], partitions: int = 3, now: int = 0) -> None:
        self.count, self.now = partitions, now
        self.log: list[list[bytes]] = [[] for _ in range(partitions)]
        self.store = Store(currencies)
        self.partitions = [Partition(i, partitions, 0, self.store) for i in range(partitions)]

    def append(self, key: str, line: bytes) -> None:
        self.log[zlib.crc32(key.encode()) % self.count].append(line)

    def send(self, event: Row) -> None:
        self.append(f"{event['site_id']}/{event['visitor_id']}", orjson.dumps(event))

    def step(self, number: int, most: int) -> bool:
        """Read up to `most` records of a partition; False when there is none."""
        partition, log = self.partitions[number], self.log[number]
        lines = log[partition.offset : partition.offset + most]
        if not lines:
            return False
        offsets = np.arange(partition.offset, partition.offset + len(lines)) + 1
        self._send(partition.take(b"".join(line + b"\n" for line in lines), offsets, int(offsets[-1]), self.now))
        return True

    def _send(self, records: Sequence[Outgoing]) -> None:
        for record in records:
            self.append(record.key, record.line)

    def flush(self, number: int, upto: int | None = None) -> None:
        """Write what changed; `upto` tables only, to stop in the middle."""
        for name, rows in list(self.partitions[number].flush(self.now).tables())[:upto]:
            self.store.insert(name, rows)

    def crash(self, number: int) -> None:
        """Lose the partition's memory and start it from the store."""
        self.partitions[number] = self.restart(number)

    def restart(self, number: int) -> Partition:
        commits = [row["to_offset"] for row in self.store.rows("commits") if row["partition"] == number]
        offset = max(commits, default=0)
        partition = Partition(number, self.count, offset, self.store)
        rows = [row for row in self.store.rows("visitors") if row["shard"] == number]
        if rows:
            load(partition.shard, pa.Table.from_pylist(rows, self.store.schema), self.now)
        restore(
            partition,
            dormant=np.empty(0, np.uint64),
            seen=np.array(
                [
                    r["dedup_key"]
                    for r in self.store.rows("events")
                    if r["shard"] == number and r["log_offset"] <= offset
                ],
                np.uint64,
            ),
            transactions=key_hashes(
                f"{r['site_id']}/{r['transaction_id']}" for r in self.store.rows("orders") if r["shard"] == number
            ),
            now=self.now,
        )
        return partition

    def drain(self, most: int = 1000, each: Callable[[], None] | None = None) -> None:
        """Read everything, records between shards too, and write it."""
        busy = True
        while busy:
            busy = False
            for number in range(self.count):
                while self.step(number, most):
                    busy = True
            if each is not None:
                each()
        for number in range(self.count):
            self.flush(number)

    def rows(self) -> dict[tuple[str, str], Row]:
        """Visitors' rows, in the terms of the model: times as epoch ms, None only where the column is nullable."""
        return {(r["site_id"], r["visitor_id"]): plain(r) for r in self.store.rows("visitors")}


def plain(row: Row) -> Row:
    """A row with its times as epoch milliseconds."""

    def value(x: Any) -> Any:
        if isinstance(x, list):
            return [value(y) for y in x]
        return round(x.timestamp() * 1000) if hasattr(x, "timestamp") else x

    return {name: value(x) for name, x in row.items()}


IGNORED = {"shard", "version", "key_hash", "order_version"}


def differences(ours: dict[Any, Row], model: dict[Any, Row]) -> list[str]:
    """What differs, a line each; empty when equal."""
    found = [f"{key}: {'missing' if key in model else 'unexpected'}" for key in sorted(ours.keys() ^ model.keys())]
    for key in ours.keys() & model.keys():
        for name in sorted((ours[key].keys() | model[key].keys()) - IGNORED):
            a, b = ours[key].get(name, "absent"), model[key].get(name, "absent")
            if a != b:
                found.append(f"{key} {name}: {a!r} is not {b!r}")
    return found
