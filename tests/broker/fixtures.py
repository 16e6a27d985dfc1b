"""Fixtures: `kafka` is a broker all tests share, `breakable_kafka` one that a test may kill, `topic` a name of its own.

`KAFKA_BOOTSTRAP=host:port` makes tests share that broker instead; those that kill one still start their own.
"""

from __future__ import annotations

import fcntl
import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.broker import prepare
from tests.broker.broker import Broker


@pytest.fixture(scope="session")
def _no_broker() -> str | None:
    """Why no broker can be started here, or None."""
    return prepare.missing()


@pytest.fixture(scope="session")
def _shared_bootstrap(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str | None:
    if given := os.environ.get("KAFKA_BOOTSTRAP"):
        return given
    if request.getfixturevalue("_no_broker") is not None:
        return None
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    return _shared(base, request.config)


@pytest.fixture
def kafka(request: pytest.FixtureRequest, _shared_bootstrap: str | None) -> str:
    """`host:port` of a broker. Topics of a test need a name of their own."""
    if _shared_bootstrap is None:
        _leave_out(request)
    return _shared_bootstrap or ""


@pytest.fixture(scope="session")
def _own_broker(_no_broker: str | None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker | None]:
    if _no_broker is not None:
        yield None
        return
    broker = Broker(tmp_path_factory.mktemp("breakable-kafka"))
    yield broker
    broker.kill()


@pytest.fixture
def breakable_kafka(request: pytest.FixtureRequest, _own_broker: Broker | None) -> Broker:
    """A broker that runs, and that a test may kill, pause and restart."""
    if _own_broker is None:
        _leave_out(request)
    assert _own_broker is not None
    if not _own_broker.running:
        _own_broker.start()
    return _own_broker


@pytest.fixture
def topic() -> str:
    """A name no other test uses."""
    return f"test-{uuid.uuid4().hex[:12]}"


def _leave_out(request: pytest.FixtureRequest) -> None:
    told = f"{request.node.nodeid} needs a Kafka broker: {request.getfixturevalue('_no_broker')}"
    if os.environ.get("CI"):
        pytest.fail(told)
    pytest.skip(told)


def _shared(base: Path, config: pytest.Config) -> str:
    """The broker of all processes of this test run. Who finds none starts it, and ends it when nobody uses it any more:
    each user holds a shared lock on the file with its address."""
    with (base / "kafka.starting").open("w") as starting:
        fcntl.flock(starting, fcntl.LOCK_EX)
        users = (base / "kafka.users").open("a+")
        fcntl.flock(users, fcntl.LOCK_SH)
        users.seek(0)
        if found := users.read():
            config.add_cleanup(users.close)
            return found
        broker = Broker(base / f"kafka-{uuid.uuid4().hex[:8]}")
        broker.start()
        users.write(broker.bootstrap)
        users.flush()

    def end() -> None:
        fcntl.flock(users, fcntl.LOCK_EX)
        users.truncate(0)
        broker.kill()
        users.close()

    config.add_cleanup(end)
    return broker.bootstrap
