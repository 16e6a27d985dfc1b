"""ClickHouse's HTTP interface as an ASGI application over the embedded engine."""

from __future__ import annotations

import asyncio
import hmac
import logging
import re
import time
import uuid
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from itertools import chain

from starlette.types import Receive, Scope, Send

from deploy.clickhouse.answer import Answer, BrokenAnswerError
from deploy.clickhouse.blocks import BlockDecoder
from deploy.clickhouse.body import Body, ClientGoneError
from deploy.clickhouse.compression import Chain, decoder
from deploy.clickhouse.engine import Engine, External, Job
from deploy.clickhouse.errors import Code, QueryError, error
from deploy.clickhouse.multipart import Part, read_parts
from deploy.clickhouse.request import Credentials, Request, from_web_page, read_request
from deploy.clickhouse.sessions import Session, Sessions
from deploy.clickhouse.statement import Statement, read_statement

LOGGER = logging.getLogger("sonnim.clickhouse")
HEAD_BYTES = 256 << 10  # what is read of a body before its statement is understood: ClickHouse's max_query_size
STATEMENT_BYTES = 64 << 20  # longest body of a statement without data, and longest form
DRAIN_BYTES = 64 << 20  # what is read of a refused body, so that the client sees the answer
TEMPORARY = re.compile(rb"\s*CREATE\s+(?:OR\s+REPLACE\s+)?TEMPORARY\b", re.IGNORECASE)
NO_HANDLER = (
    "There is no handle {path}\n\nUse / or /ping for health checks.\n"
    "Or /replicas_status for more sophisticated health checks.\n\n"
    "Send queries from your program with POST method or GET /?query=...\n"
)


class Server:
    """The application. `login` are the only credentials it knows; `limit` statements run at the same time.

    `loopback`: only this machine can connect, so that what a browser sends for a foreign web page is the one foreign request.
    """

    def __init__(self, engine: Engine, login: Credentials, limit: int, loopback: bool) -> None:
        self._loopback = loopback
        self._engine = engine
        self._login = login
        self._limit = limit
        self._running = 0
        self._sessions = Sessions()
        self._threads = ThreadPoolExecutor(limit, thread_name_prefix="query")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            return
        answer = Answer(send, self._engine)
        path = scope["path"]
        if scope["method"] in ("GET", "HEAD") and path in ("/ping", "/replicas_status"):
            await answer.text(200, "Ok.\n")
        elif path not in ("/", "/query"):
            await answer.text(404, NO_HANDLER.format(path=path))
        elif path == "/" and scope["method"] in ("GET", "HEAD") and not scope["query_string"]:
            await answer.text(200, "Ok.\n")
        elif scope["method"] == "OPTIONS":
            await answer.text(204, "")
        else:
            await self._answer(scope, receive, answer)

    async def _answer(self, scope: Scope, receive: Receive, answer: Answer) -> None:
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        body = Body(receive, asyncio.get_running_loop())
        try:
            request = read_request(scope["method"], scope["query_string"], headers)
            answer.query_id = request.query_id or str(uuid.uuid4())
            if self._loopback and from_web_page(headers):
                raise error(Code.ACCESS_DENIED, "Web pages of other hosts may not use this server.")
            self._authenticate(request.credentials)
            coder = decoder(request.content_encoding)
            body.decompress(Chain(coder, BlockDecoder()) if request.decompress else coder)
            await self._query(request, body, answer)
        except QueryError as reason:
            with suppress(ClientGoneError):
                await body.drain(DRAIN_BYTES)
                await answer.error(reason)
        except (ClientGoneError, BrokenAnswerError):
            return  # uvicorn closes a connection whose answer has no end
        except Exception:
            LOGGER.exception("request %s failed", answer.query_id)
            if answer.begun:
                raise
            await answer.error(error(Code.UNKNOWN_EXCEPTION, "The server failed; its log tells why."))

    def _authenticate(self, given: Credentials) -> None:
        same_user = hmac.compare_digest(given.user.encode(), self._login.user.encode())
        same_password = hmac.compare_digest(given.password.encode(), self._login.password.encode())
        if not (same_user and same_password):
            raise error(
                Code.AUTHENTICATION_FAILED,
                f"{given.user}: Authentication failed: password is incorrect, or there is no user with such name.",
            )

    async def _query(self, request: Request, body: Body, answer: Answer) -> None:
        job = await self._job(request, body)
        if job.statement.kind == "empty":
            raise error(Code.SYNTAX_ERROR, "Syntax error: failed at position 1 (end of query): . Expected a statement.")
        if self._running >= self._limit:
            raise error(
                Code.TOO_MANY_SIMULTANEOUS_QUERIES,
                f"Too many simultaneous queries. Maximum: {self._limit}, current: {self._running}.",
            )
        session = None
        if request.session_id:
            if job.statement.kind == "command" and TEMPORARY.match(job.statement.sql):
                raise error(Code.NOT_IMPLEMENTED, "Temporary tables of a session are not supported: use external data.")
            session = self._sessions.enter(
                request.session_id, request.session_timeout_s, request.session_check, time.monotonic()
            )
            job = replace(job, before=tuple(session.statements))
        self._running += 1
        try:
            await answer.run(job, request, self._threads, body)
            if session is not None:
                _remember(session, job)
        finally:
            self._running -= 1
            if session is not None:
                self._sessions.leave(session, time.monotonic())

    async def _job(self, request: Request, body: Body) -> Job:
        """Reads as much of the body as is needed to know the statement."""
        job = Job(
            statement=Statement("empty", b""),
            database=request.database,
            settings=request.settings,
            parameters=request.parameters,
            read_only=request.read_only,
            default_format=request.default_format or "TabSeparated",
        )
        sql = request.query.encode("utf-8", "surrogateescape")
        if request.content_type.lower().startswith("multipart/form-data"):
            form = read_parts(request.content_type, await body.begin(STATEMENT_BYTES + 1))
            _whole(body)
            return _with_form(job, sql, form)
        prefix = sql + b"\n" if sql.strip() else b""
        head = prefix + await body.begin(HEAD_BYTES)
        statement = read_statement(head)
        if statement.data_at is None and not body.ended:
            head += await body.begin(STATEMENT_BYTES + 1)
            _whole(body)
            statement = read_statement(head)
        if statement.data_at is None:
            return replace(job, statement=statement)
        data: Iterable[bytes] = chain((head[statement.data_at :],), body.rest())
        return replace(job, statement=statement, data=data)


