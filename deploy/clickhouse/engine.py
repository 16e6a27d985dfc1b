"""chDB behind one path: a fresh connection for every request, so that nothing of one request is seen by another.

chDB gives any number of connections to one path in one process; a connection costs 0.3 ms, has its own `SET` and `USE`, and
runs beside the others in its thread. Results leave the engine through a pipe, by `INTO OUTFILE '/dev/fd/N'`: every format is
written whole (with its head and foot), nothing is held in memory, and a slow reader slows down only its own query.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import chdb

from deploy.clickhouse.errors import Code, QueryError, engine_error
from deploy.clickhouse.statement import INPUT, Statement

LOCK_FILE = "sonnim.lock"
MARK_CACHE_BYTES = 256 << 20
INDEX_CACHE_BYTES = 128 << 20
PIECE = 1 << 20
FAILURES = (chdb.ChdbError, RuntimeError)  # what chDB raises; two classes are called ChdbError there


class PathInUseError(Exception):
    """Another process serves the path."""


@dataclass(frozen=True)
class External:
    """A table that comes with the request: `structure` as in CREATE TABLE, `data` in `format`."""

    name: str
    structure: str
    format: str
    data: bytes


@dataclass(frozen=True)
class Job:
    """A statement with everything it needs.

    Attributes:
        before: statements to run first on the same connection (a session's SETs).
        data: data of an INSERT, plain bytes in pieces.
        default_format: format of the result when the statement names none.
        mark: a comment at the end of the statement, by which it is known among those that run.
    """

    statement: Statement
    before: tuple[str, ...] = ()
    database: str = ""
    settings: Mapping[str, str] | None = None
    parameters: Mapping[str, str] | None = None
    externals: tuple[External, ...] = ()
    read_only: bool = False
    default_format: str = "TabSeparated"
    data: Iterable[bytes] = ()
    mark: str = field(default_factory=lambda: f"-- {uuid.uuid4()}")


@dataclass(frozen=True)
class Summary:
    """What a statement did, as in X-ClickHouse-Summary."""

    read_rows: int = 0
    read_bytes: int = 0
    written_rows: int = 0
    written_bytes: int = 0
    elapsed_ns: int = 0


def quote(text: str) -> str:
    """A string literal of ClickHouse's SQL."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def identifier(name: str) -> str:
    """A quoted identifier of ClickHouse's SQL."""
    escaped = name.replace("\\", "\\\\").replace("`", "\\`")
    return f"`{escaped}`"


class Engine:
    """The engine on a path, and the lock that makes this process its only owner.

    Raises PathInUseError if another process has the path. The lock goes with the process: nothing is left after a kill.
    """

    def __init__(self, path: Path, memory_bytes: int) -> None:
        path.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(path / LOCK_FILE, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            raise PathInUseError(f"{path} is served by another process") from None
        self._address = (
            f"{path.resolve()}?max_server_memory_usage={memory_bytes}&mark_cache_size={MARK_CACHE_BYTES}"
            f"&primary_index_cache_size={INDEX_CACHE_BYTES}&index_mark_cache_size={INDEX_CACHE_BYTES}&implicit_select=0"
            "&use_query_condition_cache=0"  # sql/store.py says why
        )
        self._root = self._connect()
        self.version = self.text("SELECT version()")
        self.timezone = self.text("SELECT timezone()")
        rows = self.text("SELECT name, content_type FROM system.formats WHERE is_output").splitlines()
        self.content_types = dict(row.split("\t") for row in rows)

    def _connect(self) -> Any:
        return chdb.connect(self._address)  # type: ignore[no-untyped-call]

    def text(self, sql: str) -> str:
        """The result of a statement of our own as tab-separated text without its last line end."""
        result: bytes = self._root.query(sql, "TabSeparated").bytes()
        return result.decode().rstrip("\n")

    def close(self) -> None:
        """Gives the path free."""
        self._root.close()
        os.close(self._lock)

    def kill(self, job: Job) -> None:
        """Asks the engine to stop a statement with rows that runs in another thread."""
        with closing(self._connect()) as connection, suppress(*FAILURES):
            connection.query(f"KILL QUERY WHERE endsWith(query, {quote(job.mark)}) ASYNC", "Null")

    def kill_all(self) -> None:
        """Asks the engine to stop everything that runs."""
        with closing(self._connect()) as connection, suppress(*FAILURES):
            connection.query("KILL QUERY WHERE NOT endsWith(query, '-- stop') ASYNC -- stop", "Null")

    def run(self, job: Job, out: int) -> Summary:
        """Runs a statement in this thread; its result is written to the file descriptor `out`. Raises QueryError."""
        with closing(self._connect()) as connection:
            try:
                self._prepare(connection, job)
                return self._execute(connection, job, out)
            except QueryError:
                raise
            except FAILURES as reason:
                raise engine_error(str(reason)) from None

    def _prepare(self, connection: Any, job: Job) -> None:
        for sql in job.before:
            connection.query(sql, "Null")
        if job.database:
            connection.query(f"USE {identifier(job.database)}", "Null")
        for external in job.externals:
            connection.query(f"CREATE TEMPORARY TABLE {identifier(external.name)} ({external.structure})", "Null")
            _insert(connection, f"INSERT INTO {identifier(external.name)}", external.format, [external.data])
        assigned = {f"param_{name}": value for name, value in (job.parameters or {}).items()}
        settings = dict(job.settings or {})
        read_only = settings.pop("readonly", "0")
        assigned.update(settings)
        if job.read_only and read_only == "0":
            read_only = "2"
        if read_only != "0":
            assigned["readonly"] = read_only  # the last: nothing can be set after it
        if assigned:
            connection.query("SET " + ", ".join(f"{name} = {quote(value)}" for name, value in assigned.items()), "Null")

    def _execute(self, connection: Any, job: Job, out: int) -> Summary:
        statement = job.statement
        if statement.kind == "insert":
            sql = statement.sql.decode("utf-8", "surrogateescape")
            return _insert(connection, sql, statement.format or "Values", job.data)
        if statement.kind == "insert_select":
            connection.query(f"CREATE TEMPORARY TABLE {INPUT} ({statement.structure})", "Null")
            _insert(connection, f"INSERT INTO {INPUT}", statement.format or "Values", job.data)
            return _summary(connection.query(statement.sql, "Null"))
        if statement.kind != "rows":
            return _whole(connection, job, out)
        at = statement.outfile_at
        tail = statement.sql[at:] or b"FORMAT " + job.default_format.encode()
        piped = b"%s\nINTO OUTFILE '/dev/fd/%d' APPEND\n%s\n%s" % (statement.sql[:at], out, tail, job.mark.encode())
        try:
            return _summary(connection.query(piped, "TabSeparated"))
        except FAILURES as reason:
            if engine_error(str(reason)).code != Code.SYNTAX_ERROR:
                raise
        return _whole(
            connection, job, out
        )  # either the error about the text as it was sent, or rows without INTO OUTFILE


def _whole(connection: Any, job: Job, out: int) -> Summary:
    """Runs a statement as it is and writes what it answers, held in memory once."""
    result = connection.query(job.statement.sql, job.default_format)
    rest = memoryview(result.bytes() or b"")
    while rest:
        rest = rest[os.write(out, rest) :]
    return _summary(result)


def _insert(connection: Any, sql: str, name: str, data: Iterable[bytes]) -> Summary:
    """Inserts data, held in memory once. (chDB's streaming insert says that all is well where the table refuses it at the end:
    a full disk, too many parts.)"""
    with _memory() as held:
        size = 0
        for piece in pieces(data):
            rest = memoryview(piece)
            while rest:
                rest = rest[held.write(rest) :]
            size += len(piece)
        if not size:
            connection.send_insert(sql, name).finish()  # nothing, but what is wrong with the statement is told
            return Summary()
        held.seek(0)
        file = f"FROM INFILE '/dev/fd/{held.fileno()}' COMPRESSION 'none'"
        return _summary(connection.query(f"{sql}\n{file}\nFORMAT {identifier(name)}", "Null"))


def _memory() -> IO[bytes]:
    """A file that is gone when it is closed: in memory where the system has such."""
    if hasattr(os, "memfd_create"):
        return open(os.memfd_create("insert"), "w+b", buffering=0)
    return tempfile.TemporaryFile(buffering=0)


def pieces(data: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces of about a megabyte."""
    held: list[bytes] = []
    size = 0
    for part in data:
        held.append(part)
        size += len(part)
        if size >= PIECE:
            yield b"".join(held)
            held, size = [], 0
    if size:
        yield b"".join(held)


def _summary(result: Any) -> Summary:
    return Summary(
        read_rows=result.rows_read(),
        read_bytes=result.bytes_read(),
        written_rows=result.rows_written(),
        written_bytes=result.bytes_written(),
        elapsed_ns=int(result.elapsed() * 1e9),
    )
