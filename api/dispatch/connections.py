"""HTTP/1.1 to receivers: connections to the very address that was judged, used again for a while.

The name is looked up once and what it gave is connected to, so a name that changes its address in between gains nothing. Host, SNI
and certificate are the name's all the same. Nothing is followed, no proxy is used. The protocol itself is h11's.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import h11

from api.dispatch.lookup import Lookup

MOST_ADDRESSES: Final = 4
CONNECT_SECONDS: Final = 5.0
MOST_ANSWER_BYTES: Final = 4_096
ANSWER_SECONDS: Final = 1.0
IDLE_SECONDS: Final = 15.0
MOST_IDLE: Final = 16
_READ_BYTES: Final = 1 << 16

Headers = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Place:
    """Where a connection goes; `host` as it is looked up, in ASCII and without brackets."""

    secure: bool
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Answer:
    """The status and headers (names in lower case) of a response; its body is of no interest."""

    status: int
    headers: dict[bytes, bytes]


class _Stale(Exception):
    """The other side had closed a connection that was kept."""


@dataclass(eq=False)
class _Connection:
    place: Place
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    protocol: h11.Connection = field(default_factory=lambda: h11.Connection(h11.CLIENT))
    used: bool = False
    heard: bool = False  # whether anything came since it was asked

    def close(self) -> None:
        self.writer.transport.abort()


class Connections:
    """Connections of one event loop."""

    def __init__(self, lookup: Lookup, tls: ssl.SSLContext) -> None:
        self._lookup, self._tls = lookup, tls
        self._idle: dict[Place, list[_Connection]] = {}

    async def post(self, place: Place, target: bytes, headers: Headers, body: bytes) -> Answer:
        """Send a request and read the beginning of its answer. Raises `AddressRefused`, `OSError` (also of TLS), and
        `h11.ProtocolError`; it takes as long as it takes."""
        request = h11.Request(method="POST", target=target, headers=list(headers))
        if (kept := self._kept(place)) is not None:
            try:
                return await self._ask(kept, request, body)
            except _Stale:
                pass  # as if it had not been there
        return await self._ask(await self._connect(place), request, body)

    async def close(self) -> None:
        """Ends what is idle."""
        for connections in self._idle.values():
            for connection in connections:
                connection.close()
        self._idle.clear()
        await asyncio.sleep(0)

    # -- within

    async def _connect(self, place: Place) -> _Connection:
        addresses = (await self._lookup.addresses(place.host, place.port))[:MOST_ADDRESSES]
        for address in addresses[:-1]:
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    return await self._open(place, address)
            except (TimeoutError, OSError):
                continue
        return await self._open(place, addresses[-1])

    async def _open(self, place: Place, address: str) -> _Connection:
        tls = {"ssl": self._tls, "server_hostname": place.host} if place.secure else {}
        reader, writer = await asyncio.open_connection(address, place.port, **tls)  # type: ignore[arg-type]
        return _Connection(place, reader, writer)

    async def _ask(self, connection: _Connection, request: h11.Request, body: bytes) -> Answer:
        protocol, again = connection.protocol, False
        try:
            parts = [protocol.send(one) for one in (request, h11.Data(data=body), h11.EndOfMessage())]
            connection.writer.write(b"".join(part for part in parts if part))
            try:
                await connection.writer.drain()
                answer = await self._answer(connection)
            except (ConnectionError, h11.RemoteProtocolError) as error:
                if connection.used and not connection.heard:
                    raise _Stale from error
                raise
            again = await self._finish(connection)
            return answer
        finally:
            if again:
                self._keep(connection)
            else:
                connection.close()

    async def _answer(self, connection: _Connection) -> Answer:
        while True:
            event = await self._next(connection)
            if isinstance(event, h11.Response):
                return Answer(event.status_code, dict(event.headers))
            if isinstance(event, h11.ConnectionClosed):
                raise h11.RemoteProtocolError("the connection was closed without an answer")

    async def _finish(self, connection: _Connection) -> bool:
        """Read a body that is short; whether the connection may be used again."""
        size = 0
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                while size <= MOST_ANSWER_BYTES:
                    event = await self._next(connection)
                    if isinstance(event, h11.EndOfMessage):
                        protocol = connection.protocol
                        return protocol.our_state is h11.DONE and protocol.their_state is h11.DONE
                    if isinstance(event, h11.ConnectionClosed):
                        return False
                    size += len(event.data) if isinstance(event, h11.Data) else 0
        except (TimeoutError, OSError, h11.RemoteProtocolError):
            pass  # the status has come; that is enough
        return False

    async def _next(self, connection: _Connection) -> h11.Event:
        while True:
            event = connection.protocol.next_event()
            if isinstance(event, h11.Event):
                return event
            if event is h11.PAUSED:
                raise h11.RemoteProtocolError("it goes on after its answer")
            data = await connection.reader.read(_READ_BYTES)
            connection.heard |= bool(data)
            connection.protocol.receive_data(data)

    def _kept(self, place: Place) -> _Connection | None:
        connections = self._idle.get(place, [])
        while connections:
            connection = connections.pop()
            if not connection.reader.at_eof() and not connection.writer.is_closing():
                return connection
            connection.close()
        return None

    def _keep(self, connection: _Connection) -> None:
        connections = self._idle.setdefault(connection.place, [])
        if len(connections) >= MOST_IDLE:
            connection.close()
            return
        connection.protocol.start_next_cycle()
        connection.used, connection.heard = True, False
        connections.append(connection)
        asyncio.get_running_loop().call_later(IDLE_SECONDS, self._expire, connection)

    def _expire(self, connection: _Connection) -> None:
        connections = self._idle.get(connection.place, [])
        if connection in connections:
            connections.remove(connection)
            connection.close()
        if not connections:
            self._idle.pop(connection.place, None)
