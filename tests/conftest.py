"""A real embedded ClickHouse for the tests that need one: one server a test process, a database a test. Passwords are cheap."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.broker.fixtures import (  # noqa: F401  (fixtures are found by their names here)
    _no_broker,
    _own_broker,
    _shared_bootstrap,
    breakable_kafka,
    kafka,
    topic,
)

START_S = 60


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def start_clickhouse(path: Path, port: int, *options: str) -> subprocess.Popen[bytes]:
    """A server process that answers; the caller ends it."""
    command = [sys.executable, "-m", "deploy.clickhouse", "--path", str(path), "--port", str(port), *options]
    process = subprocess.Popen(command)
    for _ in range(START_S * 20):
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/ping", timeout=5):
                return process
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    process.kill()
    process.wait()
    raise RuntimeError("the server does not answer")


@pytest.fixture(scope="session", autouse=True)
def _cheap_passwords() -> Iterator[None]:
    """At this cost nobody would keep a password; the tests sign in hundreds of times."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("api.accounts.passwords.COST", (1 << 4, 8, 1))
        yield


@pytest.fixture(scope="session")
def clickhouse_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`http://127.0.0.1:PORT` of a server with an empty path of its own."""
    port = free_port()
    process = start_clickhouse(tmp_path_factory.mktemp("clickhouse"), port)
    yield f"http://127.0.0.1:{port}"
    process.kill()
    process.wait()


@pytest.fixture
def database(clickhouse_url: str) -> Iterator[str]:
    """The name of an empty database, dropped after the test."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    statement(clickhouse_url, f"CREATE DATABASE {name}")
    yield name
    statement(clickhouse_url, f"DROP DATABASE IF EXISTS {name} SYNC")


def statement(url: str, sql: str) -> bytes:
    """Runs one statement over HTTP and returns what it answers."""
    with urllib.request.urlopen(urllib.request.Request(url, sql.encode()), timeout=60) as response:
        body: bytes = response.read()
        return body
