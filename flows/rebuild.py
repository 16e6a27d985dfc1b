"""Recompute `visitors`, `visits` and `orders` beside the live tables, from the log or from `events`, and swap them in.

The target is what each partition has committed: the flow, which must not run meanwhile, goes on from there as if nothing
had happened. Until the swap the live tables are not touched; `events`, `rejected_events`, `commits` and `rollups` never are.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, suppress
from typing import IO, Protocol

import numpy as np
import orjson
import pyarrow as pa

from flows.decode import Internal, decode, stretches
from flows.lookup import Commit, commits_of, past_events
from flows.members import member_of
from flows.parts import part_of, parts_of
from flows.patience import patiently
from flows.rebuild_replay import TABLES, Pace, RebuiltLookup, Replay, Replayed, rebuilt
from flows.records import Outgoing
from flows.visitors.batch import Bools
from flows.visitors.seen import Seen
from flows.visitors.tables import Hashes, Ints
from flows.writer import partition_of
from ingest.log.log import Block, EventLog, OffsetOutOfRange
from ingest.members import KIND as MEMBER
from ingest.members import member_key, member_line
from sql.store import Store

BLOCK_BYTES = 8 << 20
SPOOL_BYTES = 8 << 20
"""Records between shards a partition keeps in memory; more of them wait in a temporary file."""

FactKey = tuple[str, str, str, str]  # site, transaction, visitor, event


class RebuildRefused(Exception):
    """It cannot be done now, and nothing was changed. `advice`: what to do."""

    def __init__(self, what: str, advice: str) -> None:
        super().__init__(what)
        self.what, self.advice = what, advice


class Progress(Protocol):
    """Told how far it is."""

    def begin(self, step: str, total: int) -> None:
        """A step of `total` units (offsets or records) begins."""

    def advance(self, units: int, records: int) -> None:
        """So many more units are done, with so many records."""


def from_log(log: EventLog, store: Store, targets: dict[int, Commit], progress: Progress, pace: Pace) -> None:
    """Fill the tables beside the live ones from the log. Raises RebuildRefused if it does not begin at its beginning.

    Records between shards stand in the log, so what a partition makes for others is dropped.
    """
    _require_reach(log, targets)
    for number in targets:
        if log.start(number) > 0:
            raise RebuildRefused(
                f"The log of partition {number} was trimmed: it begins at offset {log.start(number):,}, not at 0.",
                "Rebuild from the raw events instead: sonnim rebuild --from events",
            )
    _start(store)
    progress.begin("log", sum(target.to_offset for target in targets.values()))
    lookup = RebuiltLookup(store)
    for number, target in targets.items():
        replay = Replay(store, Replayed(number, log.partitions, lookup), pace)
        read = 0
        for block in _blocks(log, number, 0, target.to_offset):
            for lines, offsets in stretches(block.lines, block.offsets, pace.stretch):
                replay.take(lines, offsets)
                progress.advance(int(offsets[-1]) - read, len(offsets))
                read = int(offsets[-1])
        progress.advance(target.to_offset - read, 0)
        replay.write()


def from_events(log: EventLog, store: Store, targets: dict[int, Commit], progress: Progress, pace: Pace) -> None:
    """Fill the tables beside the live ones from tables `events` and `member_data`; of the log only what no commit covers yet is read.

    First every partition's events, one partition after another; then the facts they make, as orders; then the orders, to
    their visitors; then members' stints and data, to their people. A fact that still waits in the log for its partition is left out: it
    comes when the flow goes on. A part that waits there is in its person already: then it changes nothing.
    """
    _require_reach(log, targets)
    waiting = {number: waiting_facts(log, number, target.to_offset) for number, target in targets.items()}
    _start(store)
    with ExitStack() as files:

        def spools() -> list[_Spool]:
            return [_Spool(files) for _ in range(log.partitions)]

        facts, orders = spools(), spools()
        progress.begin("events", sum(target.to_offset for target in targets.values()))
        lookup = RebuiltLookup(store)
        for number, target in targets.items():
            partition = Replayed(number, log.partitions, lookup)
            partition.shard.seen = _Unseen()
            replay = Replay(store, partition, pace)
            read = 0
            for lines, offsets in _event_lines(store, number, target.to_offset, pace.stretch):
                _route(replay.take(lines, offsets), facts, lambda to, line: fact_key(line) not in waiting.get(to, ()))
                progress.advance(int(offsets[-1]) - read, len(offsets))
                read = int(offsets[-1])
            progress.advance(target.to_offset - read, 0)
            replay.write()

        progress.begin("orders", sum(spool.records for spool in facts))
        for number in targets:
            replay = Replay(store, Replayed(number, log.partitions, lookup), pace)
            for lines, offsets in facts[number].read(pace.stretch):
                # offsets of the spool stay below those of the log: a fact is a record of this partition before its commit
                _route(replay.take(lines, offsets), orders)
                progress.advance(len(offsets), len(offsets))
            replay.write()

        progress.begin("orders of visitors", sum(spool.records for spool in orders))
        afresh = RebuiltLookup(store, afresh=True)
        for number, target in targets.items():
            partition = Replayed(number, log.partitions, afresh)
            partition.shard.dormant.insert(_known(store, number))
            replay = Replay(store, partition, pace, finished_at=target.to_offset)
            for lines, offsets in orders[number].read(pace.stretch):
                replay.take(lines, offsets)
                progress.advance(len(offsets), len(offsets))
            replay.write()

        parts = spools()
        for number in targets:
            rows = _rebuilt_parts(store, number)
            _route(parts_of(rows, _told_of(rows)), parts)
            _route(_member_data(store, number, targets[number].to_offset), parts)
        progress.begin("people", sum(spool.records for spool in parts))
        for number, target in targets.items():
            replay = Replay(store, Replayed(number, log.partitions, afresh), pace, finished_at=target.to_offset)
            for lines, offsets in parts[number].read(pace.stretch):
                replay.take(lines, offsets)
                progress.advance(len(offsets), len(offsets))
            replay.write()


def swap(store: Store, targets: dict[int, Commit]) -> None:
    """Put the rebuilt tables in the place of the live ones and drop those. Raises RebuildRefused if the flow has run."""
    require_still(store, targets)
    for number in targets:
        store.command(store.text("rebuild_segments"), {"shard": number})
    for name in ("visits", "visitors", "orders"):
        store.command(store.text(f"rebuild_forget_{name}"))
    store.command(store.text("rebuild_swap"))
    discard(store)


def require_still(store: Store, targets: dict[int, Commit]) -> None:
    """Raise RebuildRefused if a partition has committed since."""
    if commits_of(store) != targets:
        raise RebuildRefused(
            "The flow runs: it has written since the rebuild began.", "Stop the flow on every machine, then try again."
        )


def discard(store: Store) -> None:
    """Drop what stands beside the live tables."""
    for name in TABLES:
        store.command(store.text("rebuild_drop"), {"table": rebuilt(name)})


def waiting_people(log: EventLog, targets: Mapping[int, Commit]) -> set[tuple[str, str]]:
    """People, as (site, member id), who have parts or data in the log after their partition's commit."""
    found = set()
    for number, target in targets.items():
        for block in _blocks(log, number, target.to_offset, log.end(number)):
            for record in decode(block.lines, block.offsets).internal:
                if record.kind in ("part", MEMBER):
                    with suppress(ValueError, KeyError, TypeError):  # the flow will put it with the rejected ones
                        told = member_of(record.payload, 0, 0) if record.kind == MEMBER else part_of(record.payload, 0)
                        site_id, _, member = told.key.partition("/")
                        found.add((site_id, member))
    return found


