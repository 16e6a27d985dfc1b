"""One Kafka broker in a directory of its own, for tests that start, kill and restart it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

START_S = 120


class Broker:
    """A broker on free ports of 127.0.0.1. Call `start` from a thread that outlives it: it ends with that thread."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self._listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
        self.port, self._controller_port = (listener.getsockname()[1] for listener in self._listeners)
        self.bootstrap = f"127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Starts it, new or on the data it left, and returns when it answers."""
        self.launch()
        self.wait()

    def launch(self) -> None:
        """Starts it and does not wait."""
        while self._listeners:
            self._listeners.pop().close()
        command = [sys.executable, "-m", "deploy.kafka", "--data", str(self.data), "--port", str(self.port)]
        self.data.mkdir(parents=True, exist_ok=True)
        with (self.data / "output.txt").open("ab") as output:
            self._process = subprocess.Popen(
                [*command, "--controller-port", str(self._controller_port), "--no-sync", "--end-with-parent"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def wait(self) -> None:
        """Returns when it answers."""
        admin = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0, "reconnect.backoff.max.ms": 200})
        until = time.monotonic() + START_S
        while True:
            if not self.running or time.monotonic() > until:
                self.kill()
                said = (self.data / "output.txt").read_text(errors="replace")[-2000:]
                raise RuntimeError(
                    f"the broker does not start; {self.data / 'logs' / 'broker.log'} may tell why\n{said}"
                )
            try:
                if admin.list_topics(timeout=1).brokers:
                    return
            except KafkaException:
                continue

    def kill(self) -> None:
        """kill -9, and returns when it is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def pause(self) -> None:
        """It stays connected and does nothing: a machine that hangs."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGCONT)

    def restart(self) -> None:
        """kill -9 and a start on the same data."""
        self.kill()
        self.start()
