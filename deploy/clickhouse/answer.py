"""The answer to a request: held back up to a size, so that an early error has its own status, then streamed as it comes."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import secrets
import tempfile
from concurrent.futures import Executor
from contextlib import suppress
from typing import IO

from starlette.types import Send

from deploy.clickhouse.blocks import BlockEncoder
from deploy.clickhouse.body import Body, ClientGoneError
from deploy.clickhouse.compression import Chain, choose, encoder
from deploy.clickhouse.engine import Engine, Job, Summary
from deploy.clickhouse.errors import Code, QueryError
from deploy.clickhouse.request import Request

PIPE_BYTES = 256 << 10
SPOOL_BYTES = 16 << 20  # of an answer held back whole (wait_end_of_query): more goes to a temporary file
PLAIN_TEXT = "text/plain; charset=UTF-8"


class Answer:
    """What is sent for one request."""

    def __init__(self, send: Send, engine: Engine) -> None:
        self._send = send
        self._engine = engine
        self.query_id = ""
        self.begun = False

    async def text(self, status: int, text: str, headers: dict[str, str] | None = None) -> None:
        """A whole answer of text."""
        body = text.encode("utf-8", "surrogateescape")
        await self._head(status, {"Content-Type": PLAIN_TEXT, "Content-Length": str(len(body)), **(headers or {})})
        await self._piece(body, last=True)

    async def error(self, reason: QueryError) -> None:
        """A whole answer: ClickHouse's text of the error, its status and its code."""
        headers = {"X-ClickHouse-Exception-Code": str(reason.code), "X-ClickHouse-Summary": _summary(Summary())}
        if reason.code == Code.AUTHENTICATION_FAILED:
            headers["WWW-Authenticate"] = 'Basic realm="ClickHouse server HTTP API"'
        await self.text(reason.status, self._wording(reason) + "\n", headers)

    async def run(self, job: Job, request: Request, threads: Executor, body: Body) -> None:
        """Runs a statement in a thread and sends its result.

        Raises QueryError as long as nothing has been sent (afterwards the error is the end of the answer), and
        ClientGoneError when there is nobody to send to.
        """
        loop = asyncio.get_running_loop()
        read_end, write_end = os.pipe()
        with suppress(OSError, AttributeError):  # a larger pipe where the system has one to give
            fcntl.fcntl(write_end, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        running = loop.run_in_executor(threads, _run, self._engine, job, write_end)
        running.add_done_callback(_seen)
        reader = asyncio.StreamReader(PIPE_BYTES)
        pipe, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(read_end, "rb", buffering=0)
        )
        watch = loop.create_task(_watch(body, reader)) if body.ended else None
        try:
            await self._pass_on(job, request, reader, running)
        except ClientGoneError:
            if job.statement.kind == "rows" and not running.done():
                await asyncio.to_thread(self._engine.kill, job)
            raise
        finally:
            if watch is not None:
                watch.cancel()
            pipe.close()
            await asyncio.wait([running])
            with suppress(QueryError, ClientGoneError):
                running.result()

    async def _pass_on(
        self, job: Job, request: Request, reader: asyncio.StreamReader, running: asyncio.Future[Summary]
    ) -> None:
        encoding = choose(request.accept_encoding)
        stream = Chain(BlockEncoder(), encoder(encoding)) if request.compress else encoder(encoding)
        headers = self._result_headers(job, encoding)
        with tempfile.SpooledTemporaryFile(SPOOL_BYTES) as held:
            size = 0
            while piece := await reader.read(PIPE_BYTES):
                size += len(piece)
                await _write(held, stream.feed(piece))
                if size > request.buffer_size and not request.wait_end_of_query:
                    break
            else:
                summary = await running
                held.write(stream.finish())
                headers |= {"X-ClickHouse-Summary": _summary(summary), "Content-Length": str(held.tell())}
                await self._head(200, headers)
                await self._send_held(held)
                await self._piece(b"", last=True)
                return
            tag = secrets.token_hex(8)
            headers |= {"X-ClickHouse-Summary": _summary(Summary()), "X-ClickHouse-Exception-Tag": tag}
            await self._head(200, headers)
            await self._send_held(held)
        while piece := await reader.read(PIPE_BYTES):
            await self._piece(stream.feed(piece))
        try:
            await running
        except QueryError as reason:
            # The tag tells this from data. The answer is then left without its end, so that nobody takes it for whole.
            await self._piece(stream.feed(self._in_stream(reason, tag)) + stream.finish())
            raise BrokenAnswerError from reason
        await self._piece(stream.finish(), last=True)

    def _result_headers(self, job: Job, encoding: str) -> dict[str, str]:
        headers = {"Content-Type": PLAIN_TEXT}
        if job.statement.kind == "rows":
            name = job.statement.format or job.default_format
            headers["Content-Type"] = self._engine.content_types.get(name) or "application/octet-stream"
            headers["X-ClickHouse-Format"] = name
        if encoding:
            headers["Content-Encoding"] = encoding
        return headers

    def _wording(self, reason: QueryError) -> str:
        return f"{reason.message} (version {self._engine.version} (official build))"

    def _in_stream(self, reason: QueryError, tag: str) -> bytes:
        """The end of a broken answer as ClickHouse writes it since 25.11."""
        text = self._wording(reason).encode("utf-8", "surrogateescape") + b"\n"
        mark = tag.encode()
        return b"\r\n__exception__\r\n%s\r\n%s%d %s\r\n__exception__\r\n" % (mark, text, len(text), mark)

    async def _head(self, status: int, headers: dict[str, str]) -> None:
        self.begun = True
        own = {
            "X-ClickHouse-Server-Display-Name": "sonnim",
            "X-ClickHouse-Query-Id": self.query_id,
            "X-ClickHouse-Timezone": self._engine.timezone,
        }
        # A query id is the client's: what cannot stand in a header is left out.
        encoded = [
            (name.encode(), "".join(c for c in value if c.isprintable()).encode("latin-1", "replace"))
            for name, value in (own | headers).items()
            if value
        ]
        await self._send({"type": "http.response.start", "status": status, "headers": encoded})

    async def _piece(self, data: bytes, last: bool = False) -> None:
        if data or last:
            await self._send({"type": "http.response.body", "body": data, "more_body": not last})

    async def _send_held(self, held: IO[bytes]) -> None:
        held.seek(0)
        while piece := held.read(PIPE_BYTES):
            await self._piece(piece)


class BrokenAnswerError(Exception):
    """An answer whose end was not sent, because its statement failed in the middle."""


def _run(engine: Engine, job: Job, out: int) -> Summary:
    try:
        return engine.run(job, out)
    finally:
        os.close(out)


def _seen(running: asyncio.Future[Summary]) -> None:
    """Takes notice of an exception that nobody waits for any more when the server stops."""
    if not running.cancelled():
        running.exception()


async def _watch(body: Body, reader: asyncio.StreamReader) -> None:
    await body.gone()
    reader.set_exception(ClientGoneError())


async def _write(held: IO[bytes], data: bytes) -> None:
    if held.tell() + len(data) > SPOOL_BYTES:
        await asyncio.to_thread(held.write, data)
    else:
        held.write(data)


def _summary(summary: Summary) -> str:
    return json.dumps(
        {
            "read_rows": str(summary.read_rows),
            "read_bytes": str(summary.read_bytes),
            "written_rows": str(summary.written_rows),
            "written_bytes": str(summary.written_bytes),
            "total_rows_to_read": "0",
            "result_rows": "0",
            "result_bytes": "0",
            "elapsed_ns": str(summary.elapsed_ns),
        },
        separators=(",", ":"),
    )
