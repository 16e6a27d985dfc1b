"""Commands of whoever uses it: send a file of events, look at Live and at a Live Report. They speak to the API."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich import live as rich_live
from rich.console import Console, RenderableType

from deploy.access import secret_key
from deploy.client import ApiClient
from deploy.clock import now_ms
from deploy.errors import UserError
from deploy.figures import Language
from deploy.live_table import live_table
from deploy.replay import Source
from deploy.replay_run import Plan, Run, summary
from deploy.report_table import report_tables
from deploy.sender import Sender
from deploy.settings import Settings, read_settings
from ingest.importers.formats import FORMATS

PIPED_WIDTH = 120
"""Columns of a report that goes to a pipe or a file: nothing is cut there."""

WATCH_SECONDS = 2.0

Key = Annotated[str, typer.Option(help="Secret key; or SONNIM_KEY.")]
Site = Annotated[
    str, typer.Option(help="Instead of a key, on the machine Sonnim runs on: a key is made for the while.")
]
Url = Annotated[str, typer.Option(help="The API; or SONNIM_URL.")]
Segment = Annotated[str, typer.Option(help="Id of a saved segment, or an expression as JSON; everyone if left out.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the API's answer as it is.")]
Watch = Annotated[bool, typer.Option("--watch", help="Show it anew every two seconds, until Ctrl-C.")]


class Window(StrEnum):
    """The two rolling windows."""

    day = "24h"
    week = "7d"


class Lang(StrEnum):
    """Languages of labels."""

    en = "en"
    ko = "ko"


Format = StrEnum("Format", {name: name for name in FORMATS})  # type: ignore[misc]


def replay(
    file: Annotated[Path, typer.Argument(help="The file; .gz is unpacked.", show_default=False)],
    format: Annotated[Format, typer.Option(help="What the file is: docs/import.md.", show_default=False)],
    site: Site = "",
    key: Key = "",
    url: Url = "",
    speed: Annotated[
        float | None, typer.Option(help="Keep the pace of the events, so many times as fast; else as fast as possible.")
    ] = None,
    shift_to_now: Annotated[
        bool, typer.Option("--shift-to-now", help="Move all times: the last event happens now.")
    ] = False,
    history: Annotated[bool, typer.Option(help="Take events of any age; without, up to 7 days old.")] = True,
) -> None:
    """Send a file of events to a site, and account for every one of them."""
    if not file.is_file():
        raise UserError(f"{file} is not a file.", "Check the path.")
    if speed is not None and not speed > 0:
        raise UserError("--speed must be above 0.", "1 keeps the pace, 60 makes an hour a minute.")
    settings = _settings(url)
    console = Console(stderr=True, highlight=False)
    with secret_key(settings, key, site) as given:
        api = ApiClient(settings.api_url, given)
        currency = str(api.get("/v1/live/visitors", {"limit": 1})["currency"])
        api.close()
        run = Run(Source(file, format.value, currency), Plan(speed, shift_to_now), console)
        sender = Sender(settings.api_url, given, history=history, on_wait=run.waiting)
        try:
            tally = run.send(sender.send, now_ms)
        finally:
            sender.close()
    Console(highlight=False).print(summary(tally))


def report(
    window: Annotated[Window, typer.Option(help="Visits of the last 24 hours or 7 days.")] = Window.day,
    segment: Segment = "",
    compare: Annotated[
        str, typer.Option(help="What differences are against: site, or others (everyone else).")
    ] = "site",
    lang: Annotated[Lang, typer.Option(help="Language of labels.")] = Lang.en,
    as_json: AsJson = False,
    watch: Watch = False,
    site: Site = "",
    key: Key = "",
    url: Url = "",
) -> None:
    """Print a Live Report: segment and site side by side."""
    body = {"window": window.value, "segment": _segment(segment), "compare": compare}
    language: Language = lang.value
    _show(
        _settings(url),
        key,
        site,
        lambda api: api.post("/v1/reports/live", body),
        lambda answer: report_tables(answer, language),
        as_json,
        watch,
    )


def live(
    window: Annotated[Window, typer.Option(help="Visitors seen in the last 24 hours or 7 days.")] = Window.day,
    segment: Segment = "",
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many, the latest first.")] = 15,
    lang: Annotated[Lang, typer.Option(help="Language of labels.")] = Lang.en,
    as_json: AsJson = False,
    watch: Watch = False,
    site: Site = "",
    key: Key = "",
    url: Url = "",
) -> None:
    """Print Live: who is on the site, and who was."""
    body = {"window": window.value, "segment": _segment(segment), "limit": limit}
    language: Language = lang.value
    _show(
        _settings(url),
        key,
        site,
        lambda api: api.post("/v1/live/visitors", body),
        lambda answer: live_table(answer, language),
        as_json,
        watch,
    )


def _show(
    settings: Settings,
    key: str,
    site: str,
    ask: Callable[[ApiClient], dict[str, Any]],
    drawn: Callable[[dict[str, Any]], RenderableType],
    as_json: bool,
    watch: bool,
) -> None:
    with secret_key(settings, key, site, or_demo=True) as given:
        api = ApiClient(settings.api_url, given)
        try:
            answer = ask(api)
            if as_json:
                print(orjson.dumps(answer, option=orjson.OPT_INDENT_2).decode())
            elif watch:
                with rich_live.Live(drawn(answer), screen=True, auto_refresh=False) as screen:
                    while True:
                        time.sleep(WATCH_SECONDS)
                        screen.update(drawn(ask(api)), refresh=True)
            else:
                Console(highlight=False, width=None if sys.stdout.isatty() else PIPED_WIDTH).print(drawn(answer))
        finally:
            api.close()


def _settings(url: str) -> Settings:
    settings = read_settings()
    return settings.model_copy(update={"url": url}) if url else settings


def _segment(text: str) -> Any:
    """What the API takes for a segment: an expression where the text is JSON, else a saved one's id."""
    if not text:
        return None
    if not text.lstrip().startswith("{"):
        return {"id": text}
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise UserError(f"--segment is not JSON: {error}.", "docs/segments.md shows expressions.") from None
