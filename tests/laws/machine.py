"""Partitions, log and store in memory: the whole data path without processes, to be shuffled, crashed and restarted."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

import numpy as np
import orjson
import pyarrow as pa

from flows.decode import Decoded, decode
from flows.membership.definitions import Registry
from flows.membership.memberships import COLUMNS
from flows.membership.transitions import Transition
from flows.partition import Partition, transaction_of
from flows.records import Outgoing
from flows.restore import restore
from flows.visitors.load import keys_of, load
from flows.visitors.orders import Transaction
from flows.visitors.people import people_keys_of
from flows.visitors.seen import key_hashes
from tests.laws.members import NOTHING_TOLD

Row = dict[str, Any]


NO_STINT = datetime.fromtimestamp(0, UTC)


class Store:
    """Newest row of each key, as ClickHouse would answer with FINAL; also what a partition looks up."""

    def __init__(self, currencies: dict[str, str]) -> None:
        self.currencies = currencies
        self.definitions = Registry()
        self.tables: dict[str, dict[tuple[Any, ...], Row]] = {}

    KEYS: ClassVar = {
        "events": ("shard", "log_offset"),
        "rejected_events": ("shard", "log_offset"),
        "visitors": ("site_id", "visitor_id", "stint_start", "person"),
        "visits": ("site_id", "visitor_id", "start"),
        "orders": ("site_id", "transaction_id"),
        "commits": ("partition", "from_offset"),
    }

    def insert(self, name: str, table: pa.Table) -> None:
        if name not in self.KEYS:
            return
        if name == "visitors":
            if "person" not in table.column_names:
                self.schema = table.schema
            else:
                self.schema_of_people = table.schema
        rows = self.tables.setdefault(name, {})
        for row in table.to_pylist():
            if name == "visitors":
                row = {"stint_start": NO_STINT, "person": "", **row}
            key = tuple(row[c] for c in self.KEYS[name])
            version = row.get("version", row.get("to_offset", 0))
            if key not in rows or rows[key].get("version", rows[key].get("to_offset", 0)) <= version:
                rows[key] = row

    def rows(self, name: str) -> list[Row]:
        return list(self.tables.get(name, {}).values())

    # Lookup
    def visitors(self, shard: int, keys: Sequence[str]) -> pa.Table:
        wanted = {tuple(key.split("/", 1)) for key in keys}
        rows = self.tables.get("visitors", {}).items()
        return pa.Table.from_pylist(
            [row for key, row in rows if key[:2] in wanted and row["shard"] == shard], self.schema
        )

    def people(self, shard: int, keys: Sequence[str]) -> pa.Table:
        wanted = {tuple(key.split("/", 1)) for key in keys}
        rows = self.tables.get("visitors", {}).items()
        rows_of_people = [row for key, row in rows if key[3] and (key[0], key[3]) in wanted and row["shard"] == shard]
        return pa.Table.from_pylist(rows_of_people, self.schema_of_people)

    def events(self, shard: int, keys: Sequence[str], upto: int) -> Decoded:
        wanted = {tuple(key.split("/", 1)) for key in keys}
        rows = [
            row
            for row in self.rows("events")
            if row["shard"] == shard and row["log_offset"] <= upto and (row["site_id"], row["visitor_id"]) in wanted
        ]
        offsets = np.array([row["log_offset"] for row in rows], np.int64)
        return decode(b"".join(orjson.dumps(log_event(plain(row))) + b"\n" for row in rows), offsets)

    def transactions(self, shard: int, keys: Sequence[str]) -> dict[str, Transaction]:
        rows = self.tables.get("orders", {})
        found = {key: rows.get(tuple(key.split("/", 1))) for key in keys}
        return {key: transaction_of(row["version"], row["facts"]) for key, row in found.items() if row}

    def registry(self, now: int) -> Registry:
        return self.definitions

    def sleepers(self, shard: int, now: int) -> tuple[list[str], list[str]]:
        return [], []

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

    def fire(self, transitions: Sequence[Transition]) -> None:
        """Take entries into segments and exits into their log: there is none here."""

    def hand_over(self, number: int) -> None:
        """Send what changed of members' stints, as the flow does a moment after it read."""
        self._send(self.partitions[number].hand_over())

    def flush(self, number: int, upto: int | None = None, told: int | None = None) -> None:
        """Send and write what changed; `upto` tables only, or none and `told` records only, to stop in the middle."""
        flush = self.partitions[number].flush(self.now)
        self._send(flush.records[:told])
        self.fire(flush.transitions)
        for name, rows in list(flush.tables())[: upto if told is None else 0]:
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
            stints = [row for row in rows if not row["person"]]
            people = [row for row in rows if row["person"]]
            if stints:
                table = pa.Table.from_pylist(stints, self.store.schema)
                load(partition.shard, table, self.now)
                partition.judge.load_visitors(keys_of(table), table)
            if people:
                table = pa.Table.from_pylist(people, self.store.schema_of_people)
                partition.people.load(table, self.now)
                partition.judge.load_members(people_keys_of(table), table)
        restore(
            partition,
            dormant=np.empty(0, np.uint64),
            dormant_people=np.empty(0, np.uint64),
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
        if any(self.partitions[number].offset < len(self.log[number]) for number in range(self.count)):
            self.drain(most)  # parts that the flushes sent

    def rows(self) -> dict[tuple[str, str, int], Row]:
        """Rows of stints by (site_id, visitor_id, stint_start), in the terms of the model: times as epoch ms, None only where the
        column is nullable."""
        rows = [row for row in self.store.rows("visitors") if not row["person"] and not row["gone"]]
        return {(r["site_id"], r["visitor_id"], plain(r)["stint_start"]): plain(r) for r in rows}

    def people(self) -> dict[tuple[str, str], Row]:
        """Members' rows, by site and member id."""
        rows = [row for row in self.store.rows("visitors") if row["person"] and not row["gone"]]
        return {(r["site_id"], r["person"]): plain(r) for r in rows}


def log_event(row: Row) -> Row:
    """A row of `events` as a record of the log."""
    items = {name.removeprefix("items."): row[name] for name in row if name.startswith("items.")}
    told = {name: value for name, value in row.items() if not name.startswith("items.") and value not in ("", None)}
    lines = [dict(zip(items, line, strict=True)) for line in zip(*items.values(), strict=True)]
    kept = [{name: value for name, value in line.items() if value not in ("", None)} for line in lines]
    return {**{name: told[name] for name in told if name not in ("shard", "log_offset", "dedup_key")}, "items": kept}


def plain(row: Row) -> Row:
    """A row with its times as epoch milliseconds."""

    def value(x: Any) -> Any:
        if isinstance(x, list):
            return [value(y) for y in x]
        return round(x.timestamp() * 1000) if hasattr(x, "timestamp") else x

    return {name: value(x) for name, x in row.items()}


IGNORED = {
    *("shard", "version", "key_hash", "order_version", "latest_seen"),  # of the log and of earlier versions
    *("part_visitor", "part_start", "part_version", "part_row"),  # the parts themselves
    *COLUMNS,  # of segments: they depend on when people were judged
    *("profile", *NOTHING_TOLD),  # what shops tell of members
}
OF_TIES = {"stint_end", "logout_at"}
"""Columns of a stint's row that a person's row has no use for."""


def differences(ours: dict[Any, Row], model: dict[Any, Row], ignored: set[str] = IGNORED) -> list[str]:
    """What differs, a line each; empty when equal."""
    found = [f"{key}: {'missing' if key in model else 'unexpected'}" for key in sorted(ours.keys() ^ model.keys())]
    for key in ours.keys() & model.keys():
        for name in sorted((ours[key].keys() | model[key].keys()) - ignored):
            a, b = ours[key].get(name, "absent"), model[key].get(name, "absent")
            if a != b:
                found.append(f"{key} {name}: {a!r} is not {b!r}")
    return found
