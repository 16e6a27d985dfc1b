"""What two runs left in ClickHouse, table by table: rows that only one of them has."""

from __future__ import annotations

from dataclasses import dataclass

from api.asked import Asked
from api.live_report import read_report
from api.reports import measures
from flows.segments.parse import parse
from sql.store import Store

ONLINE_MINUTES = 5
COMPARED = {
    "current_events": ("", {"received_at", "sent_at"}),
    "visitors": ("FINAL WHERE NOT gone", {"version", "order_version", "latest_seen", "part_version", "part_row"}),
    "current_visits": ("", set()),
    "orders": ("FINAL", {"version", "facts"}),
    "products": ("FINAL", {"item_name", "category", "brand", "price", "seen_at"}),
}
"""Tables and views, how they are read, and the columns that tell of the way and not of the result: offsets, when an event
arrived, and in what order the facts of an order or the names of a product came."""

ACTIVITY = "SELECT site_id, minute, by, value, sum(events), sum(units) FROM {}.activity GROUP BY ALL"

SEGMENTS = (
    {"all": []},
    {"field": "visits", "op": ">=", "value": 3},
    {"all": [{"field": "orders", "op": ">=", "value": 1}, {"field": "environment", "op": "is", "value": "mobile_web"}]},
    {"any": [{"field": "cart_value", "op": ">", "value": 50_000}, {"not": {"field": "revenue", "op": "<", "value": 100_000}}]},
)  # fmt: skip


@dataclass(frozen=True)
class Compared:
    """One table of both runs: rows of the calm one, and rows each has alone."""

    name: str
    rows: int
    lost: int
    added: int


def compare(store: Store, calm: str, chaos: str) -> list[Compared]:
    """Every table of two databases."""
    found = [_compared(store, "activity", ACTIVITY.format(calm), ACTIVITY.format(chaos))]
    for table, (how, left_out) in COMPARED.items():
        told = store.rows_of(
            "SELECT name FROM system.columns WHERE database = {database:String} AND table = {table:String} ORDER BY position",
            {"database": calm, "table": table},
        )
        columns = ", ".join(f"`{row['name']}`" for row in told if row["name"] not in left_out)
        one, other = (f"SELECT {columns} FROM {database}.{table} {how}" for database in (calm, chaos))
        found.append(_compared(store, table, one, other))
    return found


def _compared(store: Store, name: str, one: str, other: str) -> Compared:
    def count(sql: str) -> int:
        return int(store.rows_of(f"SELECT count() AS n FROM ({sql})")[0]["n"])

    return Compared(name, count(one), count(f"{one} EXCEPT {other}"), count(f"{other} EXCEPT {one}"))


def reports(store: Store, site: str, now: int) -> list[object]:
    """Live Reports over some segments and both windows, as they were asked at `now` (epoch ms)."""
    found: list[object] = []
    for expression in SEGMENTS:
        for window in ("24h", "7d"):
            read = read_report(store, site, window, Asked(expression, parse(expression)), now, ONLINE_MINUTES)
            found.append((expression, window, measures(read.segment), measures(read.site), read.top))
    return found
