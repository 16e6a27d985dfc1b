"""A shard's state -> rows of table `visitors` (sql/migrations/0006_visitors.sql says what the columns mean)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from flows.visitors.batch import DEVICE, ENTRY, Bools, split
from flows.visitors.carts import FOLDED, fold
from flows.visitors.limits import PRODUCT_MEMORY
from flows.visitors.strings import Interner
from flows.visitors.tables import Array, Ints, Table, changed, runs, walk
from flows.visitors.visits import NEVER, Visits, find_visit, merge

if TYPE_CHECKING:
    from flows.visitors.shard import Shard

TIME = pa.timestamp("ms", "UTC")
ENTRY_COLUMNS = ("landing_page", *ENTRY[1:])


def rows_of(shard: Shard, slots: Ints, number: int) -> pa.Table:
    """Rows of some stints (slots ascending or not, each once), shape (n,); `number` is the shard's."""
    return _Export(shard, slots).table(number)


def columns_of(shard: Shard, slots: Ints, wanted: frozenset[str]) -> dict[str, pa.Array]:
    """Columns of rows of some stints: all that are wanted and that visitors have, maybe some more."""
    return _Export(shard, slots, wanted=wanted).some()


def united(shard: Shard, slots: Ints, owner: Ints, *, as_one: bool, wanted: frozenset[str] | None = None) -> pa.Table:
    """One row for each run of stints that belong together: those with owner 0, 1, 2 ... (ascending), in the order they count.

    `as_one`: they become one stint of a visitor, whose visits may join; else they are parts of a person, and an order or cart
    operation belongs to a visit of its own part. Keys and `version` are those of the first; columns of stints are not made. `wanted`: as
    of `columns_of`.
    """
    return _Export(shard, slots, owner, as_one=as_one, wanted=wanted).united()


