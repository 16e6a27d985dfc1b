"""`python -m deploy.kafka --data DIR --port N`: one Apache Kafka broker on 127.0.0.1, until it is stopped."""

from __future__ import annotations

import argparse
import ctypes
import os
import signal
import socket
import sys
from pathlib import Path

from deploy.errors import UserError
from deploy.kafka import broker, jars

_PR_SET_PDEATHSIG = 1


def main(arguments: list[str] | None = None) -> int:
    """Becomes the broker: this process's id is the broker's. Returns 1 when it cannot start."""
    parser = argparse.ArgumentParser(
        prog="python -m deploy.kafka", description="One Apache Kafka broker on 127.0.0.1, from Maven Central's jars."
    )
    parser.add_argument("--data", type=Path, default=Path(".sonnim/kafka"), help="its directory; made if need be")
    parser.add_argument("--port", type=int, default=9092)
    parser.add_argument("--controller-port", type=int, help="of its controller; the port after --port if not told")
    parser.add_argument("--heap", type=int, default=broker.HEAP_MB, metavar="MB", help="memory of Java's heap")
    parser.add_argument("--no-sync", action="store_true", help="faster; a loss of power may lose the last records")
    parser.add_argument("--jars", type=Path, default=jars.default_cache(), help="where the jars are kept")
    parser.add_argument("--fetch", action="store_true", help="only fetch the jars")
    parser.add_argument("--end-with-parent", action="store_true", help="end when the process that started it ends")
    given = parser.parse_args(arguments)
    controller_port = given.controller_port or given.port + 1
    place = broker.Place(given.data, given.port, controller_port, given.jars, given.heap, not given.no_sync)
    try:
        if not jars.present(place.jars):
            print(f"Fetching Apache Kafka's jars into {place.jars} (once) ...", flush=True)
            jars.fetch(place.jars)
        if given.fetch:
            return 0
        for port in (place.port, place.controller_port):
            _require_free(port)
        broker.prepare(place)
        command = broker.command(place)
    except UserError as error:
        print(error.what, error.advice, sep="\n", file=sys.stderr)
        return 1
    if given.end_with_parent and sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    print(f"Kafka listens on 127.0.0.1:{place.port}; its log is {place.data / 'logs' / 'broker.log'}", flush=True)
    return os.execv(command[0], command)


def _require_free(port: int) -> None:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError as error:
        raise UserError(f"Port {port} cannot be listened on: {error.strerror}.", "Choose another --port.") from None


if __name__ == "__main__":
    sys.exit(main())
