"""The store: ClickHouse over HTTP, the embedded server and a real one alike.

The only module that knows clickhouse-connect. Two kinds of failure leave it: `StoreUnavailable` (ClickHouse is away or
busy; the same call may succeed later, and every write of this project may be repeated) and `StoreError` (a mistake:
wrong SQL, a missing table).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import clickhouse_connect
import pyarrow as pa
import urllib3
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError, DatabaseError, OperationalError
from clickhouse_connect.driver.httputil import get_pool_manager

QUERIES = Path(__file__).parent / "queries"

Params = Mapping[str, object]

# ClickHouse's codes for "not now" (src/Common/ErrorCodes.cpp), by a word for why.
_WHY = {
    # connections, Keeper, replicas, cancelled, shutting down, threads, deadlock, overload
    "away": (3, 32, 198, 203, 210, 225, 236, 279, 285, 286, 319, 394, 425, 439, 473, 745, 999),
    "busy": (159, 160, 202, 209),  # time-outs, too many queries at once
    "memory": (241,),
    "read_only": (164, 242),  # the user or the server; a replica that lost Keeper
    "disk_full": (75, 243),
    "too_many_parts": (252,),
}
_NOT_NOW = {code: why for why, codes in _WHY.items() for code in codes}


class StoreError(Exception):
    """ClickHouse answered that the request is wrong; repeating it will not help. `code` is ClickHouse's, or None."""

    def __init__(self, message: str, code: int | None = None) -> None:
        super().__init__(message)
        self.code = code


class StoreUnavailable(Exception):
    """ClickHouse cannot be reached or cannot answer now; the same call may be repeated.

    `why`: away, busy, memory, read_only, disk_full or too_many_parts.
    """

    def __init__(self, message: str, why: str = "away") -> None:
        super().__init__(message)
        self.why = why


