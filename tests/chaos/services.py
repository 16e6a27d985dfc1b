"""Services started one by one, kept running, and killed: what an operator's supervisor does, and what chance does to it."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from tests.e2e.stack import PROJECT

LOOK_SECONDS = 0.2
PAUSE_SECONDS = 0.5


class Service:
    """A command of `sonnim` with its environment. When it ends and is not held, it is started again."""

    def __init__(self, name: str, arguments: list[str], environment: Mapping[str, str], directory: Path) -> None:
        self.name, self.arguments = name, arguments
        self._environment, self._output = dict(environment), directory / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._wanted = threading.Event()
        self._changing = threading.Lock()
        self._over = False
        self._wanted.set()
        self._thread = threading.Thread(target=self._keep, daemon=True)
        self._thread.start()

    def kill(self) -> None:
        """kill -9 of the process itself; its children see it themselves."""
        with self._changing:
            if self._process is not None:
                self._process.kill()
                self._process.wait()
                self._close_input()

    def kill_child(self, chance: random.Random) -> bool:
        """kill -9 of one of its child processes; False if there is none just now."""
        with self._changing:
            children = _children(self._process.pid) if self._process is not None else []
            if not children:
                return False
            with contextlib.suppress(ProcessLookupError):
                os.kill(chance.choice(children), signal.SIGKILL)
            return True

    def hold(self) -> None:
        """Kill it, and leave it so until `release`."""
        self._wanted.clear()
        self.kill()

    def release(self) -> None:
        """Keep it running again."""
        self._wanted.set()

    def end(self) -> None:
        """Kill it for good."""
        self._over = True
        self.hold()
        self._wanted.set()
        self._thread.join()
        self.kill()

    def last_lines(self) -> str:
        """What it said last."""
        return "\n".join(self._output.read_text(errors="replace").splitlines()[-30:]) if self._output.exists() else ""

    def _keep(self) -> None:
        while True:
            self._wanted.wait()
            with self._changing:
                if self._over:
                    return
                ended = self._process is None or self._process.poll() is not None
                if ended and self._wanted.is_set():
                    self._start()
            time.sleep(LOOK_SECONDS)

    def _start(self) -> None:
        if self._process is not None:
            self._close_input()
            time.sleep(PAUSE_SECONDS)
        with self._output.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "deploy", *self.arguments, "--supervised"],
                cwd=PROJECT,
                env=self._environment,
                stdin=subprocess.PIPE,  # closes when this process ends: then they end too
                stdout=output,
                stderr=output,
            )

    def _close_input(self) -> None:
        assert self._process is not None
        if self._process.stdin is not None:
            self._process.stdin.close()


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
