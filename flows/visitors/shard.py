"""The state of one shard and how events change it. Vectorised; no IO, no clock; a result depends on the set of events only.

What has a state is a stint: a visitor, or a stretch of his time line (docs/architecture.md, "People"); its index is a slot.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any, NamedTuple

import numpy as np

from flows.visitors import batch as kinds
from flows.visitors.batch import Batch, Bools, Words, intern_used
from flows.visitors.carts import CHANGE, EMPTY, EVERY_ITEM, FOLDED, Lines, fold
from flows.visitors.compaction import compact
from flows.visitors.limits import HORIZON, HOUR, VISIT_GAP
from flows.visitors.remade import Erased, visitors_again
from flows.visitors.seen import EVENT_ID, Seen, child_key, dedup_keys, kept_elsewhere, key_hashes
from flows.visitors.stints import NOBODY
from flows.visitors.strings import Interner
from flows.visitors.tables import NONE, Array, Hashes, HashIndex, Ints, Table, chain, changed, order_by, runs, walk
from flows.visitors.timelines import History, place, stint_of, stints_of
from flows.visitors.visits import NEVER, Visits, merge


@dataclass
class Applied:
    """What became of a batch's rows, shape (n,) each, and what follows from them."""

    accepted: Bools  # new and applied
    refused: Bools  # older than the horizon of its visitor
    repeated: Bools  # an event id seen before
    reread: Bools  # read again after a restart: the visitor's row has it, but no commit covers it
    dedup_key: Hashes


class OrderRecord(NamedTuple):
    """An order as its transaction's shard hands it to a visitor (`key`: site_id/visitor_id); whole, so a repeat changes nothing.

    `order`: transaction_id, version, owner, occurred_at, counted, units, revenue, lines [[item_id, category, units]];
    where `owner` is false the visitor loses the order.
    """

    key: str
    offset: int
    order: dict[str, Any]
    at: int = 0  # when its shard sent it, epoch ms; 0: not told


