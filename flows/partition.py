"""One partition of the log and its shard: lines in, records for other shards and rows for the store out. No Bytewax, no IO
but the look-up it is given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from flows import erasure
from flows.cadence import Steady, due
from flows.decode import Decoded, Internal, batch_of, decode, unrepeated
from flows.erasure import ErasedOrder, ErasedVisitor
from flows.flush import ORDERS, REJECTED, Commit, Flush, Kept
from flows.parts import part_of, parts_of
from flows.products import Products
from flows.records import Outgoing, fact_of, order_of, outgoing, rejection_of
from flows.rollups import rollups_of
from flows.visitors.batch import PURCHASE, REFUND, Batch, split
from flows.visitors.load import load
from flows.visitors.orders import FACT_COLUMNS, Transaction
from flows.visitors.people import PartRecord, People
from flows.visitors.remade import erase
from flows.visitors.rows import ENTRY_COLUMNS, TIME, rows_of
from flows.visitors.seen import dedup_keys, key_hashes
from flows.visitors.shard import OrderRecord, Shard
from flows.visitors.tables import HashIndex, Ints

ROLLUP_EVERY = 5_000
"""Milliseconds between rollups."""

EVICT_EVERY = 60_000
"""Milliseconds between looks for visitors to forget."""

TRANSACTIONS_KEPT = 50_000
"""Transactions held in memory; older ones are looked up again."""


class Lookup(Protocol):
    """Rows of visitors and transactions that are not in memory."""

    def visitors(self, shard: int, keys: Sequence[str]) -> pa.Table:
        """Rows of table `visitors` for keys `site_id/visitor_id`."""

    def people(self, shard: int, keys: Sequence[str]) -> pa.Table:
        """Rows of table `visitors` of people for keys `site_id/member_id`."""

    def events(self, shard: int, keys: Sequence[str], upto: int) -> Decoded:
        """Events of some visitors that are written, up to an offset of the shard's log, once each."""

    def transactions(self, shard: int, keys: Sequence[str]) -> dict[str, Transaction]:
        """What is known of transactions, by key `site_id/transaction_id`."""

    def currency(self, site_id: str) -> str:
        """The currency revenue of a site is summed in, '' if the site is unknown."""

    def sites(self, now: int) -> Sequence[str]:
        """All sites there are."""


@dataclass
class Counts:
    """For metrics: since they were last told."""

    events: int = 0
    bots: int = 0
    repeated: int = 0
    rejected: int = 0


