"""Log events into table `events`, and rows of `visitors` (or of their definitions) out, as the model writes them."""

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
from tests.laws.members import NOTHING_TOLD

Event = dict[str, Any]
Row = dict[str, Any]

QUERIES = Path(__file__).parents[2] / "sql/queries"
DEFINITION = (QUERIES / "visitor_rows.sql").read_text(encoding="utf-8")
PEOPLE = (QUERIES / "people_rows.sql").read_text(encoding="utf-8")
KEPT_BY_SHARDS = {
    "shard",
    "version",
    "key_hash",
    "order_version",
    "latest_seen",
    "part_visitor",
    "part_start",
    "part_version",
    "part_row",
    "profile",
    "in_segments",
    "segment_id",
    "segment_version",
    "segment_since",
    "segment_entries",
    "segments_at",
    "segments_basis",
    "segments_due",
}
"""Columns of `visitors` that are no facts of the events: the definitions leave them out."""
TIES = {"stint_end", "logout_at"}
"""Columns that a person's row has no use for."""
OF_MEMBERS = set(NOTHING_TOLD)
"""Columns that a stint's row has no use for."""
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


def visitor_rows(client: Client, site_id: str, sql: str = DEFINITION) -> dict[tuple[str, str, int], Row]:
    """Rows of a query by (site_id, visitor_id, stint_start), times as epoch milliseconds."""
    return {(row["site_id"], row["visitor_id"], row["stint_start"]): row for row in _rows(client, site_id, sql)}


def people_rows(client: Client, site_id: str, sql: str = PEOPLE) -> dict[tuple[str, str], Row]:
    """Rows of a query by (site_id, member_id), times as epoch milliseconds."""
    return {(row["site_id"], row["member_id"]): row for row in _rows(client, site_id, sql)}


def _rows(client: Client, site_id: str, sql: str) -> list[Row]:
    result = client.query(sql, parameters={"site_id": site_id})
    return [{name: _plain(cell) for name, cell in row.items()} for row in result.named_results()]


def columns(client: Client, without: set[str]) -> list[str]:
    """Columns of table `visitors` in their order."""
    asked = (
        "SELECT name FROM system.columns WHERE table = 'visitors' AND database = currentDatabase() ORDER BY position"
    )
    return [name for (name,) in client.query(asked).result_rows if name not in without]


def set_visitors(client: Client, site_id: str) -> None:
    """Fill table `visitors` with the rows that the definitions make of table `events`: stints, and people of these."""
    for names, definition in (
        (columns(client, KEPT_BY_SHARDS | OF_MEMBERS), DEFINITION),
        (columns(client, KEPT_BY_SHARDS | TIES), PEOPLE),
    ):
        client.command(f"INSERT INTO visitors ({', '.join(names)}) {definition}", parameters={"site_id": site_id})


def stored_stints(client: Client, site_id: str) -> dict[tuple[str, str, int], Row]:
    """As `visitor_rows`, of table `visitors`."""
    return visitor_rows(client, site_id, _stored(client, KEPT_BY_SHARDS | OF_MEMBERS, "person = ''"))


def stored_people(client: Client, site_id: str) -> dict[tuple[str, str], Row]:
    """As `people_rows`, of table `visitors`."""
    return people_rows(client, site_id, _stored(client, KEPT_BY_SHARDS | TIES, "person != ''"))


def _stored(client: Client, without: set[str], which: str) -> str:
    names = ", ".join(columns(client, without))
    return f"SELECT {names} FROM visitors FINAL WHERE site_id = {{site_id:String}} AND NOT gone AND {which}"


def difference(got: dict[Any, Row], wanted: dict[Any, Row]) -> list[Any]:
    """Where two sets of rows differ: (*key, column, got, wanted); rows that are not in both come first."""
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