def _whole(body: Body) -> None:
    if not body.ended:
        raise error(Code.QUERY_IS_TOO_LARGE, f"The statement is too large: {STATEMENT_BYTES} bytes at most.")


def _with_form(job: Job, sql: bytes, form: list[Part]) -> Job:
    """A form's fields are parameters of the URL; its files are external tables, described by settings `NAME_structure` ..."""
    parameters = dict(job.parameters or {})
    settings = dict(job.settings or {})
    externals = []
    for part in form:
        if part.name.startswith("param_"):
            parameters[part.name[6:]] = part.data.decode("utf-8", "surrogateescape")
        elif part.name == "query":
            sql += part.data
        elif part.file:
            externals.append(_external(part, settings))
        else:
            settings[part.name] = part.data.decode("utf-8", "replace")
    statement = read_statement(sql)
    data = (sql[statement.data_at :],) if statement.data_at is not None else ()
    return replace(
        job, statement=statement, parameters=parameters, settings=settings, externals=tuple(externals), data=data
    )


def _external(part: Part, settings: dict[str, str]) -> External:
    name = part.name
    structure = settings.pop(f"{name}_structure", "")
    types = settings.pop(f"{name}_types", "")
    if not structure and types:
        structure = ", ".join(f"_{number} {text}" for number, text in enumerate(_split(types), 1))
    if not structure:
        raise error(Code.BAD_ARGUMENTS, f"External table {name} needs '{name}_structure' or '{name}_types' in the URL.")
    return External(name, structure, settings.pop(f"{name}_format", "TabSeparated"), part.data)


def _split(types: str) -> list[str]:
    """Types between commas that stand in no parentheses."""
    parts, depth, start = [], 0, 0
    for index, character in enumerate(types):
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            parts.append(types[start:index])
            start = index + 1
    return [*parts, types[start:]]


def _remember(session: Session, job: Job) -> None:
    if job.statement.kind == "session":
        session.statements.append(job.statement.sql.decode("utf-8", "surrogateescape"))
