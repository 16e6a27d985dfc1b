"""An API on a port over a database of its own, a flow in a few lines that writes into it, and viewers who listen."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import queue
import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest
import uvicorn

from api.app import create_app
from api.settings import ApiSettings
from api.stream.hub import Streams
from api.stream.serving import Server
from sql.migrate import migrate
from sql.store import Store
from tests.api.conftest import MINUTE, NOW, Clock, Shop, World
from tests.api.memory_log import MemoryLog
from tests.api.visitors import Visit, Visitor, insert_rows, insert_visitors

PATIENCE_S = 30
NOBODY_LISTENS = "http://127.0.0.1:9"
PARTITIONS = 2


class Event(NamedTuple):
    """An event as a browser gets it."""

    kind: str
    data: Any
    id: str


class Watcher:
    """A connection to a stream. `status` and `headers` are those of the answer; `ended` is set when the stream is over."""

    def __init__(self, port: int, path: str, headers: dict[str, str]) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        self._connection.request("GET", path, headers=headers)
        self._answer = self._connection.getresponse()
        self.status, self.headers = self._answer.status, dict(self._answer.getheaders())
        self.body: Any = json.loads(self._answer.read()) if self.status != 200 else None
        self.events: queue.Queue[Event] = queue.Queue()
        self.last_id = ""
        self.lines: list[str] = []
        self.ended = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        told: dict[str, str] = {}
        try:
            while self.status == 200 and (line := self._answer.readline().decode()):
                name, _, value = line.rstrip("\n").partition(": ")
                self.lines.append(line)
                if name:
                    told[name] = value
                elif "event" in told:
                    self.events.put(Event(told["event"], json.loads(told["data"]), told.get("id", "")))
                    told = {}
                else:
                    told = {}
        except (OSError, http.client.HTTPException, ValueError):
            pass  # it was cut
        self.ended.set()

    def next(self, *kinds: str) -> Event:
        """The next event of one of these kinds (of any); others before it are passed over."""
        while True:
            event = self.events.get(timeout=PATIENCE_S)
            self.last_id = event.id or self.last_id
            if not kinds or event.kind in kinds:
                return event

    def people_until(self, person_id: str) -> list[Event]:
        """Events `people` up to the one that tells of this person, one way or the other."""
        found = [self.next("people")]
        while person_id not in told_of(found[-1]):
            found.append(self.next("people"))
        return found

    def cut(self) -> None:
        """As when the network goes away."""
        if self._connection.sock is not None:
            with contextlib.suppress(OSError):  # the other side was quicker
                self._connection.sock.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._answer.close()
        self._connection.close()


def told_of(event: Event) -> list[str]:
    """Everybody an event `people` tells of."""
    return [card["person_id"] for card in event.data["changed"]] + list(event.data["gone"])


@dataclass
class Stage:
    """The API on a port. `store` is the test's own; that of the API can go away."""

    store: Store
    settings: ApiSettings = field(default_factory=ApiSettings)

    def __post_init__(self) -> None:
        self.clock = Clock()
        self.api_store = Store(self.store.url, self.store.database)
        self.app = create_app(self.api_store, MemoryLog(), self.clock, self.settings)
        self.watchers: list[Watcher] = []
        self.loop: asyncio.AbstractEventLoop | None = None
        listener = socket.create_server(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        config = uvicorn.Config(self.app, log_level="error", lifespan="off", ws="none")
        self.server = Server(config)
        self._thread = threading.Thread(target=asyncio.run, args=[self._serve(listener)], daemon=True)
        self._thread.start()

    async def _serve(self, listener: socket.socket) -> None:
        self.loop = asyncio.get_running_loop()
        await self.server.serve(sockets=[listener])

    @property
    def streams(self) -> Streams:
        found: Streams = self.app.state.streams
        return found

    def stop(self) -> None:
        """Stop the server, and wait until it has."""
        self.server.should_exit = True
        self._thread.join()

    def close(self) -> None:
        for watcher in self.watchers:
            watcher.cut()
        self.stop()
        self.api_store.close()

    def watch(self, shop: Shop, headers: dict[str, str] | None = None, **query: str) -> Watcher:
        """Somebody who listens; with the secret key unless `headers` say otherwise."""
        path = "/v1/live/stream" + (f"?{urlencode(query)}" if query else "")
        self.watchers.append(Watcher(self.port, path, shop.reads if headers is None else headers))
        return self.watchers[-1]

    def resume(self, shop: Shop, last_id: str, **query: str) -> Watcher:
        """Somebody who comes again, as a browser does."""
        return self.watch(shop, {**shop.reads, "Last-Event-ID": last_id}, **query)

    def shop(self) -> Shop:
        """A new, empty site."""
        return World(self.store).shop()

    def away(self) -> None:
        """ClickHouse goes away from the API."""
        self.api_store.close()
        self.api_store.url = NOBODY_LISTENS

    def back(self) -> None:
        self.api_store.close()
        self.api_store.url = self.store.url


class Flow:
    """Writes as the flow does: rows, each with the offset of its last record, and then the commit that covers them."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store, self.clock = store, clock
        last = store.rows_of(
            "SELECT max(to_offset) AS offset, toUnixTimestamp64Milli(max(at)) AS committed_at FROM commits"
        )[0]
        self.offset = int(last["offset"])
        clock.now = max(clock.now, last["committed_at"])

    def rows(self, shop: Shop, *visitors: Visitor, **columns: Any) -> None:
        """Rows of a next record, not committed yet."""
        self.offset += 1
        for one in visitors:
            told = {"shard": 1, "segments_at": 0, "in_segments": [], **one.columns, **columns}
            insert_visitors(
                self.store, shop.site_id, [Visitor(one.visitor_id, one.visits, one.cart, self.offset, told)]
            )

    def commit(self) -> None:
        self.clock.now += 10
        for partition in range(PARTITIONS):
            told = {"partition": partition, "from_offset": self.offset, "to_offset": self.offset, "at": self.clock.now}
            insert_rows(self.store, "commits", [told])

    def write(self, shop: Shop, *visitors: Visitor, **columns: Any) -> None:
        """Rows, and their commit."""
        self.rows(shop, *visitors, **columns)
        self.commit()

    def judge(self, shop: Shop, visitor: Visitor, at: int, segments: list[str]) -> None:
        """A row again, because time alone took its person into segments or out of them; at its old version."""
        told = {"shard": 1, "segments_at": at, "in_segments": segments, **visitor.columns}
        insert_visitors(
            self.store, shop.site_id, [Visitor(visitor.visitor_id, visitor.visits, visitor.cart, visitor.version, told)]
        )
        self.commit()


def someone(visitor_id: str, at: int = NOW - MINUTE, **columns: Any) -> Visitor:
    """A visitor nobody knows, active at a moment (epoch ms)."""
    return Visitor(visitor_id, [Visit(at - MINUTE, at)], columns=columns)


@pytest.fixture(scope="module")
def stream_store(clickhouse_url: str) -> Iterator[Store]:
    """A migrated database of this module: its commits are of no other test's concern."""
    store = Store(clickhouse_url, f"stream_{uuid.uuid4().hex[:8]}")
    migrate(store, NOW)
    yield store
    store.command(f"DROP DATABASE {store.database} SYNC")
    store.close()


Stages = Callable[..., Stage]


@pytest.fixture
def stages(stream_store: Store) -> Iterator[Stages]:
    """Opens APIs over the database; `settings` are those of `ApiSettings`."""
    opened: list[Stage] = []

    def made(**settings: Any) -> Stage:
        opened.append(Stage(stream_store, ApiSettings(**settings)))
        if len(opened) > 1:
            opened[-1].clock.now = opened[0].clock.now
        return opened[-1]

    yield made
    for one in opened:
        one.close()


@pytest.fixture
def stage(stages: Stages) -> Stage:
    """One API on a port."""
    return stages()


@pytest.fixture
def flow(stage: Stage) -> Flow:
    """What writes into the database, by the clock of the stage."""
    flow = Flow(stage.store, stage.clock)
    flow.commit()
    return flow
