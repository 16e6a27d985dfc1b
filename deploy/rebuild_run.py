"""`sonnim rebuild` at work: the lock, the progress bars, and what a check found in words."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, ProgressColumn, Task, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.table import Table
from rich.text import Text

from deploy.errors import UserError
from deploy.flow_lock import flow_lock
from deploy.settings import Settings
from deploy.wiring import open_log, open_store, require_migrated, told
from flows.lookup import Commit, commits_of
from flows.rebuild import (
    RebuildRefused,
    discard,
    from_events,
    from_log,
    require_still,
    swap,
    waiting_people,
)
from flows.rebuild_check import Comparison, compare
from flows.rebuild_replay import Pace
from ingest.log.log import EventLog
from sql.store import Store

LOOK_AGAIN_SECONDS = 3.0
"""A running flow commits every second."""


def run_rebuild(settings: Settings, console: Console, *, source: str, check: bool) -> bool:
    """Rebuild from `source` (log or events), then swap or compare; False if a check found differences. Raises `UserError`."""
    if settings.clickhouse_cluster and not check:
        raise UserError(
            "On a ClickHouse cluster a rebuild cannot swap its tables in.",
            "Use --check; docs/scaling.md tells how to have new tables.",
        )
    store = open_store(settings)
    require_migrated(settings, store)
    with flow_lock(settings, alone=True), _refusals(settings):
        log = open_log(settings)
        targets = _targets(store)
        with _bars(console) as bars:
            (from_log if source == "log" else from_events)(log, store, targets, bars, Pace())
        if check:
            return _check(store, log, targets, console)
        swap(store, targets)
        console.print("The rebuilt tables are in their place. Start the flow again.")
        return True


def _targets(store: Store) -> dict[int, Commit]:
    targets = commits_of(store)
    if not targets:
        raise UserError("There is nothing to rebuild yet: nothing has been committed.", "Run `sonnim up` first.")
    time.sleep(LOOK_AGAIN_SECONDS)
    require_still(store, targets)
    return targets


def _check(store: Store, log: EventLog, targets: dict[int, Commit], console: Console) -> bool:
    found = compare(store, targets, waiting_people(log, targets))
    require_still(store, targets)
    discard(store)
    console.print(_told(found))
    for table in found.tables:
        for example in table.examples:
            console.print(f"  {table.table} {example}", markup=False)
    if found.ahead:
        console.print(
            f"{found.ahead:,} visitors and people were not compared: the flow was stopped in the middle of its work and will apply "
            "their last records again when it starts."
        )
    behind = sum(log.end(number) - target.to_offset for number, target in targets.items())
    if not found.equal and behind:
        console.print(
            "The log goes on after the last commit. Records of orders may be on their way there: start the flow, let it "
            "catch up, stop it and check again before you trust a difference in orders."
        )
    return found.equal


def _told(found: Comparison) -> Table | str:
    if found.equal:
        return f"Equal: {found.visitors - found.ahead:,} visitors with their visits and orders."
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="bold")
    for name in ("table", "difference", "rows"):
        table.add_column(name, justify="right" if name == "rows" else "left")
    for one in found.tables:
        figures = {"only live": one.live_only, "only rebuilt": one.rebuilt_only, **dict(one.columns.most_common())}
        for name, count in figures.items():
            if count:
                table.add_row(one.table, name, f"{count:,}")
    return table


class _Rate(ProgressColumn):
    """Records a second."""

    def render(self, task: Task) -> Text:
        records, seconds = task.fields["records"], task.elapsed or 0.0
        return Text(f"{records:,} records, {records / seconds if seconds else 0:,.0f}/s")


class _Shown:
    """`flows.rebuild.Progress` as bars, one a step."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars

    def begin(self, step: str, total: int) -> None:
        """A step of `total` units begins."""
        self._task = self._bars.add_task(step, total=total, records=0)

    def advance(self, units: int, records: int) -> None:
        """So many more units are done, with so many records."""
        before = self._bars.tasks[self._task].fields["records"]
        self._bars.update(self._task, advance=units, records=before + records)


@contextmanager
def _bars(console: Console) -> Iterator[_Shown]:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), _Rate(), TimeRemainingColumn())
    with Bars(*columns, console=console) as bars:
        yield _Shown(bars)


@contextmanager
def _refusals(settings: Settings) -> Iterator[None]:
    """Turns what a rebuild or the store refuses into `UserError`."""
    try:
        with told(settings):
            yield
    except RebuildRefused as refused:
        raise UserError(refused.what, refused.advice) from None
