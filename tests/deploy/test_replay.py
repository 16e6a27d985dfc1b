from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from deploy import replay
from deploy.errors import UserError
from deploy.replay import Source, Tally
from deploy.replay_run import Plan, Run, summary
from deploy.sender import Answer, Event, Refusal

NOW = 1_780_000_000_000
MINUTE = 60_000


def event(number: int, at: Any) -> Event:
    return {"event_id": f"e{number}", "name": "page_view", "occurred_at": at}


def accept(batch: list[Event]) -> Answer:
    return Answer(len(batch))


class Clock:
    """Time that passes only in sleep."""

    def __init__(self) -> None:
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def monotonic(self) -> float:
        return self.now


def written(path: Path, text: str) -> Path:
    file = path / "events.jsonl"
    file.write_text(text)
    return file


def replayed(file: Path, plan: Plan, format: str = "sonnim") -> tuple[list[Event], Tally]:
    sent: list[Event] = []

    def send(batch: list[Event]) -> Answer:
        sent.extend(batch)
        return accept(batch)

    tally = Run(Source(file, format, "KRW"), plan, Console(quiet=True)).send(send, lambda: NOW)
    return sent, tally


def test_every_event_is_accounted_for(tmp_path: Path) -> None:
    lines = ['{"event_id": "1", "name": "page_view"}', "not json", "[1]", '{"event_id": "2", "name": "search"}']
    sent, tally = replayed(written(tmp_path, "\n".join(lines)), Plan())
    assert [one["event_id"] for one in sent] == ["1", "2"]
    assert tally.read == 2
    assert tally.accepted == {"page_view": 1, "search": 1}
    assert tally.unreadable == 2
    assert tally.unreadable_examples[0].startswith("line 2: ")


def test_refusals_are_counted_by_reason_with_the_first_examples() -> None:
    tally = Tally()
    batch = [event(number, NOW) for number in range(6)]
    tally.count(batch, Answer(1, [Refusal(number, "bad_time", "why") for number in range(1, 6)]))
    assert tally.accepted == {"page_view": 1}
    assert tally.rejected["bad_time"].count == 5
    assert tally.rejected["bad_time"].examples == ["event e1: why", "event e2: why", "event e3: why"]
    console = Console(record=True, width=100, file=io.StringIO())
    console.print(summary(tally))
    assert "bad_time" in console.export_text()


def test_when_it_was_sent_is_left_out(tmp_path: Path) -> None:
    sent, _ = replayed(written(tmp_path, '{"event_id": "1", "name": "a", "occurred_at": 1, "sent_at": 2}'), Plan())
    assert sent == [{"event_id": "1", "name": "a", "occurred_at": 1}]


def test_the_last_event_is_moved_to_now(tmp_path: Path) -> None:
    lines = '{"event_id": "1", "occurred_at": "2024-01-01T00:00:00Z"}\n{"event_id": "2", "occurred_at": 1704070800000}'
    sent, _ = replayed(written(tmp_path, lines), Plan(shift_to_now=True))
    assert [one["occurred_at"] for one in sent] == [NOW - 60 * MINUTE, NOW]


def test_a_file_without_times_cannot_be_moved(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="No event of the file tells a time"):
        replayed(written(tmp_path, '{"event_id": "1"}'), Plan(shift_to_now=True))


def test_a_file_of_another_format_is_told_in_two_lines(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not a file of format rees46"):
        replayed(written(tmp_path, "a,b\n1,2\n"), Plan(), "rees46")


def test_with_a_pace_and_moved_each_event_is_sent_when_it_happens(tmp_path: Path) -> None:
    lines = "\n".join(f'{{"event_id": "{n}", "occurred_at": {1_704_070_800_000 + n * 100}}}' for n in (1, 0))
    sent, tally = replayed(written(tmp_path, lines), Plan(speed=1, shift_to_now=True))
    assert [(one["event_id"], one["occurred_at"]) for one in sent] == [("0", NOW), ("1", NOW + 100)]
    assert tally.read == 2


def test_the_pace_is_that_of_the_events_so_many_times_as_fast() -> None:
    clock = Clock()
    ordered = [event(number, NOW + number * MINUTE) for number in range(4)]
    arrived = [(clock.now, len(batch)) for batch in replay.paced(ordered, 60, clock.sleep, clock.monotonic)]
    assert arrived == [(0.0, 1), (1.0, 1), (2.0, 1), (3.0, 1)]


def test_what_is_due_at_once_is_sent_together() -> None:
    clock = Clock()
    ordered = [event(number, NOW + number) for number in range(50)]
    arrived = [len(batch) for batch in replay.paced(ordered, 1, clock.sleep, clock.monotonic)]
    assert arrived == [1, 49]


@given(st.lists(st.integers(0, 1_000_000), max_size=30), st.floats(0.5, 100))
def test_no_event_is_lost_or_sent_before_its_time(gaps: list[int], speed: float) -> None:
    clock = Clock()
    ordered = replay.in_order(event(number, NOW + gap) for number, gap in enumerate(gaps))
    sent = [(clock.now, one) for batch in replay.paced(ordered, speed, clock.sleep, clock.monotonic) for one in batch]
    assert [one for _, one in sent] == ordered
    first = min(gaps, default=0)
    assert all(at >= (one["occurred_at"] - NOW - first) / 1000 / speed - 1e-6 for at, one in sent)
