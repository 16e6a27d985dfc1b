"""A shard's state <-> rows of table `visitors` (sql/migrations/0006_visitors.sql says what the columns mean)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flows.visitors.batch import DEVICE, ENTRY, Bools, joined, split
from flows.visitors.carts import FOLDED
from flows.visitors.limits import PRODUCT_MEMORY
from flows.visitors.seen import EVENT_ID, child_key
from flows.visitors.shard import Shard
from flows.visitors.strings import Interner
from flows.visitors.tables import Array, HashIndex, Ints, Table, chain, changed, runs, walk
from flows.visitors.visits import NEVER, find_visit

TIME = pa.timestamp("ms", "UTC")
ENTRY_COLUMNS = ("landing_page", *ENTRY[1:])


def rows_of(shard: Shard, slots: Ints, number: int) -> pa.Table:
    """Rows of some visitors (slots ascending or not, each once); `number` is the shard's."""
    return _Export(shard, slots).table(number)


class _Export:
    def __init__(self, shard: Shard, slots: Ints) -> None:
        self.shard, self.slots, self.n = shard, slots, len(slots)
        self.columns: dict[str, pa.Array] = {}

    def table(self, number: int) -> pa.Table:
        shard, v, slots = self.shard, self.shard.visitors, self.slots
        put = self.columns
        put["site_id"] = shard.words.take(v["site"][slots])
        put["visitor_id"] = pa.array([shard.keys[slot].partition("/")[2] for slot in slots.tolist()], pa.string())
        put["shard"] = pa.array(np.full(self.n, number, np.uint16))
        put["key_hash"] = pa.array(v["key_hash"][slots])
        put["version"] = pa.array(v["version"][slots].astype(np.uint64))
        for name in ("first_seen", "last_seen", "device_at", "page_at"):
            put[name] = _times(v[name][slots])
        for name, column in (("last_viewed_at", "viewed_at"), ("last_carted_at", "carted_at")):
            put[name] = _times(v[column][slots], absent=v[column][slots] == 0)
        put["device_event"], put["page_event"] = _ids(v["device_event"][slots]), _ids(v["page_event"][slots])
        self._split(shard.devices, v["device"][slots], DEVICE)
        put["page_url"], put["page_title"] = shard.words.take(v["url"][slots]), shard.words.take(v["title"][slots])
        put["page_item"] = shard.words.take(v["page_item"][slots])
        self._visits()
        self._orders()
        self._products()
        self._cart()
        self._searches()
        return pa.table(put)

    def _split(
        self, interner: Interner, codes: Ints, names: Sequence[str], prefix: str = "", offsets: Ints | None = None
    ) -> None:
        """Put columns that were joined; as lists where `offsets` are given."""
        used, inverse = np.unique(codes, return_inverse=True)
        for name, words in split([interner.strings[c] for c in used], names).items():
            column = words.take(pa.array(inverse))
            self.columns[prefix + name] = column if offsets is None else _list(offsets, column)

    def _children(self, table: Table, head: str) -> tuple[Ints, Ints]:
        return walk(table, self.shard.visitors[head][self.slots].astype(np.int64))

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
        shard, v, slots = self.shard, self.shard.visitors, self.slots
        rows, position = self._children(shard.visits, "visit")
        order = np.lexsort((shard.visits["start"][rows], position))
        rows, position = rows[order], position[order]
        start, end = shard.visits["start"][rows], shard.visits["end"][rows]
        pageviews, adds = shard.visits["pageviews"][rows], shard.visits["cart_adds"][rows]
        offsets = self._offsets(position)
        self.visit_position, self.visit_start, self.visit_end, self.visit_offsets = position, start, end, offsets
        entry_at = shard.visits["entry_at"][rows]
        self._lists(
            offsets,
            visit_start=_times(start),
            visit_end=_times(end),
            visit_pageviews=pa.array(pageviews.astype(np.uint32)),
            visit_cart_adds=pa.array(adds.astype(np.uint32)),
            visit_entry_at=_times(np.where(entry_at == NEVER, 0, entry_at)),
            visit_entry_event=_ids(shard.visits["entry_event"][rows]),
        )
        entry = shard.visits["entry"][rows]
        self._split(shard.entries, entry, ENTRY_COLUMNS, "visit_", offsets)
        has = offsets[1:] > offsets[:-1]
        first, latest = np.zeros(self.n, np.int64), np.zeros(self.n, np.int64)
        first[has], latest[has] = entry[offsets[:-1][has]], entry[offsets[1:][has] - 1]
        first = np.where(v["closed_visits"][slots] > 0, v["first_entry"][slots], first)
        self._split(shard.entries, first, ENTRY_COLUMNS, "first_")
        self._split(shard.entries, latest, ENTRY_COLUMNS)

        def total(values: Array) -> Ints:
            return np.bincount(position, values, self.n).astype(np.int64)

        put = self.columns
        put["visits"] = pa.array((v["closed_visits"][slots] + np.diff(offsets)).astype(np.uint32))
        put["pageviews"] = pa.array((v["closed_pageviews"][slots] + total(pageviews)).astype(np.uint32))
        put["stay_ms"] = pa.array((v["closed_stay"][slots] + total(end - start)).astype(np.uint64))
        put["cart_adds"] = pa.array((v["closed_adds"][slots] + total(adds)).astype(np.uint32))

    def _visit_of(self, position: Ints, at: Ints) -> Ints:
        """Index of the visit of visitor `position` that contains time `at`, -1 if none is retained, shape (n,)."""
        return find_visit(self.visit_position, self.visit_start, self.visit_end, position, at)

    def _visit_end_of(self, position: Ints, at: Ints) -> Ints:
        visit = self._visit_of(position, at)
        return np.where(visit >= 0, self.visit_end[visit], at) if len(self.visit_end) else at

    def _orders(self) -> None:
        shard, o, n = self.shard, self.shard.orders, self.n
        rows, position = self._children(o, "order")
        order = np.lexsort((self._rank(o["id"][rows].astype(np.int64)), o["at"][rows], position))
        rows, position = rows[order], position[order]
        at, counted, units, revenue = o["at"][rows], o["counted"][rows], o["units"][rows], o["revenue"][rows]
        visit = self._visit_of(position, at)
        end = np.where(visit >= 0, self.visit_end[visit], at) if len(self.visit_end) else at
        offsets = self._offsets(position)
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
            sums = np.zeros(len(self.visit_start), np.int64)
            np.add.at(sums, visit[inside], values[inside])
            self.columns[name] = _list(self.visit_offsets, pa.array(sums.astype(dtype)))

        def total(values: Array) -> Ints:
            sums = np.zeros(n, np.int64)
            np.add.at(sums, position[counted], values[counted])
            return sums

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
        rows, position = self._children(p, "product")
        horizon = shard.visitors["last_seen"][self.slots] - PRODUCT_MEMORY
        mine = (position << 32) | p["item"][rows]
        bought = (self.line_position << 32) | self.line_item
        latest = np.maximum(np.maximum(p["viewed_at"][rows], p["carted_at"][rows]), p["category_at"][rows])
        recent = latest >= horizon[position]
        keys = np.union1d(mine[recent], bought)
        keep = np.isin(mine, keys)
        rows, place = rows[keep], np.searchsorted(keys, mine[keep])

        def column(name: str) -> Ints:
            filled = np.zeros(len(keys), np.int64)
            filled[place] = p[name][rows]
            return filled

        sold = np.searchsorted(keys, bought)
        units, bought_at = np.zeros(len(keys), np.int64), np.zeros(len(keys), np.int64)
        np.add.at(units, sold, self.line_units)
        some = self.line_units > 0
        np.maximum.at(bought_at, sold[some], self.line_at[some])
        category = column("category")
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
        rows, position = self._children(o, "op")
        item, at, event, kind = o["item"][rows].astype(np.int64), o["at"][rows], o["event"][rows], o["kind"][rows]
        order = np.lexsort((kind, event, at, self._rank(item), position))
        rows, position, at, kind = rows[order], position[order], at[order], kind[order]
        end = np.where(kind == FOLDED, at, self._visit_end_of(position, at))
        self._lists(
            self._offsets(position),
            op_item=shard.words.take(o["item"][rows]),
            op_at=_times(at),
            op_event=_ids(o["event"][rows]),
            op_kind=pa.array(kind.astype(np.uint8)),
            op_delta=pa.array(o["delta"][rows].astype(np.int32)),
            op_price=pa.array(o["price"][rows]),
            op_visit_end=_times(end),
        )
        cart = shard.fold_ops(rows)
        place = np.zeros(shard.visitors.size, np.int64)
        place[self.slots] = np.arange(n)
        there = cart.quantity > 0
        position, item = place[cart.slot[there]], cart.item[there]
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
        value, units = np.zeros(n, np.int64), np.zeros(n, np.int64)
        np.add.at(value, position, quantity * price)
        np.add.at(units, position, quantity)
        self.columns["cart_value"], self.columns["cart_units"] = pa.array(value), pa.array(units.astype(np.uint32))

    def _searches(self) -> None:
        shard, table = self.shard, self.shard.searches
        rows, position = self._children(table, "search")
        keep = table["at"][rows] >= (shard.visitors["last_seen"][self.slots] - PRODUCT_MEMORY)[position]
        rows, position = rows[keep], position[keep]
        item = table["item"][rows].astype(np.int64)
        order = np.lexsort((self._rank(item), position))
        self._lists(
            self._offsets(position),
            search_term=shard.words.take(item[order]),
            search_at=_times(table["at"][rows][order]),
        )


