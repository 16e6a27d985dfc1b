"""What a partition reads from the store: at its start, and for visitors and transactions that are not in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
import pyarrow as pa

from flows.cadence import due
from flows.decode import Decoded, decode
from flows.membership.definitions import Registry, registry_of
from flows.partition import transaction_of
from flows.patience import patiently
from flows.segments.predicate import ONLINE_MINUTES
from flows.visitors.limits import HORIZON
from flows.visitors.orders import Transaction
from flows.visitors.tables import Ints
from sql.store import Store

DEFINITIONS_AGE = 500
"""Milliseconds until saved segments are read again: less than it takes until they count."""

SLEEPERS_AGE = 10_000
"""Milliseconds until the store is asked again whose time comes of those who are not in memory."""

SLEEPERS = 5_000
"""So many of them a shard at once."""

T = TypeVar("T")

SITES_AGE = 5_000
"""Milliseconds until the list of sites is read again."""


EVERYTHING = 1 << 40
"""More events than a visitor has."""

AT_ONCE = 500
"""Keys in one query: ClickHouse bounds the size of a query's parameters."""


class StoreLookup:
    """`flows.partition.Lookup` over ClickHouse, for all partitions of a worker; waits while it is away."""

    VISITORS, PEOPLE, FACTS = "shard_lookup", "shard_people_lookup", "shard_transaction_facts"

    def __init__(
        self, store: Store, settle: Callable[[], None] = lambda: None, online_minutes: int = ONLINE_MINUTES
    ) -> None:
        """`settle` waits until the rows that may be looked up are written; `online_minutes`: of segments that ask who is online."""
        self._store, self._settle, self._online_minutes = store, settle, online_minutes
        self._currencies: dict[str, str] = {}
        self._read_at = 0
        self._registry = Registry()
        self._defined: list[dict[str, Any]] = []
        self._definitions = Refreshed(self._read_definitions, DEFINITIONS_AGE)
        self._sleepers = Refreshed(self._read_sleepers, SLEEPERS_AGE)

    def visitors(self, shard: int, keys: Sequence[str]) -> pa.Table:
        """Rows of table `visitors` for keys `site_id/visitor_id` (at least one)."""
        self._settle()
        return pa.concat_tables([self._visitors(part) for part in batched(keys, AT_ONCE)])

    def transactions(self, shard: int, keys: Sequence[str]) -> dict[str, Transaction]:
        """What is known of transactions, by key `site_id/transaction_id`."""
        self._settle()
        rows = [row for part in batched(keys, AT_ONCE) for row in self._facts(part)]
        return {f"{r['site_id']}/{r['transaction_id']}": transaction_of(r["version"], r["facts"]) for r in rows}

    def people(self, shard: int, keys: Sequence[str]) -> pa.Table:
        """Rows of people for keys `site_id/member_id` (at least one)."""
        self._settle()
        return pa.concat_tables([self._people(part) for part in batched(keys, AT_ONCE)])

    def events(self, shard: int, keys: Sequence[str], upto: int) -> Decoded:
        """The events of some visitors of a shard that are written, up to an offset of its log, once each."""
        self._settle()
        parts = [past_events(self._store, shard, 0, upto, EVERYTHING, part) for part in batched(keys, AT_ONCE)]
        offsets = np.concatenate([offsets for _, offsets in parts])
        return decode(b"".join(lines for lines, _ in parts), offsets)

    def _people(self, keys: Sequence[str]) -> pa.Table:
        sites, members = split_keys(keys)
        params = {"sites": sites, "members": members}
        return patiently("look up people", lambda: self._store.arrow(self.PEOPLE, params))

    def _visitors(self, keys: Sequence[str]) -> pa.Table:
        sites, visitors = split_keys(keys)
        params = {"sites": sites, "visitors": visitors}
        return patiently("look up visitors", lambda: self._store.arrow(self.VISITORS, params))

    def _facts(self, keys: Sequence[str]) -> list[dict[str, Any]]:
        sites, transactions = split_keys(keys)
        params = {"sites": sites, "transactions": transactions}
        return patiently("look up orders", lambda: self._store.rows(self.FACTS, params))

    def sleepers(self, shard: int, now: int) -> tuple[list[str], list[str]]:
        """People of a shard who are not in memory and have to be judged about now: keys of visitors, and of members. Asked for all
        shards at once, every SLEEPERS_AGE."""
        return self._sleepers.get(now).pop(shard, ([], []))

    def _read_sleepers(self, now: int) -> dict[int, tuple[list[str], list[str]]]:
        moments = {site_id: int(site.sweep_from(now)) for site_id, site in self._registry.sites.items()}
        if not moments:
            return {}
        about = {
            "since": now - HORIZON,
            "upto": now + SLEEPERS_AGE,
            "sites": list(moments),
            "moments": list(moments.values()),
        }
        rows = patiently("look for sleepers", lambda: self._store.rows("sleepers", {**about, "most": SLEEPERS}))
        found: dict[int, tuple[list[str], list[str]]] = {}
        for row in rows:
            keys = found.setdefault(row["shard"], ([], []))
            keys[bool(row["person"])].append(f"{row['site_id']}/{row['person'] or row['visitor_id']}")
        return found

    def currency(self, site_id: str) -> str:
        """The site's currency; a site not known yet is looked for again."""
        if site_id not in self._currencies:
            self._read_sites()
        return self._currencies.get(site_id, "")

    def sites(self, now: int) -> Sequence[str]:
        """All sites, at most SITES_AGE old."""
        if due(now, self._read_at, SITES_AGE):
            self._read_at = now
            self._read_sites()
        return list(self._currencies)

    def registry(self, now: int) -> Registry:
        """The saved segments of all sites, at most DEFINITIONS_AGE old."""
        rows = self._definitions.get(now)
        if rows is not self._defined and rows != self._defined:
            self._registry = registry_of(self._registry.number + 1, rows, now, self._online_minutes)
        self._defined = rows
        return self._registry

    def _read_definitions(self, now: int) -> list[dict[str, Any]]:
        return patiently("read the segments", lambda: self._store.rows("definitions"))

    def _read_sites(self) -> None:
        rows = patiently("look up sites", lambda: self._store.rows("site_currencies"))
        self._currencies = {r["site_id"]: r["currency"] for r in rows}


