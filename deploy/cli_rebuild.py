"""Command of whoever repairs: compute visitors, visits and orders anew."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console

from deploy.settings import read_settings


class From(StrEnum):
    """What to compute from."""

    log = "log"
    events = "events"


def rebuild(
    source: Annotated[From, typer.Option("--from", help="The event log from its beginning, or the raw events kept.")],
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing: compare with the live rows; ends with 1 if they differ.")
    ] = False,
) -> None:
    """Compute visitors, visits and orders anew beside the live tables, then swap them in. The flow must be stopped."""
    from deploy.rebuild_run import run_rebuild

    if not run_rebuild(read_settings(), Console(highlight=False, soft_wrap=True), source=source.value, check=check):
        raise typer.Exit(1)