def waiting_facts(log: EventLog, number: int, committed: int) -> set[FactKey]:
    """Order facts that stand in a partition's log after its commit."""
    found = set()
    for block in _blocks(log, number, committed, log.end(number)):
        for record in decode(block.lines, block.offsets).internal:
            if record.kind == "order_fact" and (key := _key_of(record)):
                found.add(key)
    return found


def fact_key(line: bytes) -> FactKey | None:
    """What an order fact's record is known by."""
    record = orjson.loads(line)
    return _key_of(Internal(record["kind"], 0, record["site_id"], 0, record["payload"]))


def _key_of(record: Internal) -> FactKey | None:
    try:
        fact = orjson.loads(record.payload)
        return fact["site_id"], fact["transaction_id"], fact["visitor_id"], fact["event_id"]
    except (ValueError, KeyError, TypeError):
        return None  # the flow will put it with the rejected ones


class _Unseen(Seen):
    """What is in `events` was found to be no repeat when it was accepted: it is not asked again."""

    def add(self, keys: Hashes, received_at: int) -> Bools:
        return np.ones(len(keys), np.bool_)


class _Spool:
    """Records for one partition, kept until its turn."""

    def __init__(self, files: ExitStack) -> None:
        spool = tempfile.SpooledTemporaryFile(SPOOL_BYTES)  # noqa: SIM115 - the stack closes it
        self._file: IO[bytes] = files.enter_context(spool)
        self.records = 0

    def add(self, line: bytes) -> None:
        """Keep a record."""
        self._file.write(line + b"\n")
        self.records += 1

    def read(self, most: int) -> Iterator[tuple[bytes, Ints]]:
        """All records in stretches of at most `most`, with offsets 1, 2, 3 ..."""
        self._file.seek(0)
        for first in range(0, self.records, most):
            count = min(most, self.records - first)
            yield b"".join(self._file.readline() for _ in range(count)), np.arange(first + 1, first + count + 1)