class Partition:
    """State and unwritten output of one partition."""

    def __init__(self, number: int, partitions: int, offset: int, lookup: Lookup) -> None:
        self.number, self.partitions, self.offset = number, partitions, offset
        self.shard, self.people = Shard(), People()
        self.known_transactions = HashIndex()
        self.counts = Counts()
        self._lookup = lookup
        self._transactions: dict[str, Transaction] = {}
        self._changed_transactions: dict[str, None] = {}
        self._events: list[Kept] = []
        self._rejected: list[dict[str, Any]] = []
        self._products = Products()
        self._flushed = offset
        self._rolled_up: int | None = 0  # None: never
        self._evicted = 0
        self._steady = Steady()

    # -- lines in

    def take(self, lines: bytes, offsets: Ints, next_offset: int, now: int) -> list[Outgoing]:
        """`apply` newline-terminated records with an offset each."""
        return self.apply(decode(lines, offsets), next_offset, now)

    def apply(self, decoded: Decoded, next_offset: int, now: int) -> list[Outgoing]:
        """Apply records; what it returns must be in the log before the next flush is written."""
        self._steady.at(now)
        out: list[Outgoing] = []
        for piece, cut in _pieces(decoded):
            out += self._apply_piece(piece, now)
            if cut is not None:
                out += self._erase(cut)
        self.offset = next_offset
        return out

    def _apply_piece(self, decoded: Decoded, now: int) -> list[Outgoing]:
        for broken in decoded.broken:
            self._reject(
                "", now, "unreadable_record", broken.reason, broken.line.decode(errors="replace"), broken.offset
            )
        out: list[Outgoing] = []
        orders: list[OrderRecord] = []
        facts: list[tuple[int, dict[str, Any]]] = []
        parts: list[PartRecord] = []
        for record in decoded.internal:
            self._sort_internal(record, orders, facts, parts)
        out += self._apply_facts(facts)
        self._apply_parts(parts)
        out += self._apply_events(decoded.events, decoded.offsets, orders, now)
        return out

    def _sort_internal(
        self,
        record: Internal,
        orders: list[OrderRecord],
        facts: list[tuple[int, dict[str, Any]]],
        parts: list[PartRecord],
    ) -> None:
        with self._reading(record):
            if record.kind == "order":
                orders.append(order_of(record.payload, record.offset))
            elif record.kind == "order_fact":
                facts.append((record.offset, fact_of(record.payload)))
            elif record.kind == "part":
                parts.append(part_of(record.payload, record.offset))
            elif record.kind == "rejected":
                reason, detail, event = rejection_of(record.payload)
                self._reject(record.site_id, record.received_at, reason, detail, event, record.offset)
            else:
                raise ValueError(f"unknown kind {record.kind!r}")

    @contextmanager
    def _reading(self, record: Internal) -> Iterator[None]:
        """What is wrong with a record puts it with the rejected ones."""
        try:
            yield
        except (ValueError, KeyError, TypeError) as error:
            detail = f"{type(error).__name__}: {error}"
            text = "" if record.kind in erasure.KINDS else record.payload
            self._reject(record.site_id, record.received_at, "unreadable_record", detail, text, record.offset)

    def _apply_events(self, events: pa.Table, offsets: Ints, orders: list[OrderRecord], now: int) -> list[Outgoing]:
        bot = pc.fill_null(events["bot"], False).to_numpy()
        received_at = int(pc.max(events["received_at"]).as_py() or 0)
        if bot.any():
            self._take_bots(events.filter(pa.array(bot)), offsets[bot], received_at)
            events, offsets = events.filter(pa.array(~bot)).combine_chunks(), offsets[~bot]
        batch = batch_of(events, offsets)
        self._need_visitors([*batch.visitor.words, *(o.key for o in orders)])
        applied = self.shard.apply(batch, received_at, self._steady.time, orders, self._history)
        # rows of events read again are there already, but what the lost commit would have counted is not
        self._keep_events(events, offsets, applied.dedup_key, applied.accepted | applied.reread)
        for i in np.flatnonzero(applied.refused).tolist():
            event = events.slice(i, 1).to_pylist()[0]
            detail = "more than 8 days before this visitor's last event"
            self._reject(
                event["site_id"], event["received_at"], "older_than_horizon", detail, _text(event), int(offsets[i])
            )
        self.counts.events += int(applied.accepted.sum())
        self.counts.repeated += int(applied.repeated.sum())
        ordering = (batch.name == PURCHASE) | (batch.name == REFUND)
        facts = batch.records(np.flatnonzero(applied.accepted & ordering), FACT_COLUMNS)
        return [_fact(fact) for fact in facts if fact["transaction_id"]]

    def _need_visitors(self, keys: Iterable[str]) -> None:
        missing = self.shard.missing(dict.fromkeys(keys))
        if missing:
            load(self.shard, self._lookup.visitors(self.number, missing), self._steady.time)

    def _history(self, keys: Sequence[str], upto: int) -> Batch:
        """Events of some visitors up to an offset: those written, and those still to be written."""
        written = self._lookup.events(self.number, keys, upto)
        tables, offsets = [written.events], [written.offsets]
        for kept in self._events:
            visitor = pc.binary_join_element_wise(kept.events["site_id"], kept.events["visitor_id"], "/")
            mine = pc.is_in(visitor, pa.array(keys)).to_numpy(zero_copy_only=False) & kept.keep
            tables.append(kept.events.filter(pa.array(mine)))
            offsets.append(kept.offsets[mine])
        events = pa.concat_tables(tables, promote_options="default").combine_chunks()
        offset = np.concatenate(offsets)
        one = ~pc.fill_null(events["bot"], False).to_numpy(zero_copy_only=False)
        one[one] = unrepeated(events.filter(pa.array(one)))
        return batch_of(events.filter(pa.array(one)).combine_chunks(), offset[one])

    def _take_bots(self, events: pa.Table, offsets: Ints, received_at: int) -> None:
        events = events.combine_chunks()
        batch = batch_of(events, offsets)
        keys = dedup_keys(batch.event_id, key_hashes(batch.visitor.words)[batch.visitor.codes])
        new = self.shard.seen.add(keys, received_at)
        self._keep_events(events, offsets, keys, new)
        self.counts.bots += int(new.sum())

    def _keep_events(self, events: pa.Table, offsets: Ints, dedup: Any, keep: Any) -> None:
        if keep.any():
            self._events.append(Kept(events, self.number, offsets, dedup, keep))

    def _reject(self, site_id: str, at: int, reason: str, detail: str, event: str, offset: int) -> None:
        self.counts.rejected += 1
        self._rejected.append(
            {
                "site_id": site_id, "received_at": at, "reason": reason, "detail": detail, "event": event[:10_000],
                "shard": self.number, "log_offset": offset,
            }
        )  # fmt: skip

    # -- people

    def _apply_parts(self, parts: list[PartRecord]) -> None:
        self._need_people(part.key for part in parts)
        self.people.apply(parts, self._steady.time)

    def _need_people(self, keys: Iterable[str]) -> None:
        missing = self.people.missing(keys)
        if missing:
            self.people.load(self._lookup.people(self.number, missing), self._steady.time)

    # -- erasure

    def _erase(self, record: Internal) -> list[Outgoing]:
        """Forget what a record says. What came after it in this partition is not concerned, so it may be read again."""
        with self._reading(record):
            if record.kind == erasure.VISITOR:
                self._erase_visitor(erasure.visitor_of(record.payload), record.offset)
            elif record.kind == erasure.PERSON:
                person = erasure.person_of(record.payload)
                self._need_people([key := f"{person.site_id}/{person.member_id}"])
                self.people.forget(key, record.offset)
            else:
                return self._erase_order(erasure.order_of(record.payload), record.offset)
        return []

    def _erase_visitor(self, gone: ErasedVisitor, offset: int) -> None:
        self._need_visitors([key := f"{gone.site_id}/{gone.visitor_id}"])
        if key in self.shard.slots:
            erase(self.shard, key, gone.member_id, gone.begin, gone.until, offset, self._history, self._steady.time)

    def _erase_order(self, gone: ErasedOrder, offset: int) -> list[Outgoing]:
        key = f"{gone.site_id}/{gone.transaction_id}"
        self._need_transactions([key])
        transaction = self._transactions[key]
        before = transaction.visitors
        if not transaction.forget(gone.concerns, offset):
            return []
        self._changed_transactions[key] = None
        return self._orders_for_visitors(key, before)

    def hand_over(self) -> list[Outgoing]:
        """What changed of members' stints since the last call, for the shards of those members. To be in the log before the
        next flush is written."""
        told, slots = self.shard.take_untold()
        return parts_of(rows_of(self.shard, slots, self.number), told) if told else []

    # -- orders

    def _apply_facts(self, facts: list[tuple[int, dict[str, Any]]]) -> list[Outgoing]:
        self._need_transactions(f"{fact['site_id']}/{fact['transaction_id']}" for _, fact in facts)
        touched: dict[str, None] = {}
        for offset, fact in facts:
            key = f"{fact['site_id']}/{fact['transaction_id']}"
            if self._transactions[key].add(fact, offset):
                touched[key] = None
        self._changed_transactions |= touched
        out: list[Outgoing] = []
        for key in touched:
            out += self._orders_for_visitors(key)
        return out

    def _need_transactions(self, keys: Iterable[str]) -> None:
        absent = [key for key in dict.fromkeys(keys) if key not in self._transactions]
        if absent:
            known = self.known_transactions.contains(key_hashes(absent))
            wanted = [key for key, is_known in zip(absent, known, strict=True) if is_known]
            found = self._lookup.transactions(self.number, wanted) if wanted else {}
            for key in absent:
                self._transactions[key] = found.get(key) or Transaction()
            self.known_transactions.insert(key_hashes(absent))

    def _orders_for_visitors(self, key: str, before: Set[str] = frozenset()) -> list[Outgoing]:
        """The order, to everyone who sent a copy (or did `before`): one owns it, the others must not count it."""
        site_id, transaction_id = key.split("/", 1)
        transaction = self._transactions[key]
        order = transaction.order()
        told = {
            "transaction_id": transaction_id,
            "version": transaction.version,
            "occurred_at": order.occurred_at,
            "counted": order.counted,
            "units": order.units,
            "revenue": order.value - order.refunded if self._in_base_currency(site_id, order.currency) else 0,
            "lines": [[line.item_id, line.category, line.units] for line in order.lines],
        }
        return [
            outgoing(
                f"{site_id}/{visitor_id}",
                "order",
                site_id,
                {
                    "site_id": site_id,
                    "visitor_id": visitor_id,
                    "order": {**told, "owner": visitor_id == order.visitor_id},
                },
            )
            for visitor_id in sorted(transaction.visitors | before)
        ]

    def _in_base_currency(self, site_id: str, currency: str) -> bool:
        return currency in ("", self._lookup.currency(site_id))

    # -- rows out

    def flush(self, now: int) -> Flush:
        """Everything that changed since the last flush, and the commit that says how far the log is read."""
        records = self.hand_over()
        tables: dict[str, pa.Table] = {}
        if self._rejected:
            tables["rejected_events"] = pa.Table.from_pylist(self._rejected, REJECTED)
        slots = self.shard.take_changed()
        folded = self.shard.take_folded()
        if folded is not None:
            tables["visits"] = self._folded_visits(folded)
        if self._changed_transactions:
            tables["orders"] = self._order_rows()
        if len(slots):
            tables["visitors"] = rows_of(self.shard, slots, self.number)
        if people := self.people.take_changed():
            tables["people"] = self.people.rows(people, self.number)
            self.people.drop_empty(people)
        if self._rolled_up is not None and due(now, self._rolled_up, ROLLUP_EVERY):
            self._rolled_up = now - now % ROLLUP_EVERY
            sites = self._lookup.sites(now)
            rollups = rollups_of(self.shard, self.people, self.number, self.partitions, self._rolled_up, sites)
            if len(rollups):
                tables["rollups"] = rollups
        steady = self._steady.at(now)
        if due(now, self._evicted, EVICT_EVERY) and not self._steady.doubts:
            self._evicted = now
            self.shard.evict(now, steady)
            self.people.evict(now, steady)
        commit = Commit(self.number, self._flushed, self.offset, now)
        flush = Flush(commit, tables, self._events, self._products, records)
        self._events, self._rejected, self._changed_transactions = [], [], {}
        self._flushed = self.offset
        if len(self._transactions) > TRANSACTIONS_KEPT:
            self._transactions = dict(list(self._transactions.items())[-TRANSACTIONS_KEPT // 2 :])
        return flush

    def _folded_visits(self, visits: Any) -> pa.Table:
        keys = [self.shard.keys[slot].split("/", 1) for slot in visits.slot.tolist()]
        columns = {
            "site_id": pa.array([k[0] for k in keys], pa.string()),
            "visitor_id": pa.array([k[1] for k in keys], pa.string()),
            "stint_start": pa.array(self.shard.visitors["begin"][visits.slot]).cast(TIME),
            "start": pa.array(visits.start).cast(TIME),
            "end": pa.array(visits.end).cast(TIME),
            "pageviews": pa.array(visits.pageviews.astype(np.uint32)),
            "cart_adds": pa.array(visits.cart_adds.astype(np.uint32)),
        }
        entries = [self.shard.entries.strings[code] for code in visits.entry.tolist()]
        return pa.table(columns | split(entries, ENTRY_COLUMNS))

    def _order_rows(self) -> pa.Table:
        keys = list(self._changed_transactions)
        transactions = [self._transactions[key] for key in keys]
        orders = [transaction.order() for transaction in transactions]
        named = [key.split("/", 1) for key in keys]
        columns: dict[str, Any] = {
            "site_id": [site_id for site_id, _ in named],
            "transaction_id": [transaction_id for _, transaction_id in named],
            "shard": np.full(len(keys), self.number),
            "version": [t.version for t in transactions],
            "key_hash": key_hashes(keys),
            "currency": [
                o.currency or self._lookup.currency(site_id) for o, (site_id, _) in zip(orders, named, strict=True)
            ],
            "revenue": [o.value - o.refunded for o in orders],
            "item_id": [[line.item_id for line in o.lines] for o in orders],
            "item_category": [[line.category for line in o.lines] for o in orders],
            "item_units": [[line.units for line in o.lines] for o in orders],
            "facts": [orjson.dumps(list(t.facts.values())).decode() for t in transactions],
        }
        for name in ("visitor_id", "occurred_at", "value", "refunded", "units", "counted"):
            columns[name] = [getattr(o, name) for o in orders]
        return pa.table({f.name: pa.array(columns[f.name], f.type) for f in ORDERS}, ORDERS)


def _pieces(decoded: Decoded) -> Iterator[tuple[Decoded, Internal | None]]:
    """A block cut at its erase records: what they erase came before them."""
    cuts = sorted((record for record in decoded.internal if record.kind in erasure.KINDS), key=lambda one: one.offset)
    if not cuts:
        yield decoded, None
        return
    after, last = -1, None
    for cut in [*cuts, last]:
        upto = cut.offset if cut is not None else 1 << 62
        rows = (decoded.offsets > after) & (decoded.offsets < upto)
        yield (
            Decoded(
                decoded.events.filter(pa.array(rows)).combine_chunks(),
                decoded.offsets[rows],
                [record for record in decoded.internal if after < record.offset < upto],
                [line for line in decoded.broken if after < line.offset < upto],
            ),
            cut,
        )
        after = upto


def transaction_of(version: int, facts: str) -> Transaction:
    """A transaction from its row in `orders`."""
    known = orjson.loads(facts)
    return Transaction(version, {(f["visitor_id"], f["event_id"]): f for f in known})


def _fact(fact: dict[str, Any]) -> Outgoing:
    told = {k: v for k, v in fact.items() if v is not None}
    told["items"] = [
        {k: line[k] for k in ("item_id", "price", "quantity", "category") if line[k] is not None}
        for line in fact["items"] or []
    ]
    return outgoing(f"{fact['site_id']}/{fact['transaction_id']}", "order_fact", fact["site_id"], told)


def _text(event: dict[str, Any]) -> str:
    return orjson.dumps({k: v for k, v in event.items() if v is not None}).decode()
