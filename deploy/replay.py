"""A file of events -> the door, over HTTP: read, brought to the wanted time and pace, sent, accounted for."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from deploy.errors import UserError
from deploy.sender import BATCH_EVENTS, Answer, Event, batches
from ingest.door.clock import epoch_ms
from ingest.door.draft import Refused
from ingest.importers.files import NotThisFormat, Unreadable
from ingest.importers.formats import read

EXAMPLES = 3
_PACE_SECONDS = 0.1  # events due within it are sent together


@dataclass
class Rejected:
    """Events refused for one reason, and the first of them."""

    count: int = 0
    examples: list[str] = field(default_factory=list)


@dataclass
class Tally:
    """What became of a file: every event read is accepted or rejected, every line without one is unreadable."""

    read: int = 0
    accepted: Counter[str] = field(default_factory=Counter)
    rejected: dict[str, Rejected] = field(default_factory=dict)
    unreadable: int = 0
    unreadable_examples: list[str] = field(default_factory=list)

    def count(self, batch: list[Event], answer: Answer) -> None:
        """Take note of the answer to a batch."""
        self.read += len(batch)
        refused = {refusal.index for refusal in answer.refused}
        self.accepted.update(str(event.get("name", "")) for i, event in enumerate(batch) if i not in refused)
        for refusal in answer.refused:
            of_reason = self.rejected.setdefault(refusal.reason, Rejected())
            of_reason.count += 1
            if len(of_reason.examples) < EXAMPLES:
                event_id = batch[refusal.index].get("event_id", "without id")
                of_reason.examples.append(f"event {event_id}: {refusal.detail}")

    def skip(self, line: Unreadable) -> None:
        """Take note of a line that holds no event."""
        self.unreadable += 1
        if len(self.unreadable_examples) < EXAMPLES:
            self.unreadable_examples.append(f"line {line.line_number}: {line.reason}")


@dataclass(frozen=True)
class Source:
    """A file in a format; `currency` is the site's."""

    path: Path
    format: str
    currency: str

    def events(self, on_unreadable: Callable[[Unreadable], None], progress: Callable[[int], None]) -> Iterator[Event]:
        """Its events, a visitor's in order of time, at the times the file tells. Raises `UserError`.

        `sent_at` is left out: it says how old an event was when it was sent, and would move it to now.
        """
        try:
            for item in read(self.format, self.path, currency=self.currency, progress=progress):
                if isinstance(item, Unreadable):
                    on_unreadable(item)
                else:
                    item.pop("sent_at", None)
                    yield item
        except NotThisFormat as error:
            raise UserError(f"This is not a file of format {self.format}.", f"{error}.") from None
        except (OSError, EOFError) as error:
            raise UserError(f"{self.path} cannot be read: {error}.") from None


def time_of(event: Event) -> int | None:
    """When the event happened, epoch ms; None if it tells no time, or none that the door will take."""
    try:
        return epoch_ms("occurred_at", event["occurred_at"])
    except (KeyError, Refused):
        return None


def latest(events: Iterable[Event]) -> int | None:
    """Time of the last event, epoch ms; None if no event tells one."""
    return max((at for at in map(time_of, events) if at is not None), default=None)


def shifted(events: Iterable[Event], by_ms: int) -> Iterator[Event]:
    """The events, that much later; what tells no time stays as it is."""
    for event in events:
        at = time_of(event)
        yield event if at is None else {**event, "occurred_at": at + by_ms}


def in_order(events: Iterable[Event]) -> list[Event]:
    """All events by time, of all visitors; an event without a time stays behind the one before it."""
    keyed: list[tuple[int, Event]] = []
    last = 0
    for event in events:
        last = time_of(event) or last
        keyed.append((last, event))
    keyed.sort(key=lambda pair: pair[0])
    return [event for _, event in keyed]


def span_ms(ordered: list[Event]) -> int:
    """From the first event to the last."""
    times = [at for at in map(time_of, ordered) if at is not None]
    return max(times) - min(times) if times else 0


def paced(
    ordered: list[Event],
    speed: float,
    sleep: Callable[[float], object] = time.sleep,
    monotonic: Callable[[], float] = time.monotonic,
) -> Iterator[list[Event]]:
    """Batches of events in order, each when its time has come: as the gaps between them, `speed` times as fast."""
    first = next((at for at in map(time_of, ordered) if at is not None), 0)
    started = monotonic()
    batch: list[Event] = []
    for event in ordered:
        at = time_of(event)
        due = started if at is None else started + (at - first) / 1000 / speed
        if batch and (due > monotonic() or len(batch) == BATCH_EVENTS):
            yield from batches(batch)
            batch = []
        wait = due - monotonic()
        if wait > 0:
            sleep(max(wait, _PACE_SECONDS))
        batch.append(event)
    yield from batches(batch)


def send_all(parts: Iterable[list[Event]], send: Callable[[list[Event]], Answer], tally: Tally) -> Iterator[int]:
    """Send batch after batch; yields how many events have been answered."""
    for part in parts:
        tally.count(part, send(part))
        yield tally.read
