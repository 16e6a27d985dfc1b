"""The partitions of a process as they were committed: their visitors of the last 8 days in memory, keys of all others.

All are read together, so that the store reads its tables once, not once a partition.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flows.lookup import StoreLookup
from flows.partition import Partition
from flows.patience import patiently
from flows.restore import restore
from flows.visitors.limits import DAY, HORIZON
from flows.visitors.load import add, keys_of
from flows.visitors.people import people_keys_of
from flows.visitors.tables import Hashes
from sql.store import Store, StoreUnavailable

EPOCH = pa.scalar(0, pa.timestamp("ms", "UTC"))

ROWS_AT_ONCE = 100_000
"""Rows of visitors held besides the state they become."""


class Opening:
    """Opens the partitions that were expected until then all at once, when the first of them is asked for. For many threads."""

    def __init__(self, store: Store, lookup: StoreLookup, partitions: int, clock: Callable[[], int]) -> None:
        """`partitions` of the log; `clock` tells epoch milliseconds."""
        self._store, self._lookup, self._partitions, self._clock = store, lookup, partitions, clock
        self._lock = threading.Lock()
        self._expected: dict[int, int] = {}
        self._ready: dict[int, Partition] = {}

    def expect(self, number: int, offset: int) -> None:
        """Say that a partition will be asked for, as it was committed at `offset`."""
        with self._lock:
            self._expected[number] = offset

    def open(self, number: int, offset: int) -> Partition:
        """The partition; once. Waits while the store is away."""
        with self._lock:
            if number not in self._ready:
                offsets = self._expected | {number: offset}
                self._expected = {}
                self._ready |= open_partitions(self._store, self._lookup, self._partitions, offsets, self._clock())
            return self._ready.pop(number)


def open_partitions(
    store: Store, lookup: StoreLookup, partitions: int, offsets: Mapping[int, int], now: int
) -> dict[int, Partition]:
    """Some of the log's `partitions`, each as it was committed at its offset. Waits while the store is away."""
    return patiently("load visitors", lambda: _opened(store, lookup, partitions, offsets, now))


def _opened(
    store: Store, lookup: StoreLookup, partitions: int, offsets: Mapping[int, int], now: int
) -> dict[int, Partition]:
    opened = {number: Partition(number, partitions, offset, lookup) for number, offset in offsets.items()}
    shards = {"shards": list(offsets)}
    since = {**shards, "since": now - HORIZON}
    wanted = store.rows("shard_visitors_count", since)[0]["visitors"]
    found = 0
    later: list[pa.Table] = []
    for rows in _gathered(store.arrow_parts("shard_visitors", since), ROWS_AT_ONCE):
        found += len(rows)
        of_person, of_later_stint = (
            np.array(pc.equal(rows["visitor_id"], "")),
            np.array(pc.greater(rows["stint_start"], EPOCH)),
        )
        later.append(rows.filter(pa.array(of_later_stint)))
        for number, part in _by_shard(rows.filter(pa.array(of_person))):
            opened[number].people.load(part, now)
            opened[number].judge.load_members(people_keys_of(part), part)
        for number, part in _by_shard(rows.filter(pa.array(~of_person & ~of_later_stint))):
            _add(opened[number], part, now)
    if later:
        for number, part in _by_shard(pa.concat_tables(later)):
            _add(opened[number], part, now)
    if found != wanted:  # an answer that was cut off looks like one that is at its end
        raise StoreUnavailable(f"{found:,} of {wanted:,} visitors came", "away")
    dormant = dict(_by_shard(store.arrow("shard_dormant", since)))
    transactions = dict(_by_shard(store.arrow("shard_transactions", shards)))
    for number, partition in opened.items():
        covered = {"shard": number, "offset": offsets[number], "until": now + DAY}
        restore(
            partition,
            dormant=_dormant(dormant.get(number), of_person=False),
            dormant_people=_dormant(dormant.get(number), of_person=True),
            seen=_hashes(store.arrow("shard_seen", covered), "dedup_key"),
            transactions=_hashes(transactions.get(number), "key_hash"),
            now=now,
        )
    return opened


def _add(partition: Partition, rows: pa.Table, now: int) -> None:
    add(partition.shard, rows, now)
    partition.judge.load_visitors(keys_of(rows), rows)


def _gathered(parts: Iterable[pa.Table], size: int) -> Iterator[pa.Table]:
    """Tables joined until they have `size` rows."""
    waiting: list[pa.Table] = []
    for part in parts:
        waiting.append(part)
        if sum(map(len, waiting)) >= size:
            yield pa.concat_tables(waiting)
            waiting = []
    if waiting:
        yield pa.concat_tables(waiting)


def _by_shard(rows: pa.Table) -> Iterator[tuple[int, pa.Table]]:
    """The rows of each shard."""
    shard = rows["shard"].combine_chunks().to_numpy()
    order = np.argsort(shard, kind="stable")
    numbers, starts = np.unique(shard[order], return_index=True)
    for number, first, last in zip(numbers.tolist(), starts, [*starts[1:], len(order)], strict=False):
        yield number, rows.take(pa.array(order[first:last]))


def _dormant(table: pa.Table | None, *, of_person: bool) -> Hashes:
    wanted = None if table is None else table.filter(pc.equal(table["of_person"].cast(pa.bool_()), of_person))
    return _hashes(wanted, "key_hash")


def _hashes(table: pa.Table | None, column: str) -> Hashes:
    if table is None:
        return np.empty(0, np.uint64)
    found: Hashes = table[column].combine_chunks().to_numpy().astype(np.uint64)
    return found
