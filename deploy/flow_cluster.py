"""`sonnim flow --processes N`: a Bytewax cluster on this machine. Its processes live and die together."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack

import structlog

from deploy.backoff import Backoff
from deploy.errors import UserError
from deploy.flow_lock import wait_for_last_flow
from deploy.logs import configure_logs
from deploy.settings import Settings
from deploy.stop_signal import stop_signal
from deploy.supervisor import STEADY_SECONDS, in_words
from deploy.wiring import open_log

WATCH_SECONDS = 0.1
log = structlog.get_logger()


def run_cluster(settings: Settings, processes: int, *, accept_loss: bool = False) -> None:
    """Run so many processes until SIGINT or SIGTERM: when one ends, the others are ended and all are started again.

    `accept_loss`, as for one process, holds for the first start only. Raises `UserError`.
    """
    configure_logs(settings, "flow")
    event_log = open_log(settings)
    partitions = event_log.partitions
    event_log.close()
    if processes > partitions:
        raise UserError(
            f"{processes} processes are too many: the log has {partitions} partitions, and a process needs one at least.",
            f"Choose at most --processes {partitions}.",
        )
    backoff = Backoff()
    with stop_signal() as stopped:
        while not stopped.is_set():
            wait_for_last_flow(settings, stopped.wait)
            started = time.monotonic()
            ended = _run(processes, stopped, ["--accept-loss"] if accept_loss else [])
            accept_loss = False
            if ended is None:
                return
            number, code = ended
            if time.monotonic() - started >= STEADY_SECONDS:
                backoff.succeeded()
            pause = backoff.pause()
            log.error("a process ended: all are started again", process=number, how=in_words(code), seconds=pause)
            stopped.wait(pause)


def _run(processes: int, stopped: threading.Event, options: list[str]) -> tuple[int, int] | None:
    """Start all and wait: (number, exit code) of the first that ended, None if `stopped`. None of them runs afterwards."""
    addresses = ";".join(f"127.0.0.1:{port}" for port in _free_ports(processes))
    running: list[subprocess.Popen[bytes]] = []
    try:
        for number in range(processes):
            command = ["flow", "--supervised", "--process", str(number), "--addresses", addresses, *options]
            running.append(
                subprocess.Popen(
                    [sys.executable, "-m", "deploy", *command], stdin=subprocess.PIPE, start_new_session=True
                )
            )
        log.info("started", processes=processes, pids=[process.pid for process in running])
        while not stopped.wait(WATCH_SECONDS):
            for number, process in enumerate(running):
                code = process.poll()
                if code is not None:
                    return number, code
        return None
    finally:
        _end(running)


def _end(running: Sequence[subprocess.Popen[bytes]]) -> None:
    """They may be killed at any moment, so they are not asked for long."""
    for process in running:
        process.send_signal(signal.SIGTERM)
    for process in running:
        try:
            process.wait(2)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdin is not None:
            process.stdin.close()


def _free_ports(count: int) -> list[int]:
    with ExitStack() as asked:
        sockets = [asked.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
