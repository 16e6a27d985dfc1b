"""One broker that is its own controller: its configuration, and the commands that format its directory and run it."""

from __future__ import annotations

import shutil
import subprocess
import uuid
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.errors import UserError
from deploy.kafka.jars import expected

_HERE: Final = Path(__file__).parent
_LEAST_JAVA: Final = 17
HEAP_MB: Final = 512


@dataclass(frozen=True)
class Place:
    """Where a broker keeps its data and listens (127.0.0.1 only), and where its jars are."""

    data: Path
    port: int
    controller_port: int
    jars: Path
    heap_mb: int = HEAP_MB
    sync: bool = True


def properties(place: Place) -> str:
    """The text of `server.properties`. One broker has no replicas, so it syncs to disk before it acknowledges; without
    `sync` what was acknowledged survives the end of the broker, but not a loss of power."""
    settings: dict[str, object] = {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@127.0.0.1:{place.controller_port}",
        "controller.listener.names": "CONTROLLER",
        "listeners": f"PLAINTEXT://127.0.0.1:{place.port},CONTROLLER://127.0.0.1:{place.controller_port}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{place.port}",
        "log.dirs": place.data.resolve() / "log",
        "log.flush.interval.messages": 1 if place.sync else (1 << 63) - 1,
        "auto.create.topics.enable": "false",
        "default.replication.factor": 1,
        "min.insync.replicas": 1,
        "offsets.topic.replication.factor": 1,
        "offsets.topic.num.partitions": 1,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "transaction.state.log.num.partitions": 1,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        "group.initial.rebalance.delay.ms": 0,
        "log.cleaner.dedupe.buffer.size": 8 << 20,
        "num.network.threads": 2,
        "num.io.threads": 4,
        # After kill -9 it may not come back before its own old session has ended.
        "broker.session.timeout.ms": 3000,
        "broker.heartbeat.interval.ms": 500,
    }
    return "".join(f"{name}={value}\n" for name, value in settings.items())


def java() -> str:
    """The path of a Java that runs this Kafka. Raises `UserError`."""
    found = shutil.which("java")
    advice = "Debian: apt-get install openjdk-17-jre-headless"
    if found is None:
        raise UserError(f"Apache Kafka needs Java {_LEAST_JAVA} or newer, and there is none.", advice)
    told = subprocess.run([found, "-version"], capture_output=True, text=True, check=False).stderr
    version = told.partition('"')[2].partition('"')[0]
    if not version.split(".")[0].isdecimal() or int(version.split(".")[0]) < _LEAST_JAVA:
        raise UserError(f"Apache Kafka needs Java {_LEAST_JAVA} or newer; this is {version or 'unknown'}.", advice)
    return found


def prepare(place: Place) -> None:
    """Writes the configuration, and formats the directory if it is new. Raises `UserError`."""
    (place.data / "logs").mkdir(parents=True, exist_ok=True)
    _configuration(place).write_text(properties(place))
    if (place.data / "log" / "meta.properties").exists():
        return
    cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "_")
    ran = subprocess.run(
        [*_java_command(place, 128), "kafka.tools.StorageTool", "format", "-t", cluster]
        + ["-c", str(_configuration(place)), "--ignore-formatted"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        said = (ran.stderr or ran.stdout).strip().splitlines() or [f"it ended with {ran.returncode}"]
        raise UserError(f"{place.data} cannot be formatted for Kafka: {said[0]}", "Choose another --data.")


def command(place: Place) -> list[str]:
    """The command that runs the prepared broker until it is ended; it may be killed at any moment."""
    return [*_java_command(place, place.heap_mb), "kafka.Kafka", str(_configuration(place))]


def _configuration(place: Place) -> Path:
    return place.data / "server.properties"


def _java_command(place: Place, heap_mb: int) -> list[str]:
    return [
        java(),
        f"-Xmx{heap_mb}m",
        "-XX:+ExitOnOutOfMemoryError",
        "-XX:+UseSerialGC",
        "-Djava.awt.headless=true",
        f"-Dsonnim.kafka.logs={place.data / 'logs'}",
        f"-Dlog4j2.configurationFile={_HERE / 'log4j2.properties'}",
        "-cp",
        ":".join(str(place.jars / name) for name in expected()),
    ]
