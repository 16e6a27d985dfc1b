"""Rows of table `visitors` -> a shard's state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flows.visitors.batch import DEVICE, joined
from flows.visitors.rows import ENTRY_COLUMNS, TIME
from flows.visitors.seen import EVENT_ID, child_key
from flows.visitors.strings import Interner
from flows.visitors.tables import Array, HashIndex, Ints, Table, chain, changed, runs
from flows.visitors.visits import NEVER

if TYPE_CHECKING:
    from flows.visitors.shard import Shard

STINT_COLUMNS = {
    "begin": "stint_start", "end": "stint_end", "login_at": "login_at", "logout_at": "logout_at", "latest_seen": "latest_seen",
}  # fmt: skip
"""Columns of a shard's `visitors` and of the table's, that are times of a stint."""


def load(shard: Shard, rows: pa.Table, now: int) -> None:
    """Take rows of visitors of table `visitors` into memory: all stints of each. Visitors who are there already are left alone."""
    keys = keys_of(rows)
    gone = rows["gone"].to_numpy()
    wanted = [i for i, key in enumerate(keys) if key not in shard.slots and not gone[i]]
    add(shard, rows.take(pa.array(wanted, pa.int64())), now)


def keys_of(rows: pa.Table) -> list[str]:
    """`site_id/visitor_id` of each row."""
    return [f"{s}/{v}" for s, v in zip(rows["site_id"].to_pylist(), rows["visitor_id"].to_pylist(), strict=True)]


def add(shard: Shard, rows: pa.Table, now: int) -> Ints:
    """Add stints as they stand in rows, later than those their visitors have in memory; their slots, shape (n,), by key and time."""
    keys, begin = keys_of(rows), numbers_of(rows["stint_start"])
    if begin.any():
        order = sorted(range(len(keys)), key=lambda i: (keys[i], int(begin[i])))
        rows, keys = rows.take(pa.array(order, pa.int64())), [keys[i] for i in order]
    return append(shard, rows, keys, now)


def append(shard: Shard, rows: pa.Table, keys: list[str], now: int) -> Ints:
    """`add`, of rows in the right order, with the keys of their visitors."""
    return _Import(shard, rows).load(keys, now) if keys else np.empty(0, np.int64)


class _Import:
    def __init__(self, shard: Shard, rows: pa.Table) -> None:
        self.shard, self.rows = shard, rows.combine_chunks()

    def numbers(self, name: str) -> Ints:
        """A plain column as int64; times as epoch ms, null as 0."""
        return numbers_of(self.rows[name])

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

    def load(self, keys: list[str], now: int) -> Ints:
        shard, v = self.shard, self.shard.visitors
        self.slots = slots = shard.new_slots(keys)
        for name in ("version", "first_seen", "last_seen", "device_at", "page_at"):
            v[name][slots] = self.numbers(name)
        for column, name in STINT_COLUMNS.items():
            v[column][slots] = self.numbers(name)
        v["member"][slots] = shard.words.codes_of(self.rows["member_id"].combine_chunks().cast(pa.string()))
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
        start, end = numbers_of(self.flat("visit_start")), numbers_of(self.flat("visit_end"))
        pageviews, adds = numbers_of(self.flat("visit_pageviews")), numbers_of(self.flat("visit_cart_adds"))
        entry_at = numbers_of(self.flat("visit_entry_at"))
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

        category_at = numbers_of(self.flat("product_category_at"))
        category = np.where(category_at > 0, self.words("product_category"), 0)  # else it is told by an order again
        self._load_keyed(
            "product", shard.products, shard.product_index, "product_item",
            category=category, category_at=category_at, views=numbers_of(self.flat("product_views")),
            viewed_at=numbers_of(self.flat("product_viewed_at")), adds=numbers_of(self.flat("product_adds")),
            carted_at=numbers_of(self.flat("product_carted_at")),
        )  # fmt: skip
        self._load_keyed(
            "search", shard.searches, shard.search_index, "search_term", at=numbers_of(self.flat("search_at"))
        )
        shard.add_ops(
            slot=self.owners("op_at"), item=self.words("op_item"), at=numbers_of(self.flat("op_at")),
            event=_fixed(self.flat("op_event")), kind=numbers_of(self.flat("op_kind")),
            delta=numbers_of(self.flat("op_delta")), price=numbers_of(self.flat("op_price")),
        )  # fmt: skip
        owner, order_id = self.owners("order_at"), self.words("order_id")
        orders = shard.orders.append(
            slot=owner, id=order_id, at=numbers_of(self.flat("order_at")),
            version=numbers_of(self.flat("order_version")), counted=numbers_of(self.flat("order_counted")).astype(np.bool_),
            units=numbers_of(self.flat("order_units")), revenue=numbers_of(self.flat("order_revenue")),
            line=np.full(len(owner), -1),
        )  # fmt: skip
        chain(shard.orders, v["order"], owner, orders)
        places, _ = shard.order_index.insert(child_key(owner, order_id))
        shard.order_index.assign(places, orders)
        first_order = np.zeros(len(slots), np.int64)
        counts = np.bincount(owner - slots[0], minlength=len(slots))
        first_order[1:] = np.cumsum(counts)[:-1]
        line_order = first_order[self.owners("bought_order") - slots[0]] + numbers_of(self.flat("bought_order"))
        lines = shard.lines.append(
            item=self.words("bought_item"),
            category=self.words("bought_category"),
            units=numbers_of(self.flat("bought_units")),
        )
        chain(shard.lines, shard.orders["line"], orders[line_order], lines)
        return slots

    def _load_keyed(self, head: str, table: Table, index: HashIndex, item: str, **columns: Array) -> None:
        owner, words = self.owners(item), self.words(item)
        rows = table.append(slot=owner, item=words, **columns)
        chain(table, self.shard.visitors[head], owner, rows)
        places, _ = index.insert(child_key(owner, words))
        index.assign(places, rows)


def _fixed(strings: pa.Array | pa.ChunkedArray) -> Array:
    return np.array(strings.cast(pa.binary()).to_pylist(), EVENT_ID) if len(strings) else np.empty(0, EVENT_ID)


def numbers_of(column: pa.Array | pa.ChunkedArray) -> Ints:
    """A plain column as int64; times as epoch ms, null as 0."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if pa.types.is_timestamp(column.type):
        column = column.cast(TIME).cast(pa.int64())
    filled: Ints = pc.fill_null(column, 0).to_numpy(zero_copy_only=False).astype(np.int64)
    return filled
