"""`sonnim up` in a process of its own, with everything it starts, on free ports and in a directory of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

import httpx

from benchmarks.stack import ROOT, free_port
from benchmarks.traffic import SITE
from sql.keys import create_key
from sql.sites import add_site
from sql.store import Store

PATIENCE_SECONDS = 120.0
SERVICES = ("api", "flow", "clickhouse")


class Deployed:
    """Everything a shop needs on one machine, with the benchmark's site and its keys. Use as a context."""

    def __init__(self, directory: Path, **settings: str) -> None:
        """`settings` by field name, beside directory and ports."""
        self.directory = directory
        self.url = f"http://127.0.0.1:{free_port()}"
        clickhouse = f"http://127.0.0.1:{free_port()}"
        self.store = Store(clickhouse)
        own = {
            "data_dir": str(directory / "data"),
            "api_port": self.url.rpartition(":")[2],
            "clickhouse_url": clickhouse,
        }
        self._settings = {**own, "log_level": "warning", **settings}
        self.write_key = self.secret_key = ""

    def __enter__(self) -> Deployed:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SONNIM_")}
        environment |= {f"SONNIM_{name.upper()}": value for name, value in self._settings.items()}
        with (self.directory / "up.log").open("wb") as lines:
            command = [sys.executable, "-m", "deploy", "up"]
            self._process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=lines, stderr=lines)
        try:
            self._wait()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        add_site(self.store, SITE, "Benchmark", "KRW", "Asia/Seoul", now())
        self.write_key, _ = create_key(self.store, SITE, "write", now())
        self.secret_key, _ = create_key(self.store, SITE, "secret", now())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.store.close()
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def api(self) -> httpx.Client:
        """The API as the secret key sees it."""
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {self.secret_key}"}, timeout=60)

    def cpu_seconds(self) -> dict[str, float]:
        """Seconds of CPU of each service since it started."""
        return {name: _cpu_seconds(int(self._pid_file(name).read_text())) for name in SERVICES}

    def memory_mb(self) -> dict[str, float]:
        """Resident memory of each service."""
        return {name: _resident_mb(int(self._pid_file(name).read_text())) for name in SERVICES}

    def _pid_file(self, service: str) -> Path:
        return self.directory / "data" / "run" / f"{service}.pid"

    def _wait(self) -> None:
        until = time.monotonic() + PATIENCE_SECONDS
        while not self._is_ready():
            if self._process.poll() is not None or time.monotonic() > until:
                raise SystemExit(f"`sonnim up` did not start:\n{(self.directory / 'up.log').read_text()}")
            time.sleep(0.2)

    def _is_ready(self) -> bool:
        try:
            return bool(httpx.get(f"{self.url}/readyz", timeout=10).json()["status"] == "ready")
        except httpx.TransportError:
            return False


def now() -> int:
    """Epoch milliseconds."""
    return time.time_ns() // 1_000_000


def _resident_mb(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def _cpu_seconds(pid: int) -> float:
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
