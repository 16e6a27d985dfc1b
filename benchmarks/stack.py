"""The embedded ClickHouse in a process of its own over a directory, migrated, with the benchmark's site."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from benchmarks.traffic import SITE
from sql.migrate import migrate
from sql.sites import add_site
from sql.store import Store

ROOT = Path(__file__).parent.parent
START_SECONDS = 60.0


@contextlib.contextmanager
def store_in(directory: Path, now: int) -> Iterator[Store]:
    """A store with every migration applied; `now` (epoch ms) is recorded as its time of creation."""
    port = free_port()
    command = [sys.executable, "-m", "deploy.clickhouse", "--path", str(directory / "clickhouse"), "--port", str(port)]
    with (directory / "clickhouse.log").open("wb") as log:
        server = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
    store = Store(f"http://127.0.0.1:{port}")
    try:
        _wait(store, server, directory / "clickhouse.log")
        migrate(store, now)
        add_site(store, SITE, "Benchmark", "KRW", "Asia/Seoul", now)
        yield store
    finally:
        store.close()
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def child(module: str, *arguments: object) -> bytes:
    """Run `python -m module arguments` here and return what it printed; its errors go to the terminal."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout


def free_port() -> int:
    """A port of 127.0.0.1 nobody listens on."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        port: int = asked.getsockname()[1]
        return port


def _wait(store: Store, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            with urllib.request.urlopen(f"{store.url}/ping", timeout=5):
                return
        except OSError:
            if server.poll() is not None or time.monotonic() > until:
                raise SystemExit(f"the embedded ClickHouse did not start:\n{log.read_text()}") from None
            time.sleep(0.1)
