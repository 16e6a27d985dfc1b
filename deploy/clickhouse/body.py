"""The body of a request: its beginning for the SQL, the rest a piece at a time for the data of an INSERT."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from starlette.types import Receive

from deploy.clickhouse.compression import Coder, Plain


class ClientGoneError(Exception):
    """The client closed the connection before its request or its answer was complete."""


class Body:
    """Bytes of an ASGI request, decompressed.

    `rest` belongs to the thread that runs the statement, everything else to the event loop.
    """

    def __init__(self, receive: Receive, loop: asyncio.AbstractEventLoop) -> None:
        self._receive = receive
        self._decoder: Coder = Plain()
        self._loop = loop
        self.ended = False

    def decompress(self, decoder: Coder) -> None:
        """Sets the encoding of everything that is read from now on."""
        self._decoder = decoder

    async def begin(self, size: int) -> bytes:
        """The next bytes: at least `size`, or all there are."""
        held = bytearray()
        while not self.ended and len(held) < size:
            held += self._plain(await self._next())
        return bytes(held)

    async def drain(self, limit: int) -> None:
        """Throws away what is left, up to `limit` compressed bytes, so that the client comes to read the answer."""
        size = 0
        while not self.ended and size < limit:
            size += len(await self._next())

    async def gone(self) -> None:
        """Returns when the client has closed the connection; only after the body has ended."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    def rest(self) -> Iterator[bytes]:
        """What follows `begin`. Raises ClientGoneError if the client goes away before the end."""
        while not self.ended:
            future = asyncio.run_coroutine_threadsafe(self._next(), self._loop)
            yield self._plain(future.result())

    def _plain(self, data: bytes) -> bytes:
        plain = self._decoder.feed(data)
        return plain + self._decoder.finish() if self.ended else plain

    async def _next(self) -> bytes:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self.ended = True
            raise ClientGoneError
        self.ended = not message.get("more_body", False)
        data: bytes = message.get("body", b"")
        return data