class Shard:
    """Visitors of one partition of the log."""

    def __init__(self) -> None:
        self.words = Interner()  # item ids, categories, urls, titles, search terms, transaction ids
        self.devices = Interner()  # joined device columns
        self.entries = Interner()  # joined acquisition columns
        self.slots: dict[str, int] = {}  # of the visitor's last stint
        self.keys: list[str] = []  # by slot: site_id/visitor_id
        self.seen = Seen()
        self.dormant = HashIndex()  # key hashes of visitors that have a row but are not in memory
        self.visitors = Table(
            site=("i4", 0), key_hash=("u8", 0), version=("i8", 0), first_seen=("i8", 0), last_seen=("i8", 0), touched_at=("i8", 0),
            device=("i4", 0), device_at=("i8", 0), device_event=(EVENT_ID, b""),
            url=("i4", 0), title=("i4", 0), page_item=("i4", 0), page_at=("i8", 0), page_event=(EVENT_ID, b""),
            closed_visits=("i4", 0), closed_pageviews=("i4", 0), closed_stay=("i8", 0), closed_adds=("i4", 0),
            first_entry=("i4", 0), oldest_end=("i8", NEVER), oldest_op=("i8", NEVER), viewed_at=("i8", 0), carted_at=("i8", 0),
            visit=("i4", NONE), product=("i4", NONE), search=("i4", NONE), op=("i4", NONE), order=("i4", NONE),
            changed=("?", False), alive=("?", True),
            begin=("i8", 0), end=("i8", 0), member=("i4", NOBODY), login_at=("i8", 0), logout_at=("i8", 0), earlier=("i4", NONE),
            latest_seen=("i8", 0), gone=("?", False), untold=("?", False),
        )  # fmt: skip
        self.visits = Table(
            slot=("i4", 0), start=("i8", 0), end=("i8", 0), pageviews=("i4", 0), cart_adds=("i4", 0),
            entry=("i4", 0), entry_at=("i8", NEVER), entry_event=(EVENT_ID, b""), before=("i4", NONE),
        )  # fmt: skip
        self.products = Table(
            slot=("i4", 0), item=("i4", 0), category=("i4", 0), category_at=("i8", 0), views=("i4", 0), viewed_at=("i8", 0),
            adds=("i8", 0), carted_at=("i8", 0), before=("i4", NONE),
        )  # fmt: skip
        self.searches = Table(slot=("i4", 0), item=("i4", 0), at=("i8", 0), before=("i4", NONE))
        self.ops = Table(
            slot=("i4", 0), item=("i4", 0), at=("i8", 0), event=(EVENT_ID, b""), kind=("i1", 0), delta=("i8", 0),
            price=("i8", -1), before=("i4", NONE),
        )  # fmt: skip
        self.orders = Table(
            slot=("i4", 0), id=("i4", 0), at=("i8", 0), version=("i8", 0), counted=("?", False), units=("i8", 0),
            revenue=("i8", 0), line=("i4", NONE), before=("i4", NONE),
        )  # fmt: skip
        self.lines = Table(item=("i4", 0), category=("i4", 0), units=("i8", 0), before=("i4", NONE))
        self.product_index, self.search_index, self.order_index = HashIndex(), HashIndex(), HashIndex()
        self.erased: list[Erased] = []
        self.untold: dict[
            tuple[str, str], int
        ] = {}  # who is to be told what he has of a visitor: (key, member) -> version at least
        self._folded: list[Visits] = []

    # -- events

    def missing(self, keys: Iterable[str]) -> list[str]:
        """Those of `keys` (site_id/visitor_id) whose rows must be loaded first: known, but not in memory."""
        return kept_elsewhere(keys, self.slots, self.dormant)

    def apply(
        self,
        events: Batch,
        received_at: int,
        now: int,
        orders: Sequence[OrderRecord] = (),
        history: History | None = None,
    ) -> Applied:
        """Apply events and orders of one stretch of the log; what a visitor's row has seen already changes nothing.

        `received_at` is the newest of the stretch, epoch ms: it ages the memory of event ids; `now` that of visitors. `history` gives
        the events that visitors' rows (site_id/visitor_id) were made of: it is asked when a late login or logout cuts one.
        """
        last = self._slots_of(events.visitor)
        unread = [order for order in orders if self.unread(order)]
        result = self._apply_events(events, last, received_at, now, history)
        self.put_orders(unread)
        return result

    def _apply_events(self, events: Batch, last: Ints, received_at: int, now: int, history: History | None) -> Applied:
        v = self.visitors
        if not len(events):
            none = np.zeros(0, np.bool_)
            return Applied(none, none, none, none, np.empty(0, np.uint64))
        slot = stint_of(self, last, events.occurred_at)
        unread = events.offset > v["version"][slot]
        dedup = dedup_keys(events.event_id, v["key_hash"][slot])
        new = self.seen.add(dedup, received_at)
        accepted = unread & new
        refused = accepted & self._too_old(last, events.occurred_at, accepted)
        accepted &= ~refused
        result = Applied(accepted, refused, unread & ~new, ~unread & new, dedup)
        rows = np.flatnonzero(accepted)
        if not len(rows):
            return result
        slot, again = place(self, events, last, slot, rows, now)
        if len(again):
            visitors_again(self, events, rows, again, history, now)
            rows = rows[~np.isin(events.visitor.codes[rows], again)]
        if len(rows):
            self.apply_new(events, slot, rows, now)
        return result

    def apply_new(self, events: Batch, slot: Ints, rows: Ints, now: int) -> None:
        """Apply some rows of a batch (at least one), that are known to be new, to their stints."""
        v = self.visitors
        accepted = np.zeros(len(events), np.bool_)
        accepted[rows] = True
        order = rows[order_by(slot[rows], events.occurred_at[rows], lambda tied: events.event_id[rows[tied]])]
        # from here on: per accepted event, sorted by visitor and time; `groups` starts a visitor
        s, t = slot[order], events.occurred_at[order]
        groups = runs(changed(s))
        who = s[groups]
        np.maximum.at(v["version"], slot[rows], events.offset[rows])
        v["touched_at"][who] = now
        v["changed"][who] = v["untold"][who] = True
        self._apply_visits(events, order, s, t, groups)
        self._apply_latest(events, slot, order, groups)
        self._apply_items(events, slot, accepted)
        self._apply_searches(events, slot, rows)

    def _slots_of(self, visitor: Words) -> Ints:
        """Slot of each row, shape (n,); visitors not met before get one."""
        slots = np.fromiter(map(self.slots.get, visitor.words, repeat(NONE)), np.int64, len(visitor.words))
        strangers = np.flatnonzero(slots == NONE)
        if len(strangers):
            slots[strangers] = self.new_slots([visitor.words[i] for i in strangers])
        found: Ints = slots[visitor.codes] if len(slots) else slots
        return found

    def new_slots(self, keys: list[str]) -> Ints:
        """Consecutive slots for stints (`keys`: of their visitors), each the last one of its visitor so far, shape (len(keys),)."""
        sites = self.words.codes(key.partition("/")[0] for key in keys)
        slots = self.visitors.append(site=sites, key_hash=key_hashes(keys))
        if len(set(keys)) == len(keys) and self.slots.keys().isdisjoint(keys):
            self.slots.update(zip(keys, slots.tolist(), strict=True))
        else:
            for key, slot in zip(keys, slots.tolist(), strict=True):
                self.visitors["earlier"][slot] = self.slots.get(key, NONE)
                self.slots[key] = slot
        self.keys.extend(keys)
        return slots

    def _too_old(self, slot: Ints, at: Ints, accepted: Bools) -> Bools:
        """Where an event lies more than HORIZON before one of its visitor that came earlier, shape (n,)."""
        old = np.zeros(len(slot), np.bool_)
        last_seen = self.visitors["last_seen"]
        horizon = np.where(accepted, at, 0).max() - HORIZON
        suspects = accepted & ((at < last_seen[slot] - HORIZON) | (at < horizon))
        if suspects.any():
            seen: dict[int, int] = {}
            concerned = accepted & np.isin(slot, np.unique(slot[suspects]))
            for i in np.flatnonzero(concerned).tolist():
                who, when = int(slot[i]), int(at[i])
                latest = seen.setdefault(who, int(last_seen[who]))
                if when < latest - HORIZON:
                    old[i] = True
                else:
                    seen[who] = max(latest, when)
        return old

    def _apply_visits(self, events: Batch, order: Ints, s: Ints, t: Ints, groups: Ints) -> None:
        v, visits = self.visitors, self.visits
        who, last_before = s[groups], v["last_seen"][s[groups]]
        ends = np.r_[groups[1:], len(s)] - 1
        first, last = t[groups], np.maximum(t[ends], last_before)

        # what may change: the latest visit; all of them when events came out of order or old ones are to be folded away
        whole = (first <= last_before) | (v["oldest_end"][who] < last - HORIZON)
        heads = v["visit"][who].astype(np.int64)
        latest = heads[~whole & (heads != NONE)]
        everything, _ = walk(visits, heads[whole])
        before = self._visits(np.concatenate([latest, everything]))
        v["visit"][who[whole]] = NONE
        v["visit"][visits["slot"][latest]] = visits["before"][latest]

        # runs of the batch's events
        starts_run = changed(s)
        starts_run[1:] |= t[1:] - t[:-1] > VISIT_GAP
        starts = runs(starts_run)
        position = np.arange(len(s))
        has_url = events.url.present()[order]
        entry_row = np.minimum.reduceat(np.where(has_url, position, len(s)), starts)
        has_entry = entry_row < len(s)
        # the entry of a run that merely continues a visit which has one is not looked at
        head_of = np.full(len(s), NONE, np.int64)
        head_of[groups] = np.where(whole, NONE, heads)
        follows = np.flatnonzero(head_of[starts] != NONE)
        head = head_of[starts[follows]]
        continues = (t[starts[follows]] - visits["end"][head] <= VISIT_GAP) & (visits["entry_at"][head] != NEVER)
        has_entry[follows[continues]] = False
        rows = order[entry_row[has_entry]]
        entry, entry_at = np.zeros(len(starts), np.int64), np.full(len(starts), NEVER)
        entry_event = np.zeros(len(starts), EVENT_ID)
        if len(rows):
            words = events.entries(rows)
            entry[has_entry] = self.entries.codes(words.words)[words.codes]
            entry_at[has_entry], entry_event[has_entry] = t[entry_row[has_entry]], events.event_id[rows]
        fresh = Visits(
            slot=s[starts],
            start=t[starts],
            end=t[np.r_[starts[1:], len(s)] - 1],
            pageviews=np.add.reduceat(events.pageview[order].astype(np.int64), starts),
            cart_adds=np.add.reduceat((events.name[order] == kinds.ADD).astype(np.int64), starts),
            entry=entry,
            entry_at=entry_at,
            entry_event=entry_event,
        )
        after = merge(Visits.concatenated(before, fresh))

        v["first_seen"][who] = np.where(last_before == 0, first, np.minimum(first, v["first_seen"][who]))
        v["last_seen"][who] = last
        closed = after.end < v["last_seen"][after.slot] - HORIZON
        if closed.any():
            self._close(after.take(closed))
            after = after.take(~closed)
        visits.free(np.concatenate([latest, everything]))
        rows = visits.append(
            slot=after.slot, start=after.start, end=after.end, pageviews=after.pageviews, cart_adds=after.cart_adds,
            entry=after.entry, entry_at=after.entry_at, entry_event=after.entry_event,
        )  # fmt: skip
        alone = v["visit"][after.slot] == NONE
        chain(visits, v["visit"], after.slot, rows)
        oldest = alone & changed(after.slot)
        v["oldest_end"][after.slot[oldest]] = after.end[oldest]

    def _visits(self, rows: Ints) -> Visits:
        columns = self.visits
        return Visits(
            columns["slot"][rows].astype(np.int64), columns["start"][rows], columns["end"][rows],
            columns["pageviews"][rows].astype(np.int64), columns["cart_adds"][rows].astype(np.int64),
            columns["entry"][rows].astype(np.int64), columns["entry_at"][rows], columns["entry_event"][rows],
        )  # fmt: skip

    def _close(self, visits: Visits) -> None:
        """Count visits that nothing acceptable can touch any more; they leave the row for the table of visits."""
        v = self.visitors
        first = changed(visits.slot) & (v["closed_visits"][visits.slot] == 0)
        v["first_entry"][visits.slot[first]] = visits.entry[first]
        np.add.at(v["closed_visits"], visits.slot, 1)
        np.add.at(v["closed_pageviews"], visits.slot, visits.pageviews)
        np.add.at(v["closed_stay"], visits.slot, visits.end - visits.start)
        np.add.at(v["closed_adds"], visits.slot, visits.cart_adds)
        self._folded.append(visits)

    def _apply_latest(self, events: Batch, slots: Ints, order: Ints, groups: Ints) -> None:
        """Device and page of the last event that tells one."""
        v = self.visitors
        device = self.devices.codes(events.device.words)

        def newest(there: Bools, at: str, event: str) -> Ints:
            """Rows of the batch that replace what the visitor's row has."""
            position = np.maximum.reduceat(np.where(there[order], np.arange(len(order)), -1), groups)
            rows: Ints = order[position[position >= 0]]
            who, when = slots[rows], events.occurred_at[rows]
            newer = (when > v[at][who]) | ((when == v[at][who]) & (events.event_id[rows] > v[event][who]))
            rows = rows[newer]
            v[at][slots[rows]], v[event][slots[rows]] = events.occurred_at[rows], events.event_id[rows]
            return rows

        rows = newest(events.device.present(), "device_at", "device_event")
        v["device"][slots[rows]] = device[events.device.codes[rows]]
        rows = newest(events.url.present(), "page_at", "page_event")
        who, item = slots[rows], events.first_item[rows]
        item = np.where(events.name[rows] == kinds.VIEW, item, -1)
        v["url"][who] = intern_used(self.words, events.url, rows)
        v["title"][who] = intern_used(self.words, events.title, rows)
        code = np.zeros(len(rows), np.int64)
        code[item >= 0] = intern_used(self.words, events.items.item, item[item >= 0])
        v["page_item"][who] = code

    def _apply_items(self, events: Batch, slot: Ints, accepted: Bools) -> None:
        v, items = self.visitors, events.items
        name = events.name
        adding = np.flatnonzero(accepted & (name == kinds.ADD))
        np.maximum.at(v["carted_at"], slot[adding], events.occurred_at[adding])
        m = np.flatnonzero(accepted[items.row] & (name[items.row] < kinds.REFUND))
        # operations on the whole cart: purchases and removals that name no item
        bare = accepted & ((name == kinds.PURCHASE) | (name == kinds.REMOVE)) & (events.first_item < 0)
        everything = np.flatnonzero(bare)
        row, event_name = items.row[m], name[items.row[m]]
        item = intern_used(self.words, items.item, m)
        category = intern_used(self.words, items.category, m)
        at, who = events.occurred_at[row], slot[row]
        self._apply_products(who, item, category, at, event_name, items.quantity[m])
        viewed = event_name == kinds.VIEW
        np.maximum.at(v["viewed_at"], who[viewed], at[viewed])

        op = event_name != kinds.VIEW
        quantity = items.quantity[m][op]
        bought = event_name[op] == kinds.PURCHASE
        delta = np.where(bought, 0, np.where(event_name[op] == kinds.ADD, quantity, -quantity))
        self.add_ops(
            slot=np.r_[who[op], slot[everything]],
            item=np.r_[item[op], np.full(len(everything), EVERY_ITEM)],
            at=np.r_[at[op], events.occurred_at[everything]],
            event=np.r_[events.event_id[row[op]], events.event_id[everything]],
            kind=np.r_[np.where(bought, EMPTY, CHANGE), np.full(len(everything), EMPTY)],
            delta=np.r_[delta, np.zeros(len(everything), np.int64)],
            price=np.r_[np.where(bought, -1, items.price[m][op]), np.full(len(everything), -1)],
        )

    def _apply_products(self, who: Ints, item: Ints, category: Ints, at: Ints, name: Ints, quantity: Ints) -> None:
        p = self.products
        rows = self._keyed(p, self.product_index, "product", who, item)
        viewed, added = name == kinds.VIEW, name == kinds.ADD
        np.add.at(p["views"], rows[viewed], 1)
        np.maximum.at(p["viewed_at"], rows[viewed], at[viewed])
        np.add.at(p["adds"], rows[added], quantity[added])
        np.maximum.at(p["carted_at"], rows[added], at[added])
        told = category != 0
        rows, category, at = rows[told], category[told], at[told]
        strings = self.words.strings
        order = order_by(rows, at, lambda tied: np.array([strings[c] for c in category[tied].tolist()], object))
        last = order[np.r_[rows[order][1:] != rows[order][:-1], True]] if len(order) else order
        rows, category, at = rows[last], category[last], at[last]
        before = p["category_at"][rows]
        newer = at > before
        for i in np.flatnonzero(at == before).tolist():
            newer[i] = strings[category[i]] > strings[p["category"][rows[i]]]
        p["category"][rows[newer]], p["category_at"][rows[newer]] = category[newer], at[newer]

    def _keyed(self, table: Table, index: HashIndex, head: str, who: Ints, item: Ints) -> Ints:
        """Row of each (slot, item) of a child table, added where it is new, shape (n,)."""
        places, new = index.insert(child_key(who, item))
        fresh = np.flatnonzero(new)
        if len(fresh):
            fresh = fresh[np.argsort(who[fresh], kind="stable")]
            rows = table.append(slot=who[fresh], item=item[fresh])
            chain(table, self.visitors[head], who[fresh], rows)
            index.assign(places[fresh], rows)
        return index.values(places)

    def _apply_searches(self, events: Batch, slot: Ints, rows: Ints) -> None:
        rows = rows[events.name[rows] == kinds.SEARCH]
        if not len(rows):
            return
        term = intern_used(self.words, events.search, rows)
        rows, term = rows[term != 0], term[term != 0]
        found = self._keyed(self.searches, self.search_index, "search", slot[rows], term)
        np.maximum.at(self.searches["at"], found, events.occurred_at[rows])

    # -- cart operations

    def add_ops(self, slot: Ints, **columns: Array) -> None:
        """Add cart operations, a value an operation for each column of `ops`."""
        if not len(slot):
            return
        v = self.visitors
        order = np.argsort(slot, kind="stable")
        slot = slot[order]
        columns = {name: column[order] for name, column in columns.items()}
        if "event" in columns and columns["event"].dtype != EVENT_ID:
            columns["event"] = columns["event"].astype(EVENT_ID)
        rows = self.ops.append(slot=slot, **columns)
        chain(self.ops, v["op"], slot, rows)
        fresh = columns["kind"] != FOLDED
        np.minimum.at(v["oldest_op"], slot[fresh], columns["at"][fresh])

    def fold_old_ops(self, slots: Ints) -> None:
        """Fold operations before the visitors' horizons into one an item."""
        v = self.visitors
        slots = slots[v["oldest_op"][slots] < v["last_seen"][slots] - HORIZON]
        if not len(slots):
            return
        rows, _ = walk(self.ops, v["op"][slots].astype(np.int64))
        columns = {c: self.ops[c][rows] for c in self.ops.columns() if c != "before"}
        owner = columns.pop("slot").astype(np.int64)
        old = columns["at"] < v["last_seen"][owner] - HORIZON
        lines = self.fold_ops(rows[old])
        kept = lines.quantity > 0
        self.ops.free(rows)
        v["op"][slots], v["oldest_op"][slots] = NONE, NEVER
        self.add_ops(slot=owner[~old], **{c: column[~old] for c, column in columns.items()})
        count = int(kept.sum())
        self.add_ops(
            slot=lines.slot[kept], item=lines.item[kept], at=lines.last_at[kept], event=lines.last_event[kept],
            kind=np.full(count, FOLDED), delta=lines.quantity[kept], price=lines.price[kept],
        )  # fmt: skip

    def fold_ops(self, rows: Ints) -> Lines:
        """Carts that operations (rows of `ops`) make."""
        o = self.ops
        return fold(
            o["slot"][rows].astype(np.int64), o["item"][rows].astype(np.int64), o["at"][rows], o["event"][rows],
            o["kind"][rows].astype(np.int64), o["delta"][rows], o["price"][rows],
        )  # fmt: skip

    # -- orders

    def unread(self, record: OrderRecord) -> bool:
        """Whether the row it belongs to has not seen it. Each record is seen by the row that gets the order or loses it."""
        if record.key not in self.slots:
            return False
        return all(record.offset > self.visitors["version"][slot] for slot, _ in self._stints_of_order(record))

    def _stints_of_order(self, record: OrderRecord) -> list[tuple[int, bool]]:
        """Whose it is, as (slot, whether it owns it): the stint its time lies in, and those that have it by mistake."""
        last, owned = self.slots[record.key], record.order["owner"]
        if self.visitors["earlier"][last] == NONE:
            return [(last, owned)]
        at = np.array([record.order["occurred_at"]])
        target = int(stint_of(self, np.array([last]), at)[0]) if owned else NONE
        code = self.words.codes([record.order["transaction_id"]])
        others = [slot for slot in stints_of(self, record.key) if slot != target and self._has_order(slot, code)]
        found = [(target, True)] if owned else []
        return found + [(slot, False) for slot in others] or [(last, False)]

    def _has_order(self, slot: int, code: Ints) -> bool:
        places, new = self.order_index.insert(child_key(np.array([slot]), code))
        if new[0]:
            self.order_index.assign(places, np.array([NONE]))
        return bool(self.order_index.values(places)[0] != NONE)

    def has_order(self, key: str, transaction_id: str) -> bool:
        """Whether a visitor has an order, in any of his stints."""
        code = self.words.codes([transaction_id])
        return any(self._has_order(slot, code) for slot in stints_of(self, key))

    def put_orders(self, records: Sequence[OrderRecord]) -> None:
        """Give orders to visitors that are in memory, or take them away; older versions than they have change nothing."""
        v, orders = self.visitors, self.orders
        latest: dict[tuple[str, str], OrderRecord] = {}
        for record in records:
            for slot, _ in self._stints_of_order(record):
                v["version"][slot] = max(record.offset, int(v["version"][slot]))
                v["changed"][slot] = v["untold"][slot] = True
            key = record.key, record.order["transaction_id"]
            if key not in latest or record.order["version"] >= latest[key].order["version"]:
                latest[key] = record
        newest: dict[tuple[int, str], tuple[OrderRecord, bool]] = {}
        for record in latest.values():
            for slot, owned in self._stints_of_order(record):
                newest[slot, record.order["transaction_id"]] = record, owned
        if not newest:
            return
        slots = np.fromiter((slot for slot, _ in newest), np.int64, len(newest))
        codes = self.words.codes(transaction_id for _, transaction_id in newest)
        places, new = self.order_index.insert(child_key(slots, codes))
        self.order_index.assign(places[new], np.full(int(new.sum()), NONE))
        there = self.order_index.values(places)
        wanted: list[int] = []
        for i, (record, owned) in enumerate(newest.values()):
            if there[i] != NONE:
                if orders["version"][there[i]] > record.order["version"]:
                    continue
                self._drop_order(int(slots[i]), int(there[i]))
                self.order_index.assign(places[[i]], np.array([NONE]))
            if owned:
                wanted.append(i)
        if wanted:
            told = list(newest.values())
            wanted.sort(key=lambda i: int(slots[i]))
            rows = self.append_orders(slots[wanted], [told[i][0].order for i in wanted])
            self.order_index.assign(places[wanted], rows)

    def orders_of(self, slot: int) -> list[dict[str, Any]]:
        """A stint's orders, as its transactions' shards told them."""
        o, lines, strings = self.orders, self.lines, self.words.strings
        found = []
        for row in walk(o, self.visitors["order"][[slot]].astype(np.int64))[0].tolist():
            mine = walk(lines, o["line"][[row]].astype(np.int64))[0].tolist()
            order: dict[str, Any] = {name: o[name][row].item() for name in ("version", "counted", "units", "revenue")}
            order |= {"transaction_id": strings[o["id"][row]], "occurred_at": int(o["at"][row]), "owner": True}
            order["lines"] = [
                [strings[lines["item"][i]], strings[lines["category"][i]], int(lines["units"][i])] for i in mine
            ]
            found.append(order)
        return found

    def append_orders(self, slots: Ints | Sequence[int], orders: Sequence[dict[str, Any]]) -> Ints:
        """Add orders, sorted by slot; returns their rows."""
        slots = np.asarray(slots, np.int64)
        codes = self.words.codes(order["transaction_id"] for order in orders)
        rows = self.orders.append(
            slot=slots,
            id=codes,
            line=np.full(len(slots), NONE),
            **{name: [order[name] for order in orders] for name in ("version", "counted", "units", "revenue")},
            at=[order["occurred_at"] for order in orders],
        )
        chain(self.orders, self.visitors["order"], slots, rows)
        bought = [(row, *line) for row, order in zip(rows.tolist(), orders, strict=True) for line in order["lines"]]
        if bought:
            owners, items, categories, units = zip(*bought, strict=True)
            lines = self.lines.append(
                item=self.words.codes(items), category=self.words.codes(categories), units=np.array(units)
            )
            chain(self.lines, self.orders["line"], np.array(owners), lines)
        return rows

    def _drop_order(self, slot: int, row: int) -> None:
        v, orders = self.visitors, self.orders
        lines, _ = walk(self.lines, orders["line"][[row]].astype(np.int64))
        mine, _ = walk(orders, v["order"][[slot]].astype(np.int64))
        self.lines.free(lines)
        orders.free(np.array([row]))
        rest = mine[mine != row][::-1]
        v["order"][slot] = NONE
        chain(orders, v["order"], np.full(len(rest), slot), rest)

    # -- memory

    def retire(self, slots: Ints) -> None:
        """Empty stints whose events others have now; their slots are not used again until the shard is made compact."""
        v = self.visitors
        heads = {"visit": self.visits, "product": self.products, "search": self.searches, "op": self.ops}
        for head, table in heads.items():
            table.free(walk(table, v[head][slots].astype(np.int64))[0])
            v[head][slots] = NONE
        orders, _ = walk(self.orders, v["order"][slots].astype(np.int64))
        self.lines.free(walk(self.lines, self.orders["line"][orders].astype(np.int64))[0])
        self.orders.free(orders)
        v["order"][slots] = NONE
        v["alive"][slots] = v["changed"][slots] = v["untold"][slots] = False
        v["last_seen"][slots] = 0

    def leave(self, key: str, begin: int, version: int, latest_seen: int) -> None:
        """Leave an empty row, to be written once, where a stint has been."""
        site = self.words.codes([key.partition("/")[0]])
        self.visitors.append(
            site=site,
            key_hash=key_hashes([key]),
            version=version,
            begin=begin,
            latest_seen=latest_seen,
            gone=True,
            changed=True,
        )
        self.keys.append(key)

    def let_go(self, keys: Iterable[str]) -> None:
        """Say that visitors need not stay in memory: nothing came of them lately."""
        self.visitors["touched_at"][[self.slots[key] for key in keys if key in self.slots]] = 0

    def evict(self, now: int, steady: int | None = None) -> int:
        """Forget visitors who can be in no window any more (their rows stay in the store); returns how many.

        `steady`: the time that `apply` is told, where it is not `now`. Who was touched within an hour of it stays: his row may
        not be written yet.
        """
        v = self.visitors
        touched = v["touched_at"] >= (now if steady is None else steady) - HOUR
        idle = v["alive"] & ~v["changed"] & (v["last_seen"] < now - HORIZON) & ~touched
        several = np.flatnonzero(v["alive"] & (v["earlier"] != NONE))
        if len(several):  # a visitor's stints stay or go together
            for slot in {self.slots[self.keys[slot]] for slot in several.tolist()}:
                chain = stints_of(self, self.keys[slot])
                idle[chain] = idle[chain].all()
        gone = np.flatnonzero(idle)
        if len(gone):
            self.dormant.insert(v["key_hash"][gone])
            for slot in gone.tolist():
                self.slots.pop(self.keys[slot], None)
            v["alive"][gone] = False
            if int(v["alive"].sum()) * 4 < 3 * v.size:
                compact(self)
        return len(gone)

    @property
    def nbytes(self) -> int:
        """Bytes of the columns and indices held (strings and their tables not counted)."""
        tables = (self.visitors, self.visits, self.products, self.searches, self.ops, self.orders, self.lines)
        indices = (self.seen, self.dormant, self.product_index, self.search_index, self.order_index)
        return sum(t.nbytes for t in tables) + sum(i.nbytes for i in indices)

    # -- what changed

    def take_changed(self) -> Ints:
        """Slots changed since the last call, with old cart operations folded."""
        v = self.visitors
        slots = np.flatnonzero(v["changed"] & ((v["last_seen"] > 0) | v["gone"]))
        v["changed"][:] = False
        v["alive"][slots[v["gone"][slots]]] = False
        self.fold_old_ops(slots)
        return slots

    def tell(self, key: str, member: int, version: int = 0) -> None:
        """Have a member (a code) be told what he has of a visitor, and be it nothing."""
        if member != NOBODY:
            whose = key, self.words.strings[member]
            self.untold[whose] = max(version, self.untold.get(whose, 0))

    def take_untold(self, only: Collection[str] | None = None) -> tuple[dict[tuple[str, str], int], Ints]:
        """Who is to be told what he has of a visitor, since the last call: (site_id/visitor_id, member) -> version; and the slots of
        all these stints, with old cart operations folded. `only`: of these visitors."""
        v = self.visitors
        for slot in np.flatnonzero(v["untold"] & (v["member"] != NOBODY) & (v["last_seen"] > 0)).tolist():
            self.tell(self.keys[slot], int(v["member"][slot]))
        v["untold"][:] = False
        told, self.untold = self.untold, {}
        if only is not None:
            self.untold = {whose: version for whose, version in told.items() if whose[0] not in only}
            told = {whose: version for whose, version in told.items() if whose[0] in only}
        slots: list[int] = []
        for key, member in told:
            stints = stints_of(self, key) if key in self.slots else []
            slots += [slot for slot in stints if self.words.strings[v["member"][slot]] == member]
            told[key, member] = max([told[key, member], *(int(v["version"][slot]) for slot in stints)])
        found = np.array(slots, np.int64)
        self.fold_old_ops(found)
        return told, found

    def fold_away(self, visits: Visits) -> None:
        """Keep visits for `take_folded`."""
        self._folded.append(visits)

    def take_folded(self) -> Visits | None:
        """Visits folded away since the last call."""
        if not self._folded:
            return None
        folded, self._folded = self._folded, []
        result = folded[0]
        for more in folded[1:]:
            result = Visits.concatenated(result, more)
        return result
