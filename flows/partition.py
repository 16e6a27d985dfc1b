"""One partition of the log and its shard: lines in, records for other shards and rows for the store out. No Bytewax, no IO
but the look-up it is given."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import compress
from typing import Any, NamedTuple, Protocol

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from flows import erasure
from flows.cadence import Steady, due
from flows.decode import Decoded, Internal, batch_of, decode, unrepeated
from flows.erasure import ErasedOrder, ErasedVisitor
from flows.flush import ORDERS, REJECTED, Commit, Flush, Kept
from flows.judge import TICK, Judge
from flows.members import member_of, member_rows
from flows.membership.definitions import Registry
from flows.membership.transitions import Transition, rows_of_transitions
from flows.parts import Tick, part_of, parts_of
from flows.products import Products
from flows.records import Outgoing, fact_of, order_of, outgoing, rejection_of
from flows.rollups import rollups_of
from flows.rounds import is_fresh, rounds, rounds_of_people, tick_of_record
from flows.visitors.batch import PURCHASE, REFUND, Batch, split
from flows.visitors.load import keys_of, load
from flows.visitors.orders import FACT_COLUMNS, Order, Transaction, merge
from flows.visitors.people import PartRecord, People, PersonRecord, people_keys_of, with_columns
from flows.visitors.profiles import MemberRecord
from flows.visitors.remade import erase
from flows.visitors.rows import ENTRY_COLUMNS, TIME, rows_of
from flows.visitors.seen import dedup_keys, key_hashes
from flows.visitors.shard import OrderRecord, Shard
from flows.visitors.tables import HashIndex, Ints
from ingest.members import KIND as MEMBER

ROLLUP_EVERY = 5_000
"""Milliseconds between rollups."""

EVICT_EVERY = 60_000
"""Milliseconds between looks for visitors to forget."""

GRACE = 100
"""Milliseconds that a record may be on its way to the log: so long people are judged behind its end."""

ADVANCES = 20
"""So many times people are judged at once before the next block is read."""

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

    def registry(self, now: int) -> Registry:
        """The saved segments of all sites."""

    def sleepers(self, shard: int, now: int) -> tuple[list[str], list[str]]:
        """Keys of visitors and of members who are not in memory and have to be judged about now."""

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


class Fact(NamedTuple):
    """A purchase or refund: its offset, when it was received (epoch ms), and what it says."""

    offset: int
    at: int
    told: dict[str, Any]


class Partition:
    """State and unwritten output of one partition."""

    def __init__(self, number: int, partitions: int, offset: int, lookup: Lookup) -> None:
        self.number, self.partitions, self.offset = number, partitions, offset
        self.shard, self.people = Shard(), People()
        self.known_transactions = HashIndex()
        self.judge = Judge(self.shard, self.people, number)
        self.counts = Counts()
        self._lookup = lookup
        self._wall = self._clock = 0
        self._open: set[tuple[str, str]] = set()  # told in the middle of a tick: visitor, member
        self._awaited: dict[str, set[str]] = {}  # transactions whose orders are on their way, by visitor
        self._transitions: list[Transition] = []  # that have no row yet
        self._transactions: dict[str, Transaction] = {}
        self._changed_transactions: dict[str, None] = {}
        self._events: list[Kept] = []
        self._rejected: list[dict[str, Any]] = []
        self._told: list[MemberRecord] = []
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
        self._wall = now
        self.judge.define(self._lookup.registry(now))
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
        facts: list[Fact] = []
        parts: list[PersonRecord] = []  # and members' data, in the order of the log
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
        facts: list[Fact],
        parts: list[PersonRecord],
    ) -> None:
        with self._reading(record):
            if record.kind == "order":
                orders.append(order_of(record.payload, record.offset, record.received_at))
            elif record.kind == "order_fact":
                facts.append(Fact(record.offset, record.received_at, fact_of(record.payload)))
            elif record.kind == "part":
                parts.append(part_of(record.payload, record.offset))
            elif record.kind == MEMBER:
                member = member_of(record.payload, record.offset, record.received_at)
                parts.append(member)
                self._keep_told(member)
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
        if not self.judge.registry:
            return [_sent(fact) for fact in self._apply_round(events, offsets, orders, received_at)[0]]
        out: list[Outgoing] = []
        for one in rounds(events, offsets, orders):
            self._need_visitors(one.keys)
            untold = self.judge.visitors_before(one.keys, one.ticks, self._wall)
            if untold:
                out += self.hand_over(only=set(untold))
            facts, news = self._apply_round(one.events, one.offsets, one.orders, received_at)
            self._assume([sent for sent in facts if sent.told["name"] == "purchase"])
            of_news = np.array([key in news for key in one.keys], np.bool_)
            self.judge.visitors_after(list(compress(one.keys, of_news)), one.ticks[of_news], one.fresh[of_news])
            self._await_orders([sent for sent in facts if sent.told["name"] == "refund"], one.orders)
            out += [_sent(fact) for fact in facts]
        return out

    def _assume(self, purchases: list[Fact]) -> None:
        """Give visitors the orders that their purchases make by themselves, until what the transactions' shards make of them comes back:
        with version 0, so that it counts in any case."""
        assumed = []
        for sent in purchases:
            fact = {**sent.told, "items": sent.told["items"] or []}
            key = f"{fact['site_id']}/{fact['visitor_id']}"
            if not self.shard.has_order(key, fact["transaction_id"]):
                order = self._told_of(fact["site_id"], fact["transaction_id"], 0, merge([fact]))
                assumed.append(OrderRecord(key, sent.offset, {**order, "owner": True}))
        self.shard.put_orders(assumed)

    def _await_orders(self, facts: list[Fact], orders: list[OrderRecord]) -> None:
        """Who sent a refund is judged when the order has come back."""
        for order in orders:
            awaited = self._awaited.get(order.key)
            if awaited is not None:
                awaited.discard(order.order["transaction_id"])
                if not awaited:
                    del self._awaited[order.key]
                    self.judge.release(order.key)
        for _, _, fact in facts:
            visitor = f"{fact['site_id']}/{fact['visitor_id']}"
            self._awaited.setdefault(visitor, set()).add(fact["transaction_id"])
            self.judge.hold(visitor, self._wall)

    def _apply_round(
        self, events: pa.Table, offsets: Ints, orders: list[OrderRecord], received_at: int
    ) -> tuple[list[Fact], set[str]]:
        """Apply events and orders; returns the purchases and refunds among them, and the visitors whose rows had not seen it all."""
        batch = batch_of(events, offsets)
        self._need_visitors([*batch.visitor.words, *(o.key for o in orders)])
        news = {order.key for order in orders if self.shard.unread(order)}
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
        rows = np.flatnonzero(applied.accepted & ordering)
        at = events["received_at"].take(pa.array(rows)).to_pylist()
        told = zip(offsets[rows].tolist(), at, batch.records(rows, FACT_COLUMNS), strict=True)
        news.update(batch.visitor.words[code] for code in np.unique(batch.visitor.codes[applied.accepted]).tolist())
        return [Fact(*one) for one in told if one[2]["transaction_id"]], news

    def _need_visitors(self, keys: Iterable[str]) -> None:
        missing = self.shard.missing(dict.fromkeys(keys))
        if missing:
            rows = self._lookup.visitors(self.number, missing)
            load(self.shard, rows, self._steady.time)
            self.judge.load_visitors(keys_of(rows), rows)

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

    def _keep_told(self, record: MemberRecord) -> None:
        self._told.append(record)

    def _apply_parts(self, parts: list[PersonRecord]) -> None:
        self._need_people(part.key for part in parts)
        if not self.judge.registry:
            self.people.apply(parts, self._steady.time)
            return
        for one in rounds_of_people(parts):
            last = {record.key: record for record in one}
            keys, ticks = list(last), np.array([tick_of_record(record) for record in last.values()], np.int64)
            fresh = {record.key for record in one if is_fresh(record)}
            self.judge.members_before(keys, ticks, self._wall)
            joined = self.people.apply(one, self._steady.time)
            of_news = np.array([key in joined.news for key in keys], np.bool_)
            keys = list(compress(keys, of_news))
            of_fresh = np.array([key in fresh for key in keys], np.bool_)
            self.judge.members_after(keys, ticks[of_news], of_fresh, joined)
            for record in one:
                if isinstance(record, PartRecord):
                    self.judge.hold_member(record.key, record.visitor_id, self._wall if record.open else 0)

    def _need_people(self, keys: Iterable[str]) -> None:
        missing = self.people.missing(keys)
        if missing:
            rows = self._lookup.people(self.number, missing)
            self.people.load(rows, self._steady.time)
            self.judge.load_members(people_keys_of(rows), rows)

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
                self.judge.forget_member(key)
            else:
                return self._erase_order(erasure.order_of(record.payload), record.offset)
        return []

    def _erase_visitor(self, gone: ErasedVisitor, offset: int) -> None:
        self._need_visitors([key := f"{gone.site_id}/{gone.visitor_id}"])
        if key in self.shard.slots:
            erase(self.shard, key, gone.member_id, gone.begin, gone.until, offset, self._history, self._steady.time)
            if not gone.member_id:
                self.judge.forget_visitor(key)

    def _erase_order(self, gone: ErasedOrder, offset: int) -> list[Outgoing]:
        key = f"{gone.site_id}/{gone.transaction_id}"
        self._need_transactions([key])
        transaction = self._transactions[key]
        before = transaction.visitors
        if not transaction.forget(gone.concerns, offset):
            return []
        self._changed_transactions[key] = None
        return self._orders_for_visitors(key, before)

    def hand_over(self, only: Collection[str] | None = None) -> list[Outgoing]:
        """What changed of members' stints since the last call (`only`: of these visitors, whose ticks are over), for the shards of those
        members. To be in the log before the next flush is written."""
        for visitor, member in [whose for whose in self._open if only is None or whose[0] in only]:
            self._open.discard((visitor, member))
            self.shard.tell(visitor, int(self.shard.words.codes([member])[0]))
        told, slots = self.shard.take_untold(only)
        if not told:
            return []
        ticks: dict[str, Tick] = {}
        for visitor, member in told:
            at, fresh = self.judge.told(visitor)
            is_open = (only is None and at > self._clock) or self.judge.is_held(visitor, self._wall)
            ticks[visitor] = Tick(at, is_open, fresh)
            if is_open:
                self._open.add((visitor, member))
            else:
                self.judge.was_told(visitor)
        return parts_of(self._visitor_rows(slots), told, ticks)

    # -- segments

    def advance(self, as_of: int, settled: int, now: int) -> None:
        """Let time pass: until `as_of` everything received is applied, until `settled` also what other partitions had to tell."""
        self._wall, self._clock = now, as_of - GRACE
        self.judge.define(self._lookup.registry(now))
        if self.judge.registry:
            self._wake(*self._lookup.sleepers(self.number, now))
        for _ in range(ADVANCES):
            if not self.judge.advance(self._clock, settled, now):
                break

    def _wake(self, visitors: list[str], members: list[str]) -> None:
        """Have people in memory for as long as it takes to judge them."""
        visitors, members = self.shard.missing(visitors), self.people.missing(members)
        self._need_visitors(visitors)
        self._need_people(members)
        self.judge.enroll(visitors, members)
        self.shard.let_go(visitors)
        self.people.let_go(members)

    @property
    def told_until(self) -> int:
        """What happened until then (epoch ms) has been told others by the last `hand_over`."""
        return self._clock - TICK

    def take_transitions(self) -> list[Transition]:
        """Who entered and left segments since the last call: to be in their log before the next flush is written."""
        found = self.judge.take()
        self._transitions += found
        return found

    def _visitor_rows(self, slots: Ints) -> pa.Table:
        rows = rows_of(self.shard, slots, self.number)
        return with_columns(rows, self.judge.visitor_columns(slots))

    # -- orders

    def _apply_facts(self, facts: list[Fact]) -> list[Outgoing]:
        self._need_transactions(f"{fact['site_id']}/{fact['transaction_id']}" for _, _, fact in facts)
        touched: dict[str, int] = {}
        for offset, at, fact in facts:
            key = f"{fact['site_id']}/{fact['transaction_id']}"
            if self._transactions[key].add(fact, offset):
                touched[key] = max(at, touched.get(key, 0))
        self._changed_transactions |= dict.fromkeys(touched)
        out: list[Outgoing] = []
        for key, at in touched.items():
            out += self._orders_for_visitors(key, at=at)
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

    def _orders_for_visitors(self, key: str, before: Set[str] = frozenset(), at: int = 0) -> list[Outgoing]:
        """The order, to everyone who sent a copy (or did `before`): one owns it, the others must not count it."""
        site_id, transaction_id = key.split("/", 1)
        transaction = self._transactions[key]
        order = transaction.order()
        told = self._told_of(site_id, transaction_id, transaction.version, order)
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
                at,
            )
            for visitor_id in sorted(transaction.visitors | before)
        ]

    def _told_of(self, site_id: str, transaction_id: str, version: int, order: Order) -> dict[str, Any]:
        """An order as visitors are told of it."""
        return {
            "transaction_id": transaction_id,
            "version": version,
            "occurred_at": order.occurred_at,
            "counted": order.counted,
            "units": order.units,
            "revenue": order.value - order.refunded if self._in_base_currency(site_id, order.currency) else 0,
            "lines": [[line.item_id, line.category, line.units] for line in order.lines],
        }

    def _in_base_currency(self, site_id: str, currency: str) -> bool:
        return currency in ("", self._lookup.currency(site_id))

    # -- rows out

    @property
    def nbytes(self) -> int:
        """Bytes of the state held."""
        return self.shard.nbytes + self.people.nbytes + self.judge.nbytes

    def flush(self, now: int) -> Flush:
        """Everything that changed since the last flush, and the commit that says how far the log is read."""
        records = self.hand_over()
        transitions = self.take_transitions()
        tables: dict[str, pa.Table] = {}
        if self._rejected:
            tables["rejected_events"] = pa.Table.from_pylist(self._rejected, REJECTED)
        if self._told:
            tables["member_data"], self._told = member_rows(self._told, self.number), []
        slots = self.shard.take_changed()
        folded = self.shard.take_folded()
        if folded is not None:
            tables["visits"] = self._folded_visits(folded)
        if self._changed_transactions:
            tables["orders"] = self._order_rows()
        if self._transitions:
            tables["transitions"], self._transitions = rows_of_transitions(self._transitions, self.number), []
        if len(slots):
            tables["visitors"] = self._visitor_rows(slots)
        if people := self.people.take_changed():
            tables["people"] = with_columns(self.people.rows(people, self.number), self.judge.member_columns(people))
            self.people.drop_empty(people)
        if self._rolled_up is not None and due(now, self._rolled_up, ROLLUP_EVERY):
            self._rolled_up = now - now % ROLLUP_EVERY
            sites = self._lookup.sites(now)
            rollups = rollups_of(self.shard, self.people, self.number, self.partitions, self._rolled_up, sites)
            if len(rollups):
                tables["rollups"] = rollups
            if self.judge.registry:
                tables["segment_counts"] = self.judge.counts(self._rolled_up, self._clock)
        steady = self._steady.at(now)
        if due(now, self._evicted, EVICT_EVERY) and not self._steady.doubts:
            self._evicted = now
            if self.shard.evict(now, steady) + self.people.evict(now, steady):
                self.judge.forget_gone()
        commit = Commit(self.number, self._flushed, self.offset, now)
        flush = Flush(commit, tables, self._events, self._products, records, transitions)
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


def _sent(sent: Fact) -> Outgoing:
    fact = sent.told
    told = {k: v for k, v in fact.items() if v is not None}
    told["items"] = [
        {k: line[k] for k in ("item_id", "price", "quantity", "category") if line[k] is not None}
        for line in fact["items"] or []
    ]
    return outgoing(f"{fact['site_id']}/{fact['transaction_id']}", "order_fact", fact["site_id"], told, sent.at)


def _text(event: dict[str, Any]) -> str:
    return orjson.dumps({k: v for k, v in event.items() if v is not None}).decode()
