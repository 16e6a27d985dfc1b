"""How soon hooks are told, and how many: `python -m benchmarks.hooks`.

A real dispatcher over a log in files and the embedded ClickHouse, a receiver in a process of its own that answers at once. First
transitions come steadily, a line at a time, and the time from a line being in the log to its request arriving is taken. Then many come
at once, as when a segment is made with `fire_for_current`. Ends with 1 if one is missing or a body differs.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from api.dispatch.addresses import networks
from api.dispatch.dispatcher import Dispatcher
from api.dispatch.signing import new_secret
from api.dispatch.transition import webhook_id
from api.metrics import Metrics
from benchmarks.figures import Figure, machine, table
from benchmarks.stack import ROOT, store_in
from benchmarks.traffic import SITE
from flows.writer import partition_of
from ingest.log import FileLog
from sql.hooks import HookTerms, create_hook
from sql.segments import create_segment

PARTITIONS = 4
MINUTE = 60_000


def main(arguments: list[str] | None = None) -> int:
    """Measure; 1 if something is not as it has to be."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hooks", description=__doc__)
    parser.add_argument("--rate", type=int, default=50, help="transitions a second, steadily")
    parser.add_argument("--seconds", type=int, default=10, help="how long")
    parser.add_argument("--burst", type=int, default=5_000, help="transitions at once")
    parser.add_argument("--receive", default="", help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.receive:
        asyncio.run(receive(Path(given.receive)))
        return 0
    print(machine(), flush=True)
    with tempfile.TemporaryDirectory() as directory:
        figures, wrong = measure(Path(directory), given.rate, given.seconds, given.burst)
    print(table(figures))
    for line in wrong:
        print(f"WRONG: {line}", file=sys.stderr)
    return 1 if wrong else 0


def measure(directory: Path, rate: int, seconds: int, burst: int) -> tuple[list[Figure], list[str]]:
    """Figures, and what is wrong."""
    noted = directory / "received"
    command = [sys.executable, "-m", "benchmarks.hooks", "--receive", str(noted)]
    receiver = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert receiver.stdout is not None
        port = int(receiver.stdout.readline())
        with store_in(directory, now()) as store:
            segment_id = create_segment(store, SITE, "All", {"all": []}, now() - MINUTE).segment_id
            terms = HookTerms(f"http://127.0.0.1:{port}/", ("segment.entered",))
            hook = create_hook(store, SITE, terms, new_secret(), now() - MINUTE)
            log = FileLog(directory / "transitions", PARTITIONS)
            dispatcher = Dispatcher(store, log, now, Metrics(), allowed=networks("127.0.0.0/8"))
            dispatcher.start()
            appended: dict[str, float] = {}
            time.sleep(3)
            for number in range(rate * seconds):
                log.append([line(segment_id, number)])
                appended[webhook_id(f"tr_{number}", hook.hook_id)] = time.monotonic()
                time.sleep(1 / rate)
            wait_for(noted, rate * seconds)
            first = rate * seconds
            began = time.monotonic()
            log.append([line(segment_id, first + number) for number in range(burst)])
            wait_for(noted, first + burst)
            took = time.monotonic() - began
            dispatcher.stop()
            log.close()
    finally:
        receiver.kill()
        receiver.wait()
    came = [text.split(" ") for text in noted.read_text().splitlines()]
    arrived = {one[0]: float(one[1]) for one in reversed(came)}
    waits = [(arrived[one] - at) * 1000 for one, at in appended.items() if one in arrived]
    cuts = statistics.quantiles(waits, n=100)
    figures = [
        Figure(f"from the log to the receiver, p50, {rate}/s", cuts[49], "ms"),
        Figure(f"from the log to the receiver, p99, {rate}/s", cuts[98], "ms"),
        Figure(f"{burst:,} at once", burst / took, "requests/s"),
    ]
    wrong = []
    if len(arrived) != first + burst:
        wrong.append(f"{first + burst - len(arrived)} of {first + burst} did not arrive")
    if len({(one[0], one[2]) for one in came}) != len(arrived):
        wrong.append("bodies of one webhook-id differ")
    return figures, wrong


def line(segment_id: str, number: int) -> tuple[int, bytes]:
    """A transition of a member of its own, with its partition."""
    at, member = now(), f"member-{number}"
    told = {
        "id": f"tr_{number}", "type": "entered", "site_id": SITE, "segment_id": segment_id, "segment_version": 1,
        "person_id": f"member:{member}", "member_id": member, "visitor_id": "", "entry": 1, "at": at, "since": at, "reason": "event",
        "fires": True,
    }  # fmt: skip
    return partition_of(f"{SITE}/{member}", PARTITIONS), json.dumps(told).encode()


def wait_for(noted: Path, count: int) -> None:
    """Until so many were received, or nothing comes any more."""
    last, since = -1, time.monotonic()
    while last < count and time.monotonic() - since < 30:
        found = noted.read_bytes().count(b"\n") if noted.exists() else 0
        if found != last:
            last, since = found, time.monotonic()
        time.sleep(0.02)


def now() -> int:
    """Epoch milliseconds."""
    return int(time.time() * 1000)


async def receive(noted: Path) -> None:
    """Answers 204 to everything, and notes webhook-id, time and a hash of the body, a line each; prints its port."""
    with noted.open("w", buffering=1) as file:

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while True:
                try:
                    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                except (asyncio.IncompleteReadError, ConnectionError):
                    writer.close()
                    return
                headers = dict(one.split(": ", 1) for one in head.split("\r\n")[1:] if one)
                body = await reader.readexactly(int(headers["content-length"]))
                file.write(f"{headers['webhook-id']} {time.monotonic()} {hash(body)}\n")
                writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    sys.exit(main())
