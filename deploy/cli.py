"""The command `sonnim`: every command in one place; what each does lives in its own module."""

from __future__ import annotations

import logging
import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from deploy import cli_events, cli_rebuild, cli_sites, cli_users
from deploy.clock import now_ms
from deploy.doctor import examine
from deploy.errors import UserError
from deploy.settings import read_settings
from deploy.supervisor import end_with_supervisor

app = typer.Typer(
    name="sonnim",
    help="Sonnim shows an online shop who is on its site right now. Settings are SONNIM_... variables (docs/operations.md).",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(cli_sites.site, name="site")
app.add_typer(cli_sites.key, name="key")
app.add_typer(cli_users.user, name="user")
app.command("migrate")(cli_sites.migrate)
app.command("rebuild")(cli_rebuild.rebuild)
app.command("replay")(cli_events.replay)
app.command("report")(cli_events.report)
app.command("live")(cli_events.live)

Supervised = Annotated[bool, typer.Option("--supervised", hidden=True)]


@app.command()
def up(
    demo: Annotated[
        bool, typer.Option("--demo", help="Add a demo shop with invented traffic, and print its keys.")
    ] = False,
) -> None:
    """Run everything on this machine: ClickHouse, API, flow. Restarts what dies; Ctrl-C stops all."""
    from deploy.up import up as run_up

    run_up(read_settings(), Console(), demo=demo)


@app.command()
def api(supervised: Supervised = False) -> None:
    """Run the HTTP API alone."""
    from deploy.services import run_api

    _follow(supervised)
    run_api(read_settings())


@app.command()
def flow(
    processes: Annotated[
        int | None, typer.Option(min=1, help="Processes to run; or SONNIM_FLOW_PROCESSES.", show_default=False)
    ] = None,
    accept_loss: Annotated[
        bool, typer.Option("--accept-loss", help="Go on where records were deleted from the log before they were read.")
    ] = False,
    process: Annotated[int, typer.Option(hidden=True)] = 0,
    addresses: Annotated[str, typer.Option(hidden=True)] = "",
    supervised: Supervised = False,
) -> None:
    """Run the dataflow alone: event log to ClickHouse."""
    from deploy.flow_cluster import run_cluster
    from deploy.flow_process import run_process

    _follow(supervised)
    settings = read_settings()
    wanted = processes or settings.flow_processes
    if addresses:
        run_process(settings, process, addresses.split(";"), accept_loss=accept_loss)
    elif wanted > 1:
        run_cluster(settings, wanted, accept_loss=accept_loss)
    else:
        run_process(settings, accept_loss=accept_loss)


@app.command()
def clickhouse(supervised: Supervised = False) -> None:
    """Run the embedded ClickHouse alone."""
    from deploy.services import run_clickhouse

    _follow(supervised)
    run_clickhouse(read_settings())


@app.command()
def demo(
    key: Annotated[str, typer.Option(help="Secret key of the site to send to; or SONNIM_KEY.")] = "",
    supervised: Supervised = False,
) -> None:
    """Send the demo shop's invented traffic: the past first, then on and on."""
    from deploy.demo_traffic import run_demo

    _follow(supervised)
    run_demo(read_settings(), key)


@app.command()
def doctor() -> None:
    """Look at every part; say what is wrong and what to do. Ends with 1 if something is wrong."""
    marks = {"ok": "[green]ok[/]", "warning": "[yellow]look[/]", "wrong": "[red]wrong[/]"}
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    wrong = False
    for finding in examine(read_settings(), now_ms):
        wrong = wrong or finding.state == "wrong"
        table.add_row(marks[finding.state], finding.part, finding.found)
        if finding.advice:
            table.add_row("", "", f"[bold]{finding.advice}[/]")
    Console().print(table)
    if wrong:
        raise typer.Exit(1)


def _follow(supervised: bool) -> None:
    if supervised:
        end_with_supervisor()


def main() -> None:
    """Entry of the command: mistakes are told in two lines, without a stack trace."""
    logging.basicConfig(handlers=[logging.NullHandler()])  # what libraries log is for services, which set up their own
    try:
        app()
    except UserError as error:
        console = Console(stderr=True, highlight=False, soft_wrap=True)
        console.print(error.what, style="bold red", markup=False)
        if error.advice:
            console.print(error.advice, markup=False)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
