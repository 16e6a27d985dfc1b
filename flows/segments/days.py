"""Calendar days of a time zone: which day a moment is in, when a day starts, how many days until a birthday.

A day is a number: 0 is 1970-01-01. It starts at the first moment its clock could show 00:00 and ends where the next one starts, so
that days follow each other without a gap whatever the clocks do: a day may have 23 hours, 23 1/2 or 25, or none at all.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

DAY = 86_400_000
BIRTHDAYS = 368  # by number of the day in a leap year, 1 to 366; 0 is nobody's, 367 stands for all that are none

_EPOCH = date(1970, 1, 1)
_CHUNK = 1_024
_FIRST, _LAST = -700_000, 2_900_000  # years 53 and 9910: beyond lies no time of a row
_LEAP_YEAR = 2_000
_LEAP_DAY = 60


class Days:
    """The days of one IANA zone. Raises `zoneinfo.ZoneInfoNotFoundError` (a KeyError) for a name that is none."""

    def __init__(self, zone: str) -> None:
        self._zone = ZoneInfo(zone)
        self._starts: dict[int, Ints] = {}

    def start_of(self, day: Ints) -> Ints:
        """First millisecond of each day (epoch ms). Days beyond the years 53 to 9910 are taken for these ends."""
        day = np.clip(np.asarray(day, dtype=np.int64), _FIRST, _LAST)
        chunk = day // _CHUNK
        started = np.empty(day.shape, dtype=np.int64)
        for number in np.unique(chunk).tolist():
            inside = chunk == number
            started[inside] = self._chunk(number)[day[inside] - number * _CHUNK]
        return started

    def day_of(self, at: Ints) -> Ints:
        """The day that each moment (epoch ms) lies in."""
        at = np.asarray(at, dtype=np.int64)
        day = np.clip(at // DAY + 1, _FIRST, _LAST)  # no zone is more than a day ahead of UTC
        for _ in range(2):
            day = day - (self.start_of(day) > at)
        return np.asarray(day, dtype=np.int64)

    def birthday_in(self, number: Ints, today: Ints) -> Ints:
        """Days from a day (one for all, or one each) until a birthday with this number (1 to 366) is next kept; 0 on the day."""
        today, number = np.asarray(today), np.clip(number, 0, BIRTHDAYS - 1)
        if not today.ndim:
            return until_birthdays(int(today))[number]
        found = np.zeros(number.shape, dtype=np.int64)
        for day in np.unique(today).tolist():
            found = np.where(today == day, until_birthdays(day)[number], found)
        return found

    def _chunk(self, number: int) -> Ints:
        if number not in self._starts:
            first = _EPOCH + timedelta(days=number * _CHUNK)
            days = [first + timedelta(days=count) for count in range(_CHUNK)]
            starts = [self._midnight(day) for day in days]
            self._starts[number] = np.maximum.accumulate(np.array(starts, dtype=np.int64))
        return self._starts[number]

    def _midnight(self, day: date) -> int:
        return int(datetime(day.year, day.month, day.day, tzinfo=self._zone).timestamp()) * 1_000


@lru_cache(maxsize=1_024)
def days_of(zone: str) -> Days:
    """The days of a zone, made once a process."""
    return Days(zone)


@lru_cache(maxsize=64)
def until_birthdays(today: int) -> Ints:
    """By number of a birthday (shape (368,), 0 at both ends), the days from today until it is next kept."""
    now = _EPOCH + timedelta(days=today)
    until = np.zeros(BIRTHDAYS, dtype=np.int64)
    for number in range(1, BIRTHDAYS - 1):
        told = date(_LEAP_YEAR, 1, 1) + timedelta(days=number - 1)
        kept = _kept(now.year, told, number)
        until[number] = ((kept if kept >= now else _kept(now.year + 1, told, number)) - now).days
    return until


def _kept(year: int, told: date, number: int) -> date:
    """The day a birthday is kept on in a year."""
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return told.replace(year=year, day=28 if number == _LEAP_DAY and not leap else told.day)
