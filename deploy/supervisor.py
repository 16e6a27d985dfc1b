"""Child processes that are kept running: started, their lines passed on, restarted when they end, stopped together.

A child is in a session of its own, so that Ctrl-C reaches only the supervisor, which stops the children in order. A child's
standard input is a pipe nobody writes to: it closes when the supervisor is gone, however it went (`end_with_supervisor`).
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploy.backoff import Backoff
from deploy.settings import child_environment

STOP_SECONDS = 10.0
STEADY_SECONDS = 10.0
"""A child that ran so long has recovered: its next restart comes quickly again."""


@dataclass(frozen=True)
class Service:
    """A command of `sonnim` to keep running, with settings of its own by field name."""

    name: str
    arguments: tuple[str, ...]
    settings: Mapping[str, str] = field(default_factory=dict)


class _Kept:
    """One service and the thread that looks after it."""

    def __init__(self, service: Service, pid_file: Path, say: Callable[[str, str], None], backoff: Backoff) -> None:
        self.name = service.name
        self._service, self._pid_file, self._say, self._backoff = service, pid_file, say, backoff
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._keep, name=f"keep-{service.name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ends the process: asks, and after STOP_SECONDS insists."""
        self._signal(signal.SIGTERM)
        self._thread.join(STOP_SECONDS)
        if self._thread.is_alive():
            self._say(self.name, f"does not end within {STOP_SECONDS:.0f} s: killed")
            self._signal(signal.SIGKILL)
            self._thread.join()

    def kill(self) -> None:
        """Ends the process at once."""
        self._signal(signal.SIGKILL)
        self._thread.join()

    def _signal(self, number: signal.Signals) -> None:
        with self._lock:
            self._stopping.set()
            if self._process is not None and self._process.poll() is None:
                self._process.send_signal(number)

    def _keep(self) -> None:
        while not self._stopping.is_set():
            started = time.monotonic()
            code = self._run()
            if self._stopping.is_set():
                return
            if time.monotonic() - started >= STEADY_SECONDS:
                self._backoff.succeeded()
            pause = self._backoff.pause()
            self._say(self.name, f"ended {in_words(code)}; it is started again in {pause:g} s")
            self._stopping.wait(pause)

    def _run(self) -> int:
        with self._lock:
            if self._stopping.is_set():
                return 0
            self._process = process = subprocess.Popen(
                [sys.executable, "-m", "deploy", *self._service.arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=child_environment(self._service.settings),
                start_new_session=True,
            )
        self._pid_file.write_text(f"{process.pid}\n")
        with process:
            assert process.stdout is not None
            for line in process.stdout:
                self._say(self.name, line.decode("utf-8", "replace").rstrip())
        self._pid_file.unlink(missing_ok=True)
        return process.returncode


class Supervisor:
    """Services in the order they were started; stopped in the reverse order."""

    def __init__(self, run_dir: Path, say: Callable[[str, str], None]) -> None:
        """`say(name, line)` gets every line of every service. The process ids are `run_dir/<name>.pid`."""
        self._run_dir, self._say = run_dir, say
        self._kept: list[_Kept] = []
        run_dir.mkdir(parents=True, exist_ok=True)

    def start(self, service: Service) -> None:
        """Start a service and keep it running."""
        kept = _Kept(service, self._run_dir / f"{service.name}.pid", self._say, Backoff())
        self._kept.append(kept)
        kept.start()

    def stop(self) -> None:
        """Stop everything, the last started first."""
        while self._kept:
            self._kept[-1].stop()
            self._kept.pop()

    def kill(self) -> None:
        """End everything at once."""
        for kept in self._kept:
            kept.kill()
        self._kept.clear()


def end_with_supervisor() -> None:
    """For a supervised process: end (SIGTERM, then SIGKILL) when the supervisor is gone."""

    def watch() -> None:
        with contextlib.suppress(OSError):
            while os.read(0, 4096):
                pass
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(STOP_SECONDS)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, name="end-with-supervisor", daemon=True).start()


def in_words(code: int) -> str:
    """How a process ended, from its `returncode`."""
    if code >= 0:
        return f"with exit code {code}"
    with contextlib.suppress(ValueError):
        return f"by {signal.Signals(-code).name}"
    return f"by signal {-code}"