class Store:
    """One database of one ClickHouse server. Safe for many threads; connects at the first call.

    Query files are `sql/queries/<name>.sql`; parameters are bound by the server (`{name:Type}`), never pasted. One
    parameter may take about 128 KiB as text (ClickHouse's http_max_field_value_size): ask for long lists in parts.
    """

    def __init__(
        self,
        url: str,
        database: str = "sonnim",
        user: str = "default",
        password: str = "",
        *,
        timeout_seconds: int = 60,
        compress: bool = False,
    ) -> None:
        """`url` like `http://127.0.0.1:8123`; `compress` pays over a network, not on the same machine."""
        self.url = url
        self.database = database
        self._user = user
        self._password = password
        self._timeout_seconds = timeout_seconds
        self._compress = compress
        self._client: Client | None = None
        self._lock = threading.Lock()
        self._texts: dict[str, str] = {}

    def text(self, name: str) -> str:
        """The text of `sql/queries/<name>.sql`."""
        if name not in self._texts:
            self._texts[name] = (QUERIES / f"{name}.sql").read_text(encoding="utf-8")
        return self._texts[name]

    def rows(self, name: str, params: Params | None = None) -> list[dict[str, Any]]:
        """Rows of a query file, one dict a row. Times come as naive UTC datetimes: ask SQL for milliseconds instead."""
        return self.rows_of(self.text(name), params)

    def arrow(self, name: str, params: Params | None = None) -> pa.Table:
        """Result of a query file as an Arrow table; strings are `string`, DateTime64(3) is `timestamp[ms, UTC]`."""
        return self.arrow_of(self.text(name), params)

    def rows_of(
        self, sql: str, params: Params | None = None, settings: Mapping[str, object] | None = None
    ) -> list[dict[str, Any]]:
        """As `rows`, for SQL compiled from bound parameters."""
        try:
            result = self._connected().query(sql, parameters=_bound(params), settings=_bound(settings))
            return [dict(row) for row in result.named_results()]
        except _FAILURES as error:
            raise _told(error) from error

    def arrow_of(
        self, sql: str, params: Params | None = None, settings: Mapping[str, object] | None = None
    ) -> pa.Table:
        """As `arrow`, for SQL compiled from bound parameters."""
        try:
            return self._connected().query_arrow(sql, parameters=_bound(params), settings=_bound(settings))
        except _FAILURES as error:
            raise _told(error) from error

    def arrow_parts(self, name: str, params: Params | None = None) -> Iterator[pa.Table]:
        """As `arrow`, a part after the other, never whole in memory. Whether all of it came is for the caller to see."""
        try:
            with self._connected().query_arrow_stream(self.text(name), parameters=_bound(params)) as parts:
                for part in parts:
                    yield part if isinstance(part, pa.Table) else pa.Table.from_batches([part])
        except (*_FAILURES, pa.ArrowInvalid) as error:
            raise _told(error) from error

    def insert(self, table: str, rows: pa.Table) -> None:
        """Insert an Arrow table; columns by name, absent columns take their defaults. Nothing is sent for no rows."""
        if rows.num_rows == 0:
            return
        try:
            self._connected().raw_insert(table, rows.column_names, _stream(rows), settings=_INSERT, fmt="ArrowStream")
        except _FAILURES as error:
            raise _told(error) from error

    def command(self, sql: str, params: Params | None = None) -> None:
        """Run a statement that returns nothing (DDL, INSERT ... SELECT)."""
        try:
            self._connected().command(sql, parameters=_bound(params))
        except _FAILURES as error:
            raise _told(error) from error

    def ping(self) -> None:
        """Raise `StoreUnavailable` or `StoreError` unless ClickHouse answers a query in this database."""
        self.rows_of("SELECT 1 AS one")

    def create_database(self) -> None:
        """Create this store's database if it is not there."""
        server = Store(self.url, "default", self._user, self._password, timeout_seconds=self._timeout_seconds)
        try:
            server.command("CREATE DATABASE IF NOT EXISTS {database:Identifier}", {"database": self.database})
        finally:
            server.close()

    def close(self) -> None:
        """Close the pooled connections; the next call opens new ones."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close_connections()
            client.close()

    def _connected(self) -> Client:
        with self._lock:
            if self._client is None:
                parts = urlsplit(self.url)
                secure = parts.scheme == "https"
                self._client = clickhouse_connect.get_client(
                    interface=parts.scheme or "http",
                    host=parts.hostname or "127.0.0.1",
                    port=parts.port or (8443 if secure else 8123),
                    username=self._user,
                    password=self._password,
                    database=self.database,
                    compress=self._compress,
                    connect_timeout=5,
                    send_receive_timeout=self._timeout_seconds,
                    autogenerate_session_id=False,
                    pool_mgr=get_pool_manager(maxsize=32),
                    client_name="sonnim",
                )
                for name, value in _ALWAYS.items():
                    if name in self._client.server_settings:  # else it is too old to know it
                        self._client.set_client_setting(name, value)
            return self._client


_ALWAYS = {"use_query_condition_cache": 0}
"""The cache takes rows that a join's runtime filter left out for rows that a condition refuses, and answers later queries with the same
condition with nothing (seen in ClickHouse 26.9; docs/scaling.md asks for it to be off for analysts, too)."""

_INSERT = {
    # rows of one INSERT seldom share a key, and FINAL and merges settle it where they do: looking for them twice doubles its cost
    "optimize_on_insert": 0,
    # however large, it is one block, so in a table that is not partitioned (`visitors`) all of it is there or nothing
    "min_insert_block_size_rows": 1 << 40,
    "min_insert_block_size_bytes": 1 << 40,
}

_FAILURES = (ClickHouseError, urllib3.exceptions.HTTPError, OSError)


def _stream(rows: pa.Table) -> bytes:
    """The table as an Arrow stream. Its columns are listed in the INSERT too: without, an unknown one is silently dropped."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows)
    return bytes(memoryview(sink.getvalue()))


def _bound(values: Mapping[str, object] | None) -> dict[str, Any] | None:
    return dict(values) if values else None


def _told(error: Exception) -> StoreError | StoreUnavailable:
    """The store's own error for a driver's."""
    text = str(error)
    if not isinstance(error, DatabaseError):
        return StoreError(text) if isinstance(error, ClickHouseError) else StoreUnavailable(text)
    code = error.code
    if code is None:
        answered_wrong = any(f"HTTP status {status}" in text for status in (400, 401, 403, 404))
        away = isinstance(error, OperationalError) or "HTTP status 5" in text or "HTTP status 429" in text
        return StoreUnavailable(text) if away and not answered_wrong else StoreError(text)
    return StoreUnavailable(text, _NOT_NOW[code]) if code in _NOT_NOW else StoreError(text, code)
