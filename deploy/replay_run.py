"""A replay on the terminal: the plan carried out with a progress bar, and the summary at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rich.console import Console, Group, RenderableType
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from deploy import replay
from deploy.errors import UserError
from deploy.replay import Source, Tally
from deploy.sender import Answer, Event, batches
from ingest.importers.formats import size

Send = Callable[[list[Event]], Answer]


@dataclass(frozen=True)
class Plan:
    """`speed` None: as fast as possible. `shift_to_now`: the last event happens when it is sent."""

    speed: float | None = None
    shift_to_now: bool = False


class Run:
    """One replay of a file."""

    def __init__(self, source: Source, plan: Plan, console: Console) -> None:
        self._source, self._plan, self._console = source, plan, console

    def waiting(self, why: str, seconds: float) -> None:
        """Told by the sender of every pause."""
        self._console.print(f"{why} Trying again in {seconds:.1f} s.", style="yellow", markup=False)

    def send(self, send: Send, clock: Callable[[], int]) -> Tally:
        """Read, bring to time and pace, send; returns what became of it all. Raises `UserError`."""
        tally = Tally()
        with self._bar() as bar:
            task = bar.add_task("reading", total=size(self._source.path), told="")
            parts = self._parts(tally, clock, lambda done: bar.update(task, completed=done))
            if self._plan.speed is not None:
                ordered = next(parts)
                bar.reset(task, total=len(ordered), description="sending", told="")
            else:
                bar.update(task, description="sending")
            for answered in replay.send_all(parts, send, tally):
                rate = answered / max(bar.tasks[task].elapsed or 0.0, 0.001)
                bar.update(task, told=f"{answered:,} events, {rate:,.0f}/s")
                if self._plan.speed is not None:
                    bar.update(task, completed=answered)
        return tally

    def _parts(self, tally: Tally, clock: Callable[[], int], progress: Callable[[int], None]) -> Iterator[list[Event]]:
        """Batches to send; with a pace, first all events in order (not to send), so that their number is known."""
        if self._plan.speed is not None:
            ordered = replay.in_order(self._source.events(tally.skip, progress))
            if self._plan.shift_to_now:
                last = replay.latest(ordered)
                if last is not None:
                    arrives = clock() + int(replay.span_ms(ordered) / self._plan.speed)
                    ordered = list(replay.shifted(ordered, arrives - last))
            yield ordered
            yield from replay.paced(ordered, self._plan.speed)
            return
        by_ms = 0
        if self._plan.shift_to_now:
            last = replay.latest(self._source.events(lambda line: None, progress))
            if last is None:
                raise UserError("No event of the file tells a time.", "Leave out --shift-to-now.")
            by_ms = clock() - last
            progress(0)
        events = self._source.events(tally.skip, progress)
        yield from batches(replay.shifted(events, by_ms) if by_ms else events)

    def _bar(self) -> Progress:
        return Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[told]}"),
            TimeRemainingColumn(),
            console=self._console,
        )


def summary(tally: Tally) -> RenderableType:
    """What became of every event and line."""
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), show_header=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_row("read", f"{tally.read:,}")
    table.add_row("accepted", f"{tally.accepted.total():,}")
    for name, number in tally.accepted.most_common():
        table.add_row(Text(f"  {name or '(no name)'}"), f"{number:,}")
    table.add_row("rejected", f"{sum(one.count for one in tally.rejected.values()):,}")
    for reason, one in sorted(tally.rejected.items(), key=lambda pair: -pair[1].count):
        table.add_row(Text(f"  {reason}", "red"), f"{one.count:,}")
    table.add_row("unreadable lines", f"{tally.unreadable:,}")
    told = [example for one in tally.rejected.values() for example in one.examples] + tally.unreadable_examples
    return Group(table, *(Text(line, "red") for line in told))