class _Export:
    """`slots` are exported; `owner` says which row each goes to, `lane` whose visits it has."""

    def __init__(
        self,
        shard: Shard,
        slots: Ints,
        owner: Ints | None = None,
        *,
        as_one: bool = False,
        wanted: frozenset[str] | None = None,
    ) -> None:
        self.shard, self.slots, self.plain, self.wanted = shard, slots, owner is None, wanted
        self.owner = np.arange(len(slots)) if owner is None else owner
        self.n = int(self.owner[-1]) + 1 if len(slots) else 0
        self.lane = self.owner if as_one else np.arange(len(slots))
        self.last_seen = self._greatest(shard.visitors["last_seen"][slots])
        self.columns: dict[str, pa.Array] = {}

    def table(self, number: int) -> pa.Table:
        shard, v, slots = self.shard, self.shard.visitors, self.slots
        put = self.columns
        self._ids()
        put["stint_start"] = _times(v["begin"][slots])
        put["member_id"] = shard.words.take(v["member"][slots])
        put["gone"] = pa.array(v["gone"][slots])
        for name, column in (("stint_end", "end"), ("login_at", "login_at"), ("logout_at", "logout_at")):
            put[name] = _times(v[column][slots])
        put["latest_seen"] = _times(np.maximum(v["latest_seen"][slots], v["last_seen"][slots]))
        put["shard"] = pa.array(np.full(self.n, number, np.uint16))
        self._state()
        return pa.table(put)

    def some(self) -> dict[str, pa.Array]:
        v, put = self.shard.visitors, self.columns
        put["member_id"], put["login_at"] = (
            self.shard.words.take(v["member"][self.slots]),
            _times(v["login_at"][self.slots]),
        )
        self._state()
        return put

    def _wants(self, *beginnings: str) -> bool:
        """Whether some column is wanted whose name begins so."""
        return self.wanted is None or any(name.startswith(beginnings) for name in self.wanted)

    def united(self) -> pa.Table:
        self._ids()
        self._state()
        return pa.table(self.columns)

    def _ids(self) -> None:
        put, first = self.columns, self.slots[runs(changed(self.owner))] if len(self.slots) else self.slots
        put["site_id"] = self.shard.words.take(self.shard.visitors["site"][first])
        keys = self.shard.keys
        put["visitor_id"] = pa.array([keys[slot].partition("/")[2] for slot in first.tolist()], pa.string())
        put["key_hash"] = pa.array(self.shard.visitors["key_hash"][first])

    def _state(self) -> None:
        shard, v, slots = self.shard, self.shard.visitors, self.slots
        put = self.columns
        put["version"] = pa.array(self._greatest(v["version"][slots]).astype(np.uint64))
        put["first_seen"], put["last_seen"] = _times(self._least(v["first_seen"][slots])), _times(self.last_seen)
        for name, column in (("last_viewed_at", "viewed_at"), ("last_carted_at", "carted_at")):
            latest = self._greatest(v[column][slots])
            put[name] = _times(latest, absent=latest == 0)
        if self._wants("device_", *DEVICE):
            device = self._last_of("device_at", "device_event")
            put["device_at"], put["device_event"] = _times(v["device_at"][device]), _ids(v["device_event"][device])
            self._split(shard.devices, v["device"][device], DEVICE)
        if self._wants("page_"):
            page = self._last_of("page_at", "page_event")
            put["page_at"], put["page_event"] = _times(v["page_at"][page]), _ids(v["page_event"][page])
            put["page_url"], put["page_title"] = shard.words.take(v["url"][page]), shard.words.take(v["title"][page])
            put["page_item"] = shard.words.take(v["page_item"][page])
        self._visits()
        if self._wants(
            "order", "bought_", "units", "revenue", "largest_", "last_order_", "visit_", "product_", "cart_"
        ):
            self._orders()
            if self._wants("product_", "cart_"):
                self._products()
                self._cart()
        if self._wants("search_"):
            self._searches()

    # -- several stints in one row

    def _sum(self, values: Ints) -> Ints:
        """Sums of a number a stint, shape (n,)."""
        return values.astype(np.int64) if self.plain else _added(self.n, self.owner, values)

    def _greatest(self, values: Ints) -> Ints:
        if self.plain or not len(values):
            return values
        found: Ints = np.maximum.reduceat(values, runs(changed(self.owner)))
        return found

    def _least(self, values: Ints) -> Ints:
        if self.plain or not len(values):
            return values
        found: Ints = np.minimum.reduceat(values, runs(changed(self.owner)))
        return found

    def _last_of(self, at: str, event: str) -> Ints:
        """The slot, one a row, with the greatest (time, event id)."""
        if self.plain:
            return self.slots
        v = self.shard.visitors
        order = np.lexsort((v[event][self.slots], v[at][self.slots], self.owner))
        last: Ints = self.slots[order[np.r_[runs(changed(self.owner))[1:], len(order)] - 1]]
        return last

    def _first_seen(self) -> Ints:
        """Index of the slot, one a row, that was seen first."""
        order = np.lexsort((self.shard.visitors["first_seen"][self.slots], self.owner))
        first: Ints = order[runs(changed(self.owner))]
        return first

    # -- lists

    def _split(
        self, interner: Interner, codes: Ints, names: Sequence[str], prefix: str = "", offsets: Ints | None = None
    ) -> None:
        """Put columns that were joined; as lists where `offsets` are given."""
        used, inverse = np.unique(codes, return_inverse=True)
        for name, words in split([interner.strings[c] for c in used], names).items():
            column = words.take(pa.array(inverse))
            self.columns[prefix + name] = column if offsets is None else _list(offsets, column)

    def _children(self, table: Table, head: str) -> tuple[Ints, Ints, Ints]:
        """Rows of a child table, and the lane and row each belongs to."""
        rows, position = walk(table, self.shard.visitors[head][self.slots].astype(np.int64))
        if self.plain:
            return rows, position, position
        order = np.argsort(position, kind="stable")  # of two that are alike the first part's comes first
        rows, position = rows[order], position[order]
        return rows, self.lane[position], self.owner[position]

    def _lists(self, offsets: Ints, **columns: pa.Array) -> None:
        for name, column in columns.items():
            self.columns[name] = _list(offsets, column)

    def _offsets(self, position: Ints) -> Ints:
        offsets: Ints = np.r_[0, np.cumsum(np.bincount(position, minlength=self.n))]
        return offsets

    def _rank(self, codes: Ints) -> Ints:
        """Place of each word in the order of their strings, shape (n,)."""
        used, inverse = np.unique(codes, return_inverse=True)
        strings = [self.shard.words.strings[c] for c in used]
        rank = np.empty(len(used), np.int64)
        rank[sorted(range(len(used)), key=strings.__getitem__)] = np.arange(len(used))
        ranks: Ints = rank[inverse]
        return ranks

    def _visits(self) -> None:
        shard, v, slots, n = self.shard, self.shard.visitors, self.slots, self.n
        rows, lane, position = self._children(shard.visits, "visit")
        column = shard.visits
        visits = Visits(
            lane, column["start"][rows], column["end"][rows], column["pageviews"][rows], column["cart_adds"][rows],
            column["entry"][rows], column["entry_at"][rows], column["entry_event"][rows],
        )  # fmt: skip
        if self.plain:
            visits = visits.take(np.lexsort((visits.start, position)))
            position = visits.slot
        else:
            visits = merge(visits)
            row_of_lane = np.zeros(len(slots), np.int64)
            row_of_lane[self.lane] = self.owner
            position = row_of_lane[visits.slot]
        first, latest = np.zeros(n, np.int64), np.zeros(n, np.int64)
        began = runs(changed(visits.slot))
        first_in_lane = np.zeros(len(slots), np.int64)
        first_in_lane[visits.slot[began]] = visits.entry[began]
        if n:
            earliest = self._first_seen() if not self.plain else np.arange(n)
            first = np.where(
                v["closed_visits"][slots[earliest]] > 0,
                v["first_entry"][slots[earliest]],
                first_in_lane[self.lane[earliest]],
            )
        if not self.plain:
            order = np.lexsort((visits.slot, visits.start, visits.end, position))
            visits, position = visits.take(order), position[order]
        offsets = self._offsets(position)
        self.visit_lane, self.visit_start, self.visit_end, self.visit_offsets = (
            visits.slot, visits.start, visits.end, offsets,
        )  # fmt: skip
        pageviews, adds, stay = visits.pageviews, visits.cart_adds, visits.end - visits.start
        self._lists(
            offsets,
            visit_start=_times(visits.start),
            visit_end=_times(visits.end),
            visit_pageviews=pa.array(pageviews.astype(np.uint32)),
            visit_cart_adds=pa.array(adds.astype(np.uint32)),
        )
        if self.wanted is None:
            self._lists(
                offsets,
                visit_entry_at=_times(np.where(visits.entry_at == NEVER, 0, visits.entry_at)),
                visit_entry_event=_ids(visits.entry_event),
            )
            self._split(shard.entries, visits.entry, ENTRY_COLUMNS, "visit_", offsets)
        has = offsets[1:] > offsets[:-1]
        latest[has] = visits.entry[offsets[1:][has] - 1]
        if self._wants(*(f"first_{name}" for name in ENTRY_COLUMNS)):
            self._split(shard.entries, first, ENTRY_COLUMNS, "first_")
        if self._wants(*ENTRY_COLUMNS):
            self._split(shard.entries, latest, ENTRY_COLUMNS)

        def total(closed: str, values: Ints) -> Ints:
            return self._sum(v[closed][slots]) + _added(n, position, values)

        put = self.columns
        put["visits"] = pa.array(total("closed_visits", np.ones(len(visits), np.int64)).astype(np.uint32))
        put["pageviews"] = pa.array(total("closed_pageviews", pageviews).astype(np.uint32))
        put["stay_ms"] = pa.array(total("closed_stay", stay).astype(np.uint64))
        put["cart_adds"] = pa.array(total("closed_adds", adds).astype(np.uint32))

    def _visit_of(self, lane: Ints, at: Ints) -> Ints:
        """Index of the visit of a lane that contains time `at`, -1 if none is retained, shape (n,)."""
        return find_visit(self.visit_lane, self.visit_start, self.visit_end, lane, at)

    def _visit_end_of(self, lane: Ints, at: Ints) -> Ints:
        visit = self._visit_of(lane, at)
        return np.where(visit >= 0, self.visit_end[visit], at) if len(self.visit_end) else at

    def _orders(self) -> None:
        shard, o, n = self.shard, self.shard.orders, self.n
        rows, lane, position = self._children(o, "order")
        order = np.lexsort((self._rank(o["id"][rows].astype(np.int64)), o["at"][rows], position))
        rows, lane, position = rows[order], lane[order], position[order]
        at, counted, units, revenue = o["at"][rows], o["counted"][rows], o["units"][rows], o["revenue"][rows]
        visit = self._visit_of(lane, at)
        end = np.where(visit >= 0, self.visit_end[visit], at) if len(self.visit_end) else at
        offsets = self._offsets(position)
        if self._wants("order_"):
            self._lists(
                offsets,
                order_id=shard.words.take(o["id"][rows]),
                order_at=_times(at),
                order_version=pa.array(o["version"][rows].astype(np.uint64)),
                order_counted=pa.array(counted.astype(np.uint8)),
                order_units=pa.array(units),
                order_revenue=pa.array(revenue),
                order_visit_end=_times(end),
            )
        inside = (visit >= 0) & counted
        for name, values, dtype in (
            ("visit_orders", np.ones(len(rows), np.int64), np.uint32),
            ("visit_units", units, np.int64),
            ("visit_revenue", revenue, np.int64),
        ):
            sums = _added(len(self.visit_start), visit[inside], values[inside])
            self.columns[name] = _list(self.visit_offsets, pa.array(sums.astype(dtype)))

        def total(values: Array) -> Ints:
            return _added(n, position[counted], values[counted])

        put = self.columns
        count = total(np.ones(len(rows), np.int64))
        put["orders"] = pa.array(count.astype(np.uint32))
        put["units"], put["revenue"] = pa.array(total(units)), pa.array(total(revenue))
        largest, latest = np.full(n, -1, np.int64), np.zeros(n, np.int64)
        np.maximum.at(largest, position[counted], revenue[counted])
        np.maximum.at(latest, position[counted], at[counted])
        put["largest_order"] = pa.array(largest, mask=count == 0)
        put["last_order_at"] = _times(latest, absent=count == 0)

        line, owner = walk(shard.lines, o["line"][rows].astype(np.int64))
        item = shard.lines["item"][line].astype(np.int64)
        by = np.lexsort((self._rank(item), owner))
        line, owner, item = line[by], owner[by], item[by]
        keep = counted[owner]
        line, owner, item = line[keep], owner[keep], item[keep]
        self.line_position, self.line_item, self.line_at = position[owner], item, at[owner]
        self.line_units = shard.lines["units"][line]
        self.line_category = shard.lines["category"][line].astype(np.int64)
        if self._wants("bought_"):
            self._lists(
                self._offsets(position[owner]),
                bought_order=pa.array((owner - offsets[position[owner]]).astype(np.uint32)),
                bought_item=shard.words.take(item),
                bought_category=shard.words.take(self.line_category),
                bought_units=pa.array(self.line_units),
                bought_visit_end=_times(end[owner]),
            )

    def _products(self) -> None:
        shard, p = self.shard, self.shard.products
        rows, _, position = self._children(p, "product")
        mine = (position << 32) | p["item"][rows]
        bought = (self.line_position << 32) | self.line_item
        latest = np.maximum(np.maximum(p["viewed_at"][rows], p["carted_at"][rows]), p["category_at"][rows])
        recent = latest >= (self.last_seen - PRODUCT_MEMORY)[position]
        keys = np.union1d(mine[recent], bought)
        keep = np.isin(mine, keys)
        rows, place = rows[keep], np.searchsorted(keys, mine[keep])

        def column(name: str) -> Ints:
            filled = np.zeros(len(keys), np.int64)
            if self.plain:
                filled[place] = p[name][rows]
            elif name in ("views", "adds"):
                np.add.at(filled, place, p[name][rows])
            else:
                np.maximum.at(filled, place, p[name][rows])
            return filled

        sold = np.searchsorted(keys, bought)
        units, bought_at = np.zeros(len(keys), np.int64), np.zeros(len(keys), np.int64)
        np.add.at(units, sold, self.line_units)
        some = self.line_units > 0
        np.maximum.at(bought_at, sold[some], self.line_at[some])
        if self.plain:
            category = column("category")
        else:  # the last one told; of one time the greatest
            told = p["category"][rows].astype(np.int64)
            order = np.lexsort((self._rank(told), p["category_at"][rows], place))
            last = order[np.r_[runs(changed(place[order]))[1:], len(order)] - 1] if len(order) else order
            category = np.zeros(len(keys), np.int64)
            category[place[last]] = told[last]
        if len(sold):
            told = self.line_category != 0
            from_orders = np.zeros(len(keys), np.int64)
            from_orders[sold[told]] = self.line_category[told]  # lines are in order of time: the last one stays
            category = np.where(category == 0, from_orders, category)
        owner, item = keys >> 32, keys & 0xFFFFFFFF
        order = np.lexsort((self._rank(item), owner))
        self.product_keys, self.product_category = keys, category
        self._lists(
            self._offsets(owner),
            product_item=shard.words.take(item[order]),
            product_category=shard.words.take(category[order]),
            product_category_at=_times(column("category_at")[order]),
            product_views=pa.array(column("views")[order].astype(np.uint32)),
            product_viewed_at=_times(column("viewed_at")[order]),
            product_adds=pa.array(column("adds")[order].astype(np.uint32)),
            product_carted_at=_times(column("carted_at")[order]),
            product_units=pa.array(units[order]),
            product_bought_at=_times(bought_at[order]),
        )

    def _cart(self) -> None:
        shard, o, n = self.shard, self.shard.ops, self.n
        rows, lane, position = self._children(o, "op")
        item, at, event, kind = o["item"][rows].astype(np.int64), o["at"][rows], o["event"][rows], o["kind"][rows]
        order = np.lexsort((kind, event, at, self._rank(item), position))
        rows, lane, position, item = rows[order], lane[order], position[order], item[order]
        at, event, kind = at[order], event[order], kind[order].astype(np.int64)
        delta, price = o["delta"][rows], o["price"][rows]
        if self._wants("op_"):
            self._lists(
                self._offsets(position),
                op_item=shard.words.take(item),
                op_at=_times(at),
                op_event=_ids(event),
                op_kind=pa.array(kind.astype(np.uint8)),
                op_delta=pa.array(delta.astype(np.int32)),
                op_price=pa.array(price),
                op_visit_end=_times(np.where(kind == FOLDED, at, self._visit_end_of(lane, at))),
            )
        cart = fold(position, item, at, event, kind, delta, price)
        there = cart.quantity > 0
        position, item = cart.slot[there], cart.item[there]
        quantity, added_at = cart.quantity[there], cart.added_at[there]
        price = np.maximum(cart.price[there], 0)
        order = np.lexsort((self._rank(item), position))
        position, item, quantity, price, added_at = (c[order] for c in (position, item, quantity, price, added_at))
        key = (position << 32) | item
        category = np.zeros(len(key), np.int64)
        if len(self.product_keys):
            found = np.minimum(np.searchsorted(self.product_keys, key), len(self.product_keys) - 1)
            category = np.where(self.product_keys[found] == key, self.product_category[found], 0)
        self._lists(
            self._offsets(position),
            cart_item=shard.words.take(item),
            cart_category=shard.words.take(category),
            cart_quantity=pa.array(quantity.astype(np.uint32)),
            cart_price=pa.array(price),
            cart_added_at=_times(added_at),
        )
        self.columns["cart_value"] = pa.array(_added(n, position, quantity * price))
        self.columns["cart_units"] = pa.array(_added(n, position, quantity).astype(np.uint32))

    def _searches(self) -> None:
        shard, table = self.shard, self.shard.searches
        rows, _, position = self._children(table, "search")
        item, at = table["item"][rows].astype(np.int64), table["at"][rows]
        if not self.plain:  # the last search for a term
            order = np.lexsort((at, item, position))
            last = np.r_[runs(changed(position[order], item[order]))[1:], len(order)] - 1 if len(order) else order
            item, at, position = item[order][last], at[order][last], position[order][last]
        keep = at >= (self.last_seen - PRODUCT_MEMORY)[position]
        item, at, position = item[keep], at[keep], position[keep]
        order = np.lexsort((self._rank(item), position))
        self._lists(self._offsets(position), search_term=shard.words.take(item[order]), search_at=_times(at[order]))


def _added(n: int, position: Ints, values: Array) -> Ints:
    """Sums of values by position, shape (n,)."""
    sums = np.zeros(n, np.int64)
    np.add.at(sums, position, values)
    return sums


def _times(epoch_ms: Array, absent: Bools | None = None) -> pa.Array:
    return pa.array(epoch_ms.astype(np.int64), mask=absent).cast(TIME)


def _ids(ids: Array) -> pa.Array:
    return pa.array(ids, pa.binary()).cast(pa.string())


def _list(offsets: Ints, values: pa.Array) -> pa.Array:
    return pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), values)
