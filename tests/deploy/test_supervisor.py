from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from deploy import supervisor
from deploy.supervisor import Service, Supervisor
from deploy.up import pid_of


class Lines:
    """What services said; waits for a line."""

    def __init__(self) -> None:
        self.all: list[str] = []
        self._said = threading.Condition()

    def say(self, name: str, line: str) -> None:
        with self._said:
            self.all.append(f"{name}: {line}")
            self._said.notify_all()

    def wait_for(self, part: str, times: int = 1) -> None:
        with self._said:
            held = self._said.wait_for(lambda: sum(part in line for line in self.all) >= times, 60)
        assert held, self.all


def pid_when_there(run_dir: Path, but: int | None = None) -> int:
    for _ in range(600):
        pid = pid_of(run_dir, "sleeper")
        if pid is not None and pid != but:
            return pid
        time.sleep(0.05)
    raise AssertionError("it was not started")


@pytest.fixture
def sleeping(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tuple[str, ...]:
    """Arguments of a service that says it is up, and then sleeps until its supervisor is gone."""
    program = tmp_path / "deploy.py"
    program.write_text(
        "import os, sys, time\n"
        f"sys.path.insert(0, {os.getcwd()!r})\n"
        "from deploy.supervisor import end_with_supervisor\n"
        "print('up', flush=True)\n"
        "if 'fail' in sys.argv: sys.exit(3)\n"
        "end_with_supervisor()\n"
        "time.sleep(600)\n"
    )
    starter = tmp_path / "start"
    starter.write_text(f'#!/bin/sh\nshift 2\nexec {supervisor.sys.executable} {program} "$@"\n')
    starter.chmod(0o755)
    monkeypatch.setattr(supervisor.sys, "executable", str(starter))
    return ("sleep",)


def test_a_service_that_dies_is_started_again(sleeping: tuple[str, ...], tmp_path: Path) -> None:
    lines = Lines()
    supervised = Supervisor(tmp_path / "run", lines.say)
    supervised.start(Service("sleeper", sleeping))
    lines.wait_for("sleeper: up")
    first = pid_when_there(tmp_path / "run")
    os.kill(first, signal.SIGKILL)
    lines.wait_for("ended by SIGKILL; it is started again")
    lines.wait_for("sleeper: up", times=2)
    assert pid_when_there(tmp_path / "run", but=first) != first
    supervised.stop()
    assert pid_of(tmp_path / "run", "sleeper") is None


def test_a_service_that_fails_waits_longer_each_time(sleeping: tuple[str, ...], tmp_path: Path) -> None:
    lines = Lines()
    supervised = Supervisor(tmp_path / "run", lines.say)
    supervised.start(Service("sleeper", (*sleeping, "fail")))
    lines.wait_for("ended with exit code 3; it is started again in 0.5 s")
    lines.wait_for("ended with exit code 3; it is started again in 1 s")
    supervised.stop()


def test_services_end_when_their_supervisor_is_gone(sleeping: tuple[str, ...], tmp_path: Path) -> None:
    process = subprocess.Popen([supervisor.sys.executable, "-m", "deploy", *sleeping], stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(60) == -signal.SIGTERM
