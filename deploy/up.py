"""`sonnim up`: everything on this machine, in the right order, until it is told to stop."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from types import FrameType

import httpx
from rich.console import Console
from rich.markup import escape

from deploy.clock import now_ms
from deploy.demo_site import SITE_ID, USER_EMAIL, DemoKeys, fresh_keys, fresh_password
from deploy.errors import UserError
from deploy.lock import hold
from deploy.settings import Settings
from deploy.stop_signal import stop_signal
from deploy.supervisor import Service, Supervisor
from deploy.wiring import open_log, open_store, told, wait_until
from sql.migrate import migrate
from sql.store import Store, StoreError, StoreUnavailable

_COLOURS = {"clickhouse": "yellow", "api": "cyan", "flow": "green", "demo": "magenta", "sonnim": "bold"}


def up(settings: Settings, console: Console, *, demo: bool) -> None:
    """Start everything, say where it is, and keep it running until SIGINT or SIGTERM. Raises `UserError`."""
    say = _lines(console)
    with _alone(settings), stop_signal() as stopped:
        _check_ports(settings)
        supervisor = Supervisor(settings.run_dir, say)
        try:
            _start(settings, supervisor, console, stopped, demo)
            stopped.wait()
            say("sonnim", "stopping (Ctrl-C again to end at once)")
        finally:
            with _at_once(supervisor):
                supervisor.stop()
    say("sonnim", f"stopped; the data stays in {settings.data_dir}")


def _start(settings: Settings, supervisor: Supervisor, console: Console, stopped: threading.Event, demo: bool) -> None:
    open_log(settings).close()
    if settings.clickhouse_embedded:
        supervisor.start(Service("clickhouse", ("clickhouse", "--supervised")))
    server = Store(
        settings.clickhouse_url, "default", settings.clickhouse_user, settings.clickhouse_password, timeout_seconds=10
    )
    if not wait_until("ClickHouse", lambda: answers(server), stopped.wait):
        return
    store = open_store(settings)
    with told(settings):
        applied = migrate(store, now_ms())
        keys = fresh_keys(store, settings.data_dir, now_ms()) if demo else None
        password = fresh_password(store, now_ms()) if demo else ""
    if applied:
        _lines(console)("sonnim", f"{len(applied)} migrations applied, up to {applied[-1]}")
    supervisor.start(Service("api", ("api", "--supervised")))
    supervisor.start(Service("flow", ("flow", "--supervised")))
    if not wait_until("The API", lambda: healthy(settings.api_url), stopped.wait):
        return
    if keys:
        supervisor.start(Service("demo", ("demo", "--supervised"), {"key": keys.secret_key}))
    _tell(settings, console, keys, password)


def _tell(settings: Settings, console: Console, keys: DemoKeys | None, password: str) -> None:
    url = settings.api_url
    lines = [
        "",
        "[bold green]Sonnim is up.[/]",
        "",
        f"  pages       {url}/",
        f"  API         {url}        (reference: {url}/docs)",
        f"  ClickHouse  {settings.clickhouse_url}        (database {settings.clickhouse_database})",
        f"  data        {escape(str(settings.data_dir.resolve()))}",
        "",
    ]
    if keys:
        secret = f"-H 'Authorization: Bearer {keys.secret_key}'"
        lines += [
            f"[bold]Site {SITE_ID}[/], with invented traffic. Keys of this run (the run before's are revoked):",
            "",
            f"  secret key  [bold]{keys.secret_key}[/]   reads and administers",
            f"  write key   [bold]{keys.write_key}[/]   may only send events",
            "",
            f"Sign in at {url}/ as [bold]{USER_EMAIL}[/] with the password of this run: [bold]{password}[/]",
            "",
            "Try in another terminal:",
            "",
            f"  curl -s {secret} '{url}/v1/live/visitors?limit=3'",
            f"  curl -s {secret} {url}/v1/reports/live -H 'Content-Type: application/json' "
            """-d '{"window": "24h", "segment": {"field": "visits", "op": ">=", "value": 3}}' """,
            "  .venv/bin/sonnim report --watch",
            "  .venv/bin/sonnim live --watch",
        ]
    else:
        lines += [
            "A site and its keys: sonnim site add ID --name NAME, then sonnim key add ID --kind secret",
            "Somebody who signs in:  sonnim user add EMAIL --site ID --role admin",
        ]
    lines += ["", "Ctrl-C stops everything; the data stays.", ""]
    console.print("\n".join(lines), soft_wrap=True, highlight=False)


def _lines(console: Console) -> Callable[[str, str], None]:
    """Says lines with the name of who says them before."""
    lock = threading.Lock()

    def say(name: str, line: str) -> None:
        with lock:
            console.print(f"{name:>10} | ", style=_COLOURS.get(name, ""), end="", highlight=False)
            console.print(line, markup=False, highlight=False, soft_wrap=True)

    return say


def answers(store: Store) -> bool:
    """Whether ClickHouse answers. Raises `UserError` if it refuses."""
    try:
        store.ping()
    except StoreUnavailable:
        return False
    except StoreError as error:
        raise UserError(
            f"ClickHouse refuses: {str(error).splitlines()[0]}",
            "Check SONNIM_CLICKHOUSE_USER and SONNIM_CLICKHOUSE_PASSWORD.",
        ) from None
    return True


def healthy(url: str) -> bool:
    """Whether the API at `url` runs."""
    try:
        return httpx.get(f"{url}/healthz", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def _check_ports(settings: Settings) -> None:
    wanted = [("API", settings.api_host, settings.api_port, "SONNIM_API_PORT=8081")]
    if settings.clickhouse_embedded:
        host, port = settings.clickhouse_address
        wanted.append(("ClickHouse", host, port, "SONNIM_CLICKHOUSE_URL=http://127.0.0.1:8124"))
    for name, host, port, variable in wanted:
        try:
            family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
            with socket.socket(family, socket.SOCK_STREAM) as listener:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listener.bind((host, port))
        except OSError as error:
            raise UserError(
                f"{name} cannot listen on {host}:{port}: {error.strerror}.",
                f"Stop who listens there, or choose another one: {variable}",
            ) from None


def _alone(settings: Settings) -> AbstractContextManager[None]:
    """One `sonnim up` a data directory."""
    told = f"Sonnim is running already with the data in {settings.data_dir}."
    advice = "Stop it first, or choose another directory: SONNIM_DATA_DIR=other"
    return hold(settings, "up", alone=True, busy=UserError(told, advice))


@contextmanager
def _at_once(supervisor: Supervisor) -> Iterator[None]:
    """While it stops, another SIGINT or SIGTERM ends everything at once."""

    def kill(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, kill)
    try:
        yield
    except KeyboardInterrupt:
        supervisor.kill()


def pid_of(run_dir: Path, name: str) -> int | None:
    """Process id of a service that `sonnim up` runs; None if it does not run now."""
    with suppress(OSError, ValueError):
        return int((run_dir / f"{name}.pid").read_text())
    return None
