"""Log events into table `events`, and rows of `visitors` (or of its definition) out, as the model writes them."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import clickhouse_connect
from clickhouse_connect.driver.client import Client

from sql.migrate import migrate
from sql.store import Store

Event = dict[str, Any]
Row = dict[str, Any]

DEFINITION = (Path(__file__).parents[2] / "sql/queries/visitor_rows.sql").read_text(encoding="utf-8")
ITEM_TEXTS = [
    "item_id",
    "item_name",
    "brand",
    "category",
    "category2",
    "category3",
    "category4",
    "category5",
    "variant",
]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@contextmanager
def migrated(url: str, database: str) -> Iterator[Client]:
    """A client of `database` on the server at `url`, with every migration applied."""
    store = Store(url, database)
    migrate(store, 0)
    store.close()
    server = urlsplit(url)
    client = clickhouse_connect.get_client(host=server.hostname or "", port=server.port or 8123, database=database)
    yield client
    client.close()


def set_currencies(client: Client, currencies: dict[str, str]) -> None:
    """Site definitions with just a currency."""
    sites = [[site, site, currency, "UTC", EPOCH, 1] for site, currency in currencies.items()]
    names = ["site_id", "name", "currency", "timezone", "created_at", "version"]
    client.insert("sites", sites, column_names=names)


def set_events(client: Client, events: Iterable[Event]) -> None:
    """Make `events` the whole content of the table, repeats as separate rows (as another log offset gives them)."""
    client.command("TRUNCATE TABLE events")
    lines = [json.dumps(_cells(event) | {"log_offset": offset}) for offset, event in enumerate(events)]
    if lines:
        client.raw_insert("events", insert_block="\n".join(lines), fmt="JSONEachRow")


def visitor_rows(client: Client, site_id: str, sql: str = DEFINITION) -> dict[tuple[str, str], Row]:
    """Rows of a query by (site_id, visitor_id), times as epoch milliseconds."""
    result = client.query(sql, parameters={"site_id": site_id})
    rows = [{name: _plain(cell) for name, cell in row.items()} for row in result.named_results()]
    return {(row["site_id"], row["visitor_id"]): row for row in rows}


def set_visitors(client: Client, site_id: str) -> None:
    """Fill table `visitors` with the rows that the definition makes of table `events`."""
    asked = (
        "SELECT name FROM system.columns WHERE table = 'visitors' AND database = currentDatabase() ORDER BY position"
    )
    names = [
        name
        for (name,) in client.query(asked).result_rows
        if name not in ("shard", "version", "key_hash", "order_version")
    ]
    client.command(f"INSERT INTO visitors ({', '.join(names)}) {DEFINITION}", parameters={"site_id": site_id})


def difference(got: dict[tuple[str, str], Row], wanted: dict[tuple[str, str], Row]) -> list[Any]:
    """Where two sets of rows differ: (site, visitor, column, got, wanted); rows that are not in both come first."""
    found: list[Any] = [(*key, "row", key in got, key in wanted) for key in sorted(got.keys() ^ wanted.keys())]
    for key in sorted(got.keys() & wanted.keys()):
        for column in sorted(got[key].keys() | wanted[key].keys()):
            a, b = got[key].get(column, "no column"), wanted[key].get(column, "no column")
            if a != b:
                found.append((*key, column, a, b))
    return found


def _cells(event: Event) -> Row:
    items = event.get("items", [])
    cells = {name: value for name, value in event.items() if name != "items"}
    cells |= {name: _seconds(event[name]) for name in ("occurred_at", "received_at")}
    cells |= {f"items.{name}": [item.get(name, "") for item in items] for name in ITEM_TEXTS}
    cells["items.price"] = [item.get("price") for item in items]
    cells["items.quantity"] = [item.get("quantity", 1) for item in items]
    return cells


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds // 1000}.{milliseconds % 1000:03d}"


def _plain(cell: Any) -> Any:
    if isinstance(cell, list | tuple):
        return [_plain(one) for one in cell]
    if isinstance(cell, datetime):
        return (cell.replace(tzinfo=UTC) - EPOCH) // timedelta(milliseconds=1)
    return cell
