"""Calendar days: where they start when clocks are changed, and how long it is until a birthday."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.segments.days import Days, days_of, until_birthdays
from tests.flows.segments.visitor_rows import DAY, ZONES

HOUR = 3_600_000
EPOCH = date(1970, 1, 1)


def number(day: date) -> int:
    return (day - EPOCH).days


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def length(zone: str, day: date) -> int:
    starts = days_of(zone).start_of(np.array([number(day), number(day) + 1]))
    return int(starts[1] - starts[0])


@given(st.integers(-(10**12), 4 * 10**12), st.sampled_from(ZONES))
def test_a_moment_is_in_the_day_its_clock_shows(moment: int, zone: str) -> None:
    days = days_of(zone)
    shown = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=moment)).astimezone(ZoneInfo(zone)).date()
    day = days.day_of(np.array([moment]))
    assert day.tolist() == [number(shown)]
    assert days.start_of(day)[0] <= moment < days.start_of(day + 1)[0]


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Asia/Seoul", date(2026, 3, 29), 24),
        ("America/New_York", date(2026, 3, 8), 23),
        ("America/New_York", date(2026, 11, 1), 25),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
        ("America/Sao_Paulo", date(2018, 11, 4), 23),  # without the hour from midnight
        ("Pacific/Apia", date(2011, 12, 30), 0),  # left out altogether
    ],
)
def test_a_day_is_as_long_as_its_clocks_make_it(zone: str, day: date, hours: float) -> None:
    assert length(zone, day) == hours * HOUR


def test_a_day_without_midnight_starts_with_its_first_moment() -> None:
    start = days_of("America/Sao_Paulo").start_of(np.array([number(date(2018, 11, 4))]))
    assert start.tolist() == [at("2018-11-04T01:00:00-02:00")]


def test_kathmandu_starts_its_days_at_a_quarter_past() -> None:
    start = days_of("Asia/Kathmandu").start_of(np.array([number(date(2026, 9, 22))]))
    assert start.tolist() == [at("2026-09-21T18:15:00+00:00")]


def test_days_beyond_all_calendars_are_days_at_their_ends() -> None:
    days = days_of("UTC")
    starts = days.start_of(np.array([-(10**9), 10**9, 0]))
    assert starts[0] < 0 < starts[1]
    assert days.day_of(np.array([-(10**17), 10**17])).shape == (2,)
    assert int(days.start_of(days.day_of(np.asarray(DAY + 5)))) == DAY


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(ZoneInfoNotFoundError):
        Days("Asia/Atlantis")


@pytest.mark.parametrize(
    ("today", "birthday", "until"),
    [
        (date(2026, 5, 17), date(2000, 5, 17), 0),
        (date(2026, 5, 16), date(2000, 5, 17), 1),
        (date(2026, 5, 18), date(2000, 5, 17), 364),
        (date(2027, 5, 18), date(2000, 5, 17), 365),
        (date(2026, 12, 31), date(2000, 1, 1), 1),
        (date(2026, 2, 28), date(2000, 2, 29), 0),
        (date(2026, 3, 1), date(2000, 2, 29), 364),
        (date(2027, 3, 1), date(2000, 2, 29), 365),  # the next one is in a leap year
        (date(2028, 2, 28), date(2000, 2, 29), 1),
        (date(2028, 2, 29), date(2000, 2, 29), 0),
        (date(2100, 2, 28), date(2000, 2, 29), 0),  # no leap year
        (date(2028, 2, 28), date(2000, 3, 1), 2),
        (date(2026, 2, 28), date(2000, 3, 1), 1),
    ],
)
def test_the_days_until_a_birthday(today: date, birthday: date, until: int) -> None:
    numbered = (birthday - date(2000, 1, 1)).days + 1
    assert until_birthdays(number(today))[numbered] == until


def test_everyone_may_have_his_own_today() -> None:
    days = days_of("UTC")
    today = np.array([number(date(2026, 1, 1)), number(date(2026, 1, 2)), number(date(2026, 1, 1))])
    assert days.birthday_in(np.array([1, 1, 3]), today).tolist() == [0, 364, 2]
