"""Pulls come on time whatever the wall clock does, and say until when everything received has been read."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.read_ahead import Read
from flows.source import LONG_AGO, LogSource, Pull, Rest, as_of
from ingest.log import FileLog
from tests.flows.running import AT, SECOND, events

HOUR = 3_600 * SECOND


class Clocks:
    """A wall clock that is set by hand, and one that only ever grows."""

    def __init__(self) -> None:
        self.wall, self.steady = AT, 0.0

    def pass_time(self, seconds: float) -> None:
        self.steady += seconds
        self.wall += round(seconds * 1_000)


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


def parts(log: FileLog, clocks: Clocks):
    source = LogSource(log, lambda number: 0, lambda: clocks.wall, steady=lambda: clocks.steady, sleep=clocks.pass_time)
    return [source.build_part("log", name, None) for name in source.list_parts()]


def pulled(partitions, clocks: Clocks, seconds: float) -> list[Pull]:
    until, found = clocks.steady + seconds, []
    while clocks.steady < until:
        for part in partitions:
            found += part.next_batch()
            assert part.next_awake() == LONG_AGO
    return found


@pytest.mark.parametrize("leap", [-3 * HOUR, 3 * HOUR, -400 * 24 * HOUR])
def test_ticks_and_records_come_on_after_the_clock_was_set(tmp_path: Path, clocks: Clocks, leap: int) -> None:
    log = FileLog(tmp_path, 2)
    both = parts(log, clocks)
    assert len(pulled(both, clocks, 10)) in range(150, 220)
    clocks.wall += leap
    log.append([(1, line) for line in events(range(5), clocks.wall)])
    after = pulled(both, clocks, 10)
    assert len(after) in range(150, 220)
    assert sum(len(s.decoded.events) for pull in after for s in pull.read.stretches) == 5
    assert all(pull.as_of <= pull.now for pull in after)
    assert after[-1].as_of >= clocks.wall - SECOND


def test_an_idle_worker_sleeps_and_one_with_something_to_read_does_not(clocks: Clocks) -> None:
    slept: list[float] = []
    rest = Rest(lambda: clocks.steady, slept.append)
    rest.ask_again(0, 0.05)
    rest.ask_again(1, 0)
    assert not rest.over(0)
    assert rest.over(1)
    assert slept == []
    rest.ask_again(1, 0.03)
    rest.over(0)
    assert slept == [pytest.approx(0.03)]


def read_of(tmp_path: Path, *received_at: int) -> Read:
    log = FileLog(tmp_path, 1)
    log.append([(0, events([n], at)[0]) for n, at in enumerate(received_at)])
    clocks = Clocks()
    (part,) = parts(log, clocks)
    return part.next_batch()[0].read


def test_what_was_read_counts_until_its_last_record_and_the_end_of_the_log_until_now(tmp_path: Path) -> None:
    read = read_of(tmp_path, AT - 500, AT - 200)
    assert as_of(read, AT, None) == AT - 200
    assert as_of(read, AT, AT - 100) == AT - 100  # it never falls behind what was said
    assert as_of(read, AT - 300, None) == AT - 300  # nor runs ahead of the clock
    assert as_of(read, AT, AT + HOUR) == AT - 200  # unless the clock was set back
    assert as_of(Read.nothing(0), AT, AT - 100) == AT


def test_while_the_log_is_away_ticks_go_on_and_say_nothing_new(tmp_path: Path, clocks: Clocks) -> None:
    log = FileLog(tmp_path, 1)
    (part,) = parts(log, clocks)
    before = pulled([part], clocks, 1)[-1]
    log.close()
    away = pulled([part], clocks, 5)
    part.close()
    assert len(away) > 15
    assert {pull.as_of for pull in away} == {before.as_of}


def test_a_log_that_is_away_from_the_start_gives_no_ticks(tmp_path: Path, clocks: Clocks) -> None:
    log = FileLog(tmp_path, 1)
    (part,) = parts(log, clocks)
    log.close()
    assert pulled([part], clocks, 5) == []
    part.close()
