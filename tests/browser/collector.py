"""The API as shops' pages reach it: on a port, over a log of files, and able to be away."""

from __future__ import annotations

import json
import socket
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.app import create_app
from api.settings import ApiSettings
from deploy.clock import now_ms
from ingest.log import LogUnavailable
from ingest.log.files import FileLog
from sql.store import Store

RETRY_AFTER_SECONDS = 1


class AbsentLog(FileLog):
    """A log of files that can be told to be away: then the API answers 503."""

    away = False

    def append(self, records: Sequence[tuple[int, bytes]]) -> None:
        if self.away:
            raise LogUnavailable("told to be away")
        super().append(records)


@dataclass
class Call:
    """A request with events that came in, and its answer."""

    path: str
    query: str
    headers: dict[str, str]
    body: bytes = b""
    status: int = 0

    @property
    def items(self) -> list[dict[str, Any]]:
        told: list[dict[str, Any]] = json.loads(self.body)
        return told


@dataclass
class Recorder:
    """ASGI in front of the API: keeps the POST requests."""

    app: ASGIApp
    calls: list[Call] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST":
            await self.app(scope, receive, send)
            return
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        call = Call(scope["path"], scope["query_string"].decode(), headers)

        async def heard() -> Message:
            message = await receive()
            call.body += message.get("body", b"")
            return message

        async def said(message: Message) -> None:
            if message["type"] == "http.response.start":
                call.status = message["status"]
                self.calls.append(call)
            await send(message)

        await self.app(scope, heard, said)


class Collector:
    """Runs until `close`. `url` has no path."""

    def __init__(self, store: Store, directory: Path) -> None:
        self.store = store
        self.log = AbsentLog(directory, partitions=2)
        self._recorder = Recorder(
            create_app(store, self.log, now_ms, ApiSettings(retry_after_seconds=RETRY_AFTER_SECONDS))
        )
        listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        config = uvicorn.Config(self._recorder, log_level="error", lifespan="off", ws="none")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listener]})
        self._thread.start()

    def close(self) -> None:
        self._server.should_exit = True
        self._thread.join()
        self.log.close()

    def calls(self, key: str) -> list[Call]:
        """The requests with this key, as they were answered."""
        return [call for call in self._recorder.calls if f"key={key}" in call.query]

    def records(self, site_id: str) -> list[dict[str, Any]]:
        """Everything of a site that is in the event log, as often as it is there."""
        blocks = [self.log.read(partition, 0, 2**30) for partition in range(self.log.partitions)]
        records = [json.loads(line) for block in blocks for line in block.lines.splitlines()]
        return [record for record in records if record["site_id"] == site_id]

    def events(self, site_id: str, *, heartbeats: bool = False) -> list[dict[str, Any]]:
        """The accepted events in the order they happened, a repeated one once, as the flow takes them."""
        accepted = [record for record in self.records(site_id) if "kind" not in record]
        once = {record["event_id"]: record for record in accepted}
        kept = [record for record in once.values() if heartbeats or record["name"] != "heartbeat"]
        return sorted(kept, key=lambda record: record["occurred_at"])

    def repeats(self, site_id: str) -> list[str]:
        """The ids that are in the log more than once."""
        counts = Counter(record["event_id"] for record in self.records(site_id) if "kind" not in record)
        return [event_id for event_id, count in counts.items() if count > 1]