class Refreshed(Generic[T]):
    """Something that is read from the store again and again, in a thread: nobody waits for it but who asks first."""

    def __init__(self, read: Callable[[int], T], age: int) -> None:
        """`read(now)` is asked when what is known is older than `age` milliseconds."""
        self._read, self._age = read, age
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="lookup")
        self._next: Future[T] | None = None
        self._known: T
        self._at = 0

    def get(self, now: int) -> T:
        """What was read last. Raises what reading failed with."""
        if self._at == 0 and self._next is None:
            self._known, self._at = self._read(now), now or 1
        if self._next is None and due(now, self._at, self._age):
            self._next, self._at = self._thread.submit(self._read, now), now or 1
        if self._next is not None and self._next.done():
            self._known, self._next = self._next.result(), None
        return self._known


class Committed:
    """Until when everything received is applied and committed (epoch ms), by partition: what processes know of each other."""

    def __init__(self, store: Store) -> None:
        self._store, self._read_at = store, 0
        self._found: dict[int, int] = {}

    def __call__(self, now: int) -> Mapping[int, int]:
        """At most a second old."""
        if due(now, self._read_at, 1_000):
            self._read_at = now
            self._found = {number: commit.at for number, commit in commits_of(self._store).items()}
        return self._found


def past_events(
    store: Store, shard: int, after: int, upto: int, most: int, keys: Sequence[str] = ()
) -> tuple[bytes, Ints]:
    """Events of a shard (of some visitors, `site_id/visitor_id`) after one offset of its log and up to another, at most `most`:
    lines and their offsets."""
    sites, visitors = split_keys(keys)
    params = {"shard": shard, "after": after, "upto": upto, "most": most, "sites": sites, "visitors": visitors}
    found = patiently("read events", lambda: store.arrow("past_events", params))
    offsets = found["log_offset"].combine_chunks().to_numpy().astype(np.int64)
    return "".join(found["line"].to_pylist()).encode(), offsets


class Commit(NamedTuple):
    """How far a partition was applied, and when (epoch ms) that was said last; a running flow says it every second."""

    to_offset: int
    at: int


def commits_of(store: Store) -> dict[int, Commit]:
    """Of every partition that ever committed."""
    rows = patiently("read the checkpoints", lambda: store.rows("checkpoints"))
    return {int(row["partition"]): Commit(int(row["to_offset"]), int(row["at"])) for row in rows}


def offset_of(store: Store, number: int) -> int:
    """Where the log of a partition is to be read on."""
    rows = patiently("read the checkpoint", lambda: store.rows("shard_offset", {"partition": number}), partition=number)
    return int(rows[0]["to_offset"])


def batched(keys: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """Keys in parts of at most `size`."""
    return (keys[first : first + size] for first in range(0, len(keys), size))


def split_keys(keys: Sequence[str]) -> tuple[list[str], list[str]]:
    """Site ids and the ids behind them."""
    pairs = [key.split("/", 1) for key in keys]
    return [p[0] for p in pairs], [p[1] for p in pairs]
