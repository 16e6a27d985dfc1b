"""The real stack as a user runs it: `sonnim up` in a directory of its own, on free ports, driven by commands and HTTP."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from deploy.client import ApiClient
from deploy.clock import now_ms
from deploy.sender import Event, Sender, batches
from deploy.settings import PREFIX
from deploy.up import pid_of
from sql.store import Store
from tests.conftest import free_port

PROJECT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 120.0
HOPS = 4
"""Commits after which a purchase is counted: event, order fact, order, and one to spare."""


def environment(**settings: str) -> dict[str, str]:
    """The environment of a command: this one without its settings, and others by field name."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return kept | {PREFIX + name.upper(): value for name, value in settings.items()}


@dataclass(frozen=True)
class Shop:
    """A site with its keys, and the API as its secret key sees it."""

    site_id: str
    write_key: str
    secret_key: str
    api: ApiClient
    url: str

    def send(self, events: Sequence[Event], *, history: bool = False) -> int:
        """Send all of them until they are answered; returns how many got a 202. Fails on a refused one."""
        sender = Sender(self.url, self.secret_key if history else self.write_key, history=history)
        accepted = 0
        for batch in batches(events):
            answer = sender.send(batch)
            assert answer.refused == []
            accepted += answer.accepted
        sender.close()
        return accepted

    def report(self, window: str = "24h", segment: Any = None) -> dict[str, Any]:
        """A Live Report."""
        return self.api.post("/v1/reports/live", {"window": window, "segment": segment})


class Stack:
    """`sonnim up`, and what one does with it. Use as a context."""

    def __init__(self, directory: Path, **settings: str) -> None:
        """`settings` by field name, beside directory and ports."""
        self.directory = directory
        self.url = f"http://127.0.0.1:{free_port()}"
        self.clickhouse_url = f"http://127.0.0.1:{free_port()}"
        self.environment = {
            **environment(
                data_dir=str(directory / "data"),
                api_port=self.url.rpartition(":")[2],
                clickhouse_url=self.clickhouse_url,
                **settings,
            ),
            "COLUMNS": "200",
        }
        self.store = Store(self.clickhouse_url)
        self._apis: list[ApiClient] = []
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Stack:
        with (self.directory / "up.log").open("ab") as lines:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "deploy", "up"],
                cwd=PROJECT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=lines,
                stderr=lines,
            )
        self.wait_until("the stack is ready", self._ready)
        return self

    def __exit__(self, *failure: object) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(PATIENCE_SECONDS)
        self.store.close()
        for api in self._apis:
            api.close()

    def run(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """A command of `sonnim`, in the stack's environment."""
        return subprocess.run(
            [sys.executable, "-m", "deploy", *arguments],
            cwd=PROJECT,
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )

    def add_site(self, site_id: str, currency: str = "KRW") -> Shop:
        """A new site with its first keys, as `sonnim site add` shows them."""
        done = self.run("site", "add", site_id, "--currency", currency)
        assert done.returncode == 0, done.stderr
        words = done.stdout.split()
        write, secret = words[words.index("write") + 1], words[words.index("secret") + 1]
        self._apis.append(ApiClient(self.url, secret))
        return Shop(site_id, write, secret, self._apis[-1], self.url)

    def kill(self, service: str) -> None:
        """kill -9 of a service that `sonnim up` runs; nothing if it is being restarted just now."""
        pid = pid_of(self.directory / "data" / "run", service)
        if pid is not None:
            os.kill(pid, signal.SIGKILL)

    def settle(self, shop: Shop) -> None:
        """Wait until everything that got a 202 is in the figures, orders included."""
        for _ in range(HOPS):
            moment = now_ms()
            self.wait_until("the figures are fresh", lambda moment=moment: self._as_of(shop) > moment)  # type: ignore[misc]

    def wait_until(self, what: str, holds: Callable[[], bool]) -> None:
        """Ask until it holds; fails with the stack's last lines after PATIENCE_SECONDS."""
        until = time.monotonic() + PATIENCE_SECONDS
        while not holds():
            assert self._process is not None
            ended = self._process.poll()
            if ended is not None or time.monotonic() > until:
                lines = (self.directory / "up.log").read_text().splitlines()[-40:]
                raise AssertionError(f"not so: {what} (ended with {ended})\n" + "\n".join(lines))
            time.sleep(0.2)

    def rows(self, sql: str, **params: object) -> list[dict[str, Any]]:
        """Rows of a query, asked of the stack's ClickHouse."""
        return self.store.rows_of(sql, params)

    def _ready(self) -> bool:
        try:
            return bool(httpx.get(f"{self.url}/readyz", timeout=10).json()["status"] == "ready")
        except httpx.TransportError:
            return False

    def _as_of(self, shop: Shop) -> int:
        answer = httpx.post(
            f"{self.url}/v1/reports/live",
            json={},
            headers={"Authorization": f"Bearer {shop.secret_key}"},
            timeout=60,
        )
        as_of = answer.json().get("as_of") if answer.status_code == 200 else None
        return _epoch_ms(as_of) if as_of else 0


def _epoch_ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)
