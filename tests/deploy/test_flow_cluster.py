"""A cluster's processes live and die together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.errors import UserError
from deploy.flow_cluster import run_cluster
from deploy.flow_lock import flow_lock
from deploy.settings import Settings
from sql.store import Store
from tests.conftest import free_port
from tests.e2e.stack import PROJECT, environment

PATIENCE_SECONDS = 60


def started(
    module: list[str], output: Path, directory: Path, clickhouse_url: str, database: str
) -> subprocess.Popen[bytes]:
    """`python -m ...` over the log and the tables of a test."""
    own = environment(data_dir=str(directory), clickhouse_url=clickhouse_url, clickhouse_database=database)
    with output.open("wb") as lines:
        return subprocess.Popen([sys.executable, "-m", *module], cwd=PROJECT, env=own, stdout=lines, stderr=lines)


class Running:
    """`sonnim flow --processes N` over an empty log of 4 partitions."""

    def __init__(self, directory: Path, clickhouse_url: str, database: str, processes: int) -> None:
        self.output = directory / "flow.log"
        self.process = started(
            ["deploy", "flow", "--processes", str(processes)], self.output, directory, clickhouse_url, database
        )

    def children(self) -> list[int]:
        pid = self.process.pid
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def wait_for(self, text: str, times: int) -> None:
        until = time.monotonic() + PATIENCE_SECONDS
        while self.output.read_text().count(text) < times:
            assert self.process.poll() is None, self.output.read_text()
            assert time.monotonic() < until, self.output.read_text()
            time.sleep(0.1)


@pytest.fixture
def cluster(tmp_path: Path, store: Store) -> Iterator[Running]:
    running = Running(tmp_path, store.url, store.database, 2)
    yield running
    running.process.kill()
    running.process.wait()


def test_when_one_dies_all_start_again(cluster: Running) -> None:
    cluster.wait_for("reading", 2)
    before = cluster.children()
    os.kill(before[1], signal.SIGKILL)
    cluster.wait_for("a process ended: all are started again", 1)
    cluster.wait_for("reading", 4)
    assert len(cluster.children()) == 2
    assert not set(before) & set(cluster.children())


def test_they_end_with_it(cluster: Running) -> None:
    cluster.wait_for("reading", 2)
    children = cluster.children()
    cluster.process.send_signal(signal.SIGTERM)
    assert cluster.process.wait(PATIENCE_SECONDS) == 0
    assert not any(Path(f"/proc/{child}").exists() for child in children)


def test_another_flow_waits_for_the_one_before_and_gives_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploy.flow_lock.LAST_FLOW_SECONDS", 0.2)
    settings = Settings(data_dir=tmp_path)
    with flow_lock(settings, alone=False), pytest.raises(UserError, match="flow or another rebuild runs"):
        run_cluster(settings, 2)


def test_more_processes_than_partitions_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="5 processes are too many: the log has 4 partitions"):
        run_cluster(Settings(data_dir=tmp_path), 5)


def test_bytewax_itself_runs_the_processes_of_several_machines(tmp_path: Path, store: Store) -> None:
    addresses = f"127.0.0.1:{free_port()};127.0.0.1:{free_port()}"
    processes = [
        started(
            ["bytewax.run", "deploy.flow_process:flow", "-i", str(number), "-a", addresses],
            tmp_path / f"flow-{number}.log",
            tmp_path,
            store.url,
            store.database,
        )
        for number in range(2)
    ]
    until = time.monotonic() + PATIENCE_SECONDS
    try:
        while {row["partition"] for row in store.rows("checkpoints")} != {0, 1, 2, 3}:
            said = [(tmp_path / f"flow-{number}.log").read_text() for number in range(2)]
            assert [process.poll() for process in processes] == [None, None], said
            assert time.monotonic() < until, said
            time.sleep(0.2)
    finally:
        for process in processes:
            process.kill()
            process.wait()
