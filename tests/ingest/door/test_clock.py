"""Times as sent -> times as counted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.door.clock import correct_clock, epoch_ms
from ingest.door.draft import Arrival, Draft, Refused, SiteRules
from ingest.vocabulary import AHEAD_MS_MAX, EARLIEST_MS, LATE_MS_MAX

NOW = 1_763_800_000_000
DAY = 86_400_000


def corrected(history: bool = False, **told: object) -> int:
    draft = Draft({})
    draft.told = dict(told)
    correct_clock(draft, Arrival(SiteRules("shop", "KRW"), NOW, False, history, "", ""))
    time: int = draft.record["occurred_at"]
    return time


def test_a_clock_that_is_wrong_is_corrected_by_when_it_says_it_sent() -> None:
    hours_ahead = 5 * 3_600_000
    assert corrected(occurred_at=NOW + hours_ahead - 60_000, sent_at=NOW + hours_ahead) == NOW - 60_000
    years_behind = 8 * 365 * DAY
    assert corrected(occurred_at=NOW - years_behind - 60_000, sent_at=NOW - years_behind) == NOW - 60_000


def test_an_event_without_a_time_happened_when_it_was_received() -> None:
    assert corrected() == corrected(sent_at=NOW - 5_000) == NOW


def test_an_event_never_lies_after_it_was_received() -> None:
    assert corrected(occurred_at=NOW + AHEAD_MS_MAX) == NOW
    assert corrected(occurred_at=NOW - 1, sent_at=NOW - 60_000) == NOW
    with pytest.raises(Refused):
        corrected(occurred_at=NOW + AHEAD_MS_MAX + 1)


def test_an_event_may_be_exactly_seven_days_late() -> None:
    assert corrected(occurred_at=NOW - LATE_MS_MAX) == NOW - LATE_MS_MAX
    with pytest.raises(Refused):
        corrected(occurred_at=NOW - LATE_MS_MAX - 1)


def test_history_may_be_of_any_age_since_the_year_2000() -> None:
    assert corrected(history=True, occurred_at=EARLIEST_MS) == EARLIEST_MS
    with pytest.raises(Refused):
        corrected(history=True, occurred_at=EARLIEST_MS - 1)
    with pytest.raises(Refused, match="after correction"):
        corrected(history=True, occurred_at=EARLIEST_MS, sent_at=NOW + 1)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (NOW, NOW),
        (NOW + 0.75, NOW),
        ("2025-11-22T08:26:40Z", NOW),
        ("2025-11-22T17:26:40.123456+09:00", NOW + 123),
        ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
    ],
)
def test_times_are_milliseconds_or_iso_8601(told: object, expected: int) -> None:
    assert epoch_ms("occurred_at", told) == expected


def test_seconds_are_told_from_milliseconds() -> None:
    with pytest.raises(Refused, match="looks like seconds"):
        epoch_ms("occurred_at", NOW // 1_000)
    with pytest.raises(Refused, match="before the year 2000"):
        epoch_ms("occurred_at", 0)


@given(st.integers(NOW - 30 * DAY, NOW + 30 * DAY), st.integers(0, LATE_MS_MAX))
def test_whatever_the_clock_shows_only_the_time_between_happening_and_sending_counts(clock: int, passed: int) -> None:
    assert corrected(occurred_at=clock - passed, sent_at=clock) == NOW - passed