def _route(
    records: Iterable[Outgoing], spools: list[_Spool], wanted: Callable[[int, bytes], bool] | None = None
) -> None:
    for record in records:
        to = partition_of(record.key, len(spools))
        if wanted is None or wanted(to, record.line):
            spools[to].add(record.line)


def _start(store: Store) -> None:
    discard(store)
    for name in TABLES:
        store.command(store.text(f"rebuild_create_{name}"))


def _require_reach(log: EventLog, targets: dict[int, Commit]) -> None:
    for number, target in targets.items():
        if number >= log.partitions:
            raise RebuildRefused(
                f"Partition {number} has a commit, but the log has {log.partitions} partitions only.",
                "Name the log these tables were made from.",
            )
        if target.to_offset > log.end(number):
            raise RebuildRefused(
                f"Partition {number} is committed up to offset {target.to_offset:,}, "
                f"but its log ends at {log.end(number):,}.",
                "Name the log these tables were made from, or bring its files back.",
            )


def _blocks(log: EventLog, number: int, after: int, upto: int) -> Iterator[Block]:
    """A partition's records after one offset, up to and with another."""
    while after < upto:
        try:
            block = patiently("read the log", lambda after=after: log.read(number, after, BLOCK_BYTES))  # type: ignore[misc]
        except OffsetOutOfRange as error:
            raise RebuildRefused(f"The log cannot be read on: {error}.", "sonnim doctor looks closer.") from None
        if block.next_offset <= after:
            return
        after = block.next_offset
        yield _until(block, upto)


def _until(block: Block, upto: int) -> Block:
    count = int(np.searchsorted(block.offsets, upto, side="right"))
    if count == len(block.offsets):
        return block
    ends = np.flatnonzero(np.frombuffer(block.lines, np.uint8) == ord("\n")) + 1
    return Block(block.lines[: int(ends[count - 1]) if count else 0], block.offsets[:count], upto)


def _event_lines(store: Store, number: int, upto: int, most: int) -> Iterator[tuple[bytes, Ints]]:
    after = 0
    while True:
        lines, offsets = past_events(store, number, after, upto, most)
        if not len(offsets):
            return
        yield lines, offsets
        after = int(offsets[-1])


def _rebuilt_parts(store: Store, number: int) -> pa.Table:
    return patiently("read rebuilt visitors", lambda: store.arrow("rebuild_parts", {"shard": number}))


def _member_data(store: Store, number: int, upto: int) -> Iterator[Outgoing]:
    """The records of members' data of a shard, up to its commit, as lines of the log again."""
    about = {"shard": number, "upto": upto}
    for row in patiently("read members' data", lambda: store.rows("rebuild_member_data", about)):
        told = orjson.loads(row["told"])
        line = member_line(row["site_id"], row["member_id"], row["received_at"], row["as_of"], told)
        yield Outgoing(member_key(row["site_id"], row["member_id"]), line)


def _told_of(rows: pa.Table) -> dict[tuple[str, str], int]:
    columns = (rows[name].to_pylist() for name in ("site_id", "visitor_id", "member_id", "version"))
    told: dict[tuple[str, str], int] = {}
    for site_id, visitor_id, member_id, version in zip(*columns, strict=True):
        whose = f"{site_id}/{visitor_id}", member_id
        told[whose] = max(version, told.get(whose, 0))
    return told


def _known(store: Store, number: int) -> Hashes:
    table = patiently("load visitors", lambda: store.arrow("rebuild_known", {"shard": number}))
    hashes: Hashes = table["key_hash"].combine_chunks().to_numpy().astype(np.uint64)
    return hashes