def load(shard: Shard, rows: pa.Table, now: int) -> None:
    """Take rows of table `visitors` into memory (visitors who are there already are left alone)."""
    keys = [f"{s}/{v}" for s, v in zip(rows["site_id"].to_pylist(), rows["visitor_id"].to_pylist(), strict=True)]
    wanted = [i for i, key in enumerate(keys) if key not in shard.slots]
    if len(wanted) < len(keys):
        rows, keys = rows.take(pa.array(wanted, pa.int64())), [keys[i] for i in wanted]
    if keys:
        _Import(shard, rows).load(keys, now)


class _Import:
    def __init__(self, shard: Shard, rows: pa.Table) -> None:
        self.shard, self.rows = shard, rows.combine_chunks()

    def numbers(self, name: str) -> Ints:
        """A plain column as int64; times as epoch ms, null as 0."""
        return _numbers(self.rows[name])

    def flat(self, name: str) -> pa.Array:
        """The values of a list column."""
        return self.rows[name].combine_chunks().flatten()

    def owners(self, name: str) -> Ints:
        """The slot each value of a list column belongs to."""
        lengths = pc.list_value_length(self.rows[name]).to_numpy()
        return np.repeat(self.slots, lengths)

    def words(self, name: str) -> Ints:
        return self.shard.words.codes_of(self.flat(name))

    def joined(self, interner: Interner, columns: list[pa.Array]) -> Ints:
        """Codes of columns joined as the engine joins them."""
        if not len(columns[0]):
            return np.empty(0, np.int64)
        return interner.codes_of(joined([column.cast(pa.string()) for column in columns]))

    def load(self, keys: list[str], now: int) -> None:
        shard, v = self.shard, self.shard.visitors
        self.slots = slots = shard.new_slots(keys)
        for name in ("version", "first_seen", "last_seen", "device_at", "page_at"):
            v[name][slots] = self.numbers(name)
        v["viewed_at"][slots], v["carted_at"][slots] = self.numbers("last_viewed_at"), self.numbers("last_carted_at")
        v["touched_at"][slots] = now
        v["device_event"][slots], v["page_event"][slots] = (
            _fixed(self.rows["device_event"]),
            _fixed(self.rows["page_event"]),
        )
        plain = {n: self.rows[n].combine_chunks() for n in (*DEVICE, *("first_" + c for c in ENTRY_COLUMNS))}
        v["device"][slots] = self.joined(shard.devices, [plain[n] for n in DEVICE])
        for column, name in (("url", "page_url"), ("title", "page_title"), ("page_item", "page_item")):
            v[column][slots] = shard.words.codes_of(self.rows[name].combine_chunks().cast(pa.string()))

        owner = self.owners("visit_start")
        start, end = _numbers(self.flat("visit_start")), _numbers(self.flat("visit_end"))
        pageviews, adds = _numbers(self.flat("visit_pageviews")), _numbers(self.flat("visit_cart_adds"))
        entry_at = _numbers(self.flat("visit_entry_at"))
        visits = shard.visits.append(
            slot=owner, start=start, end=end, pageviews=pageviews, cart_adds=adds,
            entry=self.joined(shard.entries, [self.flat("visit_" + c) for c in ENTRY_COLUMNS]),
            entry_at=np.where(entry_at == 0, NEVER, entry_at), entry_event=_fixed(self.flat("visit_entry_event")),
        )  # fmt: skip
        chain(shard.visits, v["visit"], owner, visits)
        first = runs(changed(owner))
        v["oldest_end"][owner[first]] = end[first]
        place = owner - slots[0]  # slots of one call are consecutive

        def rest(name: str, retained: Ints) -> Ints:
            sums = np.zeros(len(slots), np.int64)
            np.add.at(sums, place, retained)
            return self.numbers(name) - sums

        v["closed_visits"][slots] = rest("visits", np.ones(len(owner), np.int64))
        v["closed_pageviews"][slots], v["closed_adds"][slots] = rest("pageviews", pageviews), rest("cart_adds", adds)
        v["closed_stay"][slots] = rest("stay_ms", end - start)
        first_entry = self.joined(shard.entries, [plain["first_" + c] for c in ENTRY_COLUMNS])
        v["first_entry"][slots] = np.where(v["closed_visits"][slots] > 0, first_entry, 0)

        category_at = _numbers(self.flat("product_category_at"))
        category = np.where(category_at > 0, self.words("product_category"), 0)  # else it is told by an order again
        self._load_keyed(
            "product", shard.products, shard.product_index, "product_item",
            category=category, category_at=category_at, views=_numbers(self.flat("product_views")),
            viewed_at=_numbers(self.flat("product_viewed_at")), adds=_numbers(self.flat("product_adds")),
            carted_at=_numbers(self.flat("product_carted_at")),
        )  # fmt: skip
        self._load_keyed(
            "search", shard.searches, shard.search_index, "search_term", at=_numbers(self.flat("search_at"))
        )
        shard.add_ops(
            slot=self.owners("op_at"), item=self.words("op_item"), at=_numbers(self.flat("op_at")),
            event=_fixed(self.flat("op_event")), kind=_numbers(self.flat("op_kind")),
            delta=_numbers(self.flat("op_delta")), price=_numbers(self.flat("op_price")),
        )  # fmt: skip
        owner, order_id = self.owners("order_at"), self.words("order_id")
        orders = shard.orders.append(
            slot=owner, id=order_id, at=_numbers(self.flat("order_at")),
            version=_numbers(self.flat("order_version")), counted=_numbers(self.flat("order_counted")).astype(np.bool_),
            units=_numbers(self.flat("order_units")), revenue=_numbers(self.flat("order_revenue")),
            line=np.full(len(owner), -1),
        )  # fmt: skip
        chain(shard.orders, v["order"], owner, orders)
        places, _ = shard.order_index.insert(child_key(owner, order_id))
        shard.order_index.assign(places, orders)
        first_order = np.zeros(len(slots), np.int64)
        counts = np.bincount(owner - slots[0], minlength=len(slots))
        first_order[1:] = np.cumsum(counts)[:-1]
        line_order = first_order[self.owners("bought_order") - slots[0]] + _numbers(self.flat("bought_order"))
        lines = shard.lines.append(
            item=self.words("bought_item"),
            category=self.words("bought_category"),
            units=_numbers(self.flat("bought_units")),
        )
        chain(shard.lines, shard.orders["line"], orders[line_order], lines)

    def _load_keyed(self, head: str, table: Table, index: HashIndex, item: str, **columns: Array) -> None:
        owner, words = self.owners(item), self.words(item)
        rows = table.append(slot=owner, item=words, **columns)
        chain(table, self.shard.visitors[head], owner, rows)
        places, _ = index.insert(child_key(owner, words))
        index.assign(places, rows)


def _times(epoch_ms: Array, absent: Bools | None = None) -> pa.Array:
    return pa.array(epoch_ms.astype(np.int64), mask=absent).cast(TIME)


def _ids(ids: Array) -> pa.Array:
    return pa.array(ids, pa.binary()).cast(pa.string())


def _fixed(strings: pa.Array | pa.ChunkedArray) -> Array:
    return np.array(strings.cast(pa.binary()).to_pylist(), EVENT_ID) if len(strings) else np.empty(0, EVENT_ID)


def _list(offsets: Ints, values: pa.Array) -> pa.Array:
    return pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), values)


def _numbers(column: pa.Array | pa.ChunkedArray) -> Ints:
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if pa.types.is_timestamp(column.type):
        column = column.cast(TIME).cast(pa.int64())
    filled: Ints = pc.fill_null(column, 0).to_numpy(zero_copy_only=False).astype(np.int64)
    return filled
