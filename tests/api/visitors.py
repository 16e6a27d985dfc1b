"""Visitors and people as tests want to say them -> rows of table `visitors`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from sql.store import Store

_TYPES = {
    "String": pa.string(),
    "UInt8": pa.uint8(),
    "UInt16": pa.uint16(),
    "UInt32": pa.uint32(),
    "UInt64": pa.uint64(),
    "Int32": pa.int32(),
    "Int64": pa.int64(),
    "Float64": pa.float64(),
    "DateTime('UTC')": pa.timestamp("s", "UTC"),
    "DateTime64(3, 'UTC')": pa.timestamp("ms", "UTC"),
}


@dataclass(frozen=True)
class Order:
    """`at` epoch ms; `lines` are (item, units); a refunded one counts no more."""

    order_id: str
    at: int
    revenue: int = 0
    lines: Sequence[tuple[str, int]] = ()
    counted: bool = True

    @property
    def units(self) -> int:
        return sum(units for _, units in self.lines) if self.counted else 0


@dataclass(frozen=True)
class Visit:
    """Times epoch ms; `added` are (item, units, kind), the cart operations of the visit."""

    start: int
    end: int
    pageviews: int = 1
    orders: Sequence[Order] = ()
    added: Sequence[tuple[str, int, int]] = ()

    @property
    def counted(self) -> list[Order]:
        return [order for order in self.orders if order.counted]


@dataclass(frozen=True)
class Visitor:
    """`visits` oldest first; `cart` is (item, quantity); `columns` override or add columns of the row."""

    visitor_id: str
    visits: Sequence[Visit]
    cart: Sequence[tuple[str, int]] = ()
    version: int = 1
    columns: dict[str, Any] = field(default_factory=dict)


def person(
    member_id: str,
    visits: Sequence[Visit],
    devices: Sequence[tuple[str, int, int]],
    cart: Sequence[tuple[str, int]] = (),
    version: int = 1,
    columns: dict[str, Any] | None = None,
) -> Visitor:
    """The person of a member, who has these visits; `devices` are his stints: (visitor, start, last seen; 0: emptied)."""
    parts = {
        "part_visitor": [visitor_id for visitor_id, _, _ in devices],
        "part_start": [start for _, start, _ in devices],
        "part_row": [json.dumps({"last_seen": seen}) if seen else "" for _, _, seen in devices],
    }
    return Visitor("", visits, cart, version, {"person": member_id, "member_id": member_id, **parts, **(columns or {})})


def row_of(site_id: str, visitor: Visitor) -> dict[str, Any]:
    """The row the flow would write: lifetime totals are those of these visits unless `columns` says otherwise."""
    visits = list(visitor.visits)
    orders = [(order, visit) for visit in visits for order in visit.orders]
    counted = [order for order, _ in orders if order.counted]
    bought = [
        (number, item, units, visit.end)
        for number, (order, visit) in enumerate(orders)
        if order.counted
        for item, units in order.lines
    ]
    operations = [(item, units, kind, visit.end) for visit in visits for item, units, kind in visit.added]
    row: dict[str, Any] = {
        "site_id": site_id,
        "visitor_id": visitor.visitor_id,
        "stint_start": 0,
        "person": "",
        "member_id": "",
        "gone": False,
        "part_visitor": [],
        "part_start": [],
        "part_row": [],
        "profile": "",
        "version": visitor.version,
        "first_seen": visits[0].start,
        "last_seen": visits[-1].end,
        "latest_seen": visits[-1].end,
        "visits": len(visits),
        "pageviews": sum(visit.pageviews for visit in visits),
        "stay_ms": sum(visit.end - visit.start for visit in visits),
        "orders": len(counted),
        "units": sum(order.units for order in counted),
        "revenue": sum(order.revenue for order in counted),
        "visit_start": [visit.start for visit in visits],
        "visit_end": [visit.end for visit in visits],
        "visit_pageviews": [visit.pageviews for visit in visits],
        "visit_cart_adds": [len(visit.added) for visit in visits],
        "visit_orders": [len(visit.counted) for visit in visits],
        "visit_units": [sum(order.units for order in visit.counted) for visit in visits],
        "visit_revenue": [sum(order.revenue for order in visit.counted) for visit in visits],
        "cart_item": [item for item, _ in visitor.cart],
        "cart_quantity": [quantity for _, quantity in visitor.cart],
        "cart_units": sum(quantity for _, quantity in visitor.cart),
        "cart_category": ["" for _ in visitor.cart],
        "cart_price": [-1 for _ in visitor.cart],
        "cart_added_at": [visits[-1].end for _ in visitor.cart],
        "op_item": [item for item, _, _, _ in operations],
        "op_delta": [units for _, units, _, _ in operations],
        "op_kind": [kind for _, _, kind, _ in operations],
        "op_visit_end": [end for _, _, _, end in operations],
        "order_id": [order.order_id for order, _ in orders],
        "order_at": [order.at for order, _ in orders],
        "order_counted": [int(order.counted) for order, _ in orders],
        "order_units": [order.units for order, _ in orders],
        "order_revenue": [order.revenue if order.counted else 0 for order, _ in orders],
        "order_visit_end": [visit.end for _, visit in orders],
        "bought_order": [number for number, _, _, _ in bought],
        "bought_item": [item for _, item, _, _ in bought],
        "bought_category": ["" for _ in bought],
        "bought_units": [units for _, _, units, _ in bought],
        "bought_visit_end": [end for _, _, _, end in bought],
    }
    for name in ("landing_page", "referrer", "search_keyword", "channel", *(f"utm_{part}" for part in _UTM)):
        row[f"visit_{name}"] = ["" for _ in visits]
    return {**row, **visitor.columns}


def insert_visitors(store: Store, site_id: str, visitors: Iterable[Visitor]) -> None:
    """Write their rows, in one INSERT."""
    insert_rows(store, "visitors", [row_of(site_id, visitor) for visitor in visitors])


def insert_rows(store: Store, table: str, rows: Sequence[dict[str, Any]]) -> None:
    """Write rows, given as dicts with times as epoch ms."""
    declared = store.rows_of(
        "SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = {table:String}",
        {"table": table},
    )
    types = {column["name"]: arrow_type(column["type"]) for column in declared}
    if rows:
        arrays = {name: pa.array([row[name] for row in rows], types[name]) for name in rows[0]}
        store.insert(table, pa.table(arrays))


def arrow_type(declared: str) -> pa.DataType:
    """The Arrow type for a column as ClickHouse declares it."""
    for wrapper in ("LowCardinality", "Nullable"):
        if declared.startswith(wrapper + "("):
            return arrow_type(declared[len(wrapper) + 1 : -1])
    if declared.startswith("Array("):
        return pa.list_(arrow_type(declared[6:-1]))
    return _TYPES.get(declared, pa.string() if declared.startswith("Enum") else pa.bool_())


_UTM = ("source", "medium", "campaign", "term", "content")
