"""Runs the server on a path until it is told to stop."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import signal
import socket
import threading
from pathlib import Path

import uvicorn

from deploy.clickhouse.engine import Engine
from deploy.clickhouse.request import Credentials
from deploy.clickhouse.server import Server

QUERIES = 64
KEEP_ALIVE_S = 30
STATEMENTS_END_S = 1
CONNECTIONS_END_S = 5


def memory_limit() -> int:
    """Bytes the engine may use: half of the machine's memory, at most 8 GiB."""
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min(physical // 2, 8 << 30)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _outlive_signals() -> None:
    """uvicorn raises the signal that stopped it once more, for whoever was there before: here the engine must still be closed."""
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: None)


class _Stoppable(uvicorn.Server):
    """Gives running statements a little time to end, then kills them: their threads would keep the process."""

    def __init__(self, config: uvicorn.Config, engine: Engine) -> None:
        super().__init__(config)
        self._engine = engine

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        killing = asyncio.get_running_loop().create_task(self._kill())
        await super().shutdown(sockets)
        killing.cancel()

    async def _kill(self) -> None:
        await asyncio.sleep(STATEMENTS_END_S)
        await asyncio.to_thread(self._engine.kill_all)


def serve(
    path: Path,
    host: str = "127.0.0.1",
    port: int = 8123,
    *,
    login: Credentials | None = None,
    memory_bytes: int | None = None,
    limit: int = QUERIES,
) -> None:
    """Serves the database in `path` on `host:port` until SIGINT or SIGTERM.

    `limit` statements run at the same time. Raises PathInUseError if another process has the path, and OSError if the port is
    taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(
        family, socket.SOCK_STREAM, socket.IPPROTO_TCP
    ) as listener:  # named, or asyncio sets no TCP_NODELAY
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        engine = Engine(path, memory_bytes or memory_limit())
        try:
            application = Server(engine, login or Credentials(), limit, loopback=_is_loopback(host))
            config = uvicorn.Config(
                application,
                http="h11",
                lifespan="off",
                log_level="critical",
                access_log=False,
                server_header=False,
                timeout_keep_alive=KEEP_ALIVE_S,
                timeout_graceful_shutdown=CONNECTIONS_END_S,
            )
            _outlive_signals()
            _Stoppable(config, engine).run(sockets=[listener])
        finally:
            engine.close()
