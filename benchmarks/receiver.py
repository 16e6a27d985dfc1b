"""A receiver of hooks in a process of its own: answers 204 at once, and notes what came, a line each.

`python -m benchmarks.receiver FILE` prints its port. A line is: monotonic seconds, path, webhook id, type, segment, person, transition.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import orjson

from benchmarks.stack import ROOT


class Arrival(NamedTuple):
    """A request, with the moment it had arrived (`time.monotonic` of this machine)."""

    at: float
    path: str
    webhook_id: str
    type: str
    segment_id: str
    person_id: str
    transition_id: str


class Receiver:
    """What a receiver was told so far."""

    def __init__(self, noted: Path, port: int) -> None:
        self._noted, self.port = noted, port

    def count(self) -> int:
        """How many requests came."""
        return self._noted.read_bytes().count(b"\n")

    def arrivals(self) -> list[Arrival]:
        """All of them, in order."""
        rows = (line.split(" ") for line in self._noted.read_text().splitlines())
        return [Arrival(float(at), *rest) for at, *rest in rows]

    def wait_until_silent(self, seconds: float) -> None:
        """Until nothing has come for so long."""
        last, since = self.count(), time.monotonic()
        while time.monotonic() - since < seconds:
            time.sleep(0.1)
            if self.count() != last:
                last, since = self.count(), time.monotonic()


@contextlib.contextmanager
def receiver(directory: Path) -> Iterator[Receiver]:
    """One that runs while this is open."""
    noted = directory / "received"
    noted.touch()
    command = [sys.executable, "-m", "benchmarks.receiver", str(noted)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield Receiver(noted, int(process.stdout.readline()))
    finally:
        process.kill()
        process.wait()


async def receive(noted: Path) -> None:
    """Without end."""
    with noted.open("w", buffering=1) as file:

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while True:
                try:
                    first, *rest = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                    at = time.monotonic()
                    headers = dict(line.lower().split(": ", 1) for line in rest if line)
                    told = orjson.loads(await reader.readexactly(int(headers["content-length"])))
                except (asyncio.IncompleteReadError, ConnectionError):
                    writer.close()
                    return
                data = told["data"]
                about = (data["segment"]["id"], data["person"]["person_id"], data["transition_id"])
                file.write(" ".join((str(at), first.split()[1], headers["webhook-id"], told["type"], *about)) + "\n")
                writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(receive(Path(sys.argv[1])))
