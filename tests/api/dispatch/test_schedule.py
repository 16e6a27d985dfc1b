"""When it is tried again, and how much a receiver is given."""

from __future__ import annotations

import pytest

from api.dispatch.schedule import (
    DELAYS_MS,
    FEWEST_AT_ONCE,
    HOUR,
    MINUTE,
    MOST_AT_ONCE,
    SECOND,
    Pace,
    next_attempt,
    retry_after,
)
from tests.api.conftest import NOW


def test_the_waits_are_those_of_the_contract_but_for_a_tenth() -> None:
    assert [wait // SECOND for wait in DELAYS_MS] == [0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]
    for attempts in range(1, 10):
        found = {next_attempt(attempts, f"msg_{n}", NOW) for n in range(200)}
        assert len(found) > 100
        assert all(one is not None and 0.9 <= (one - NOW) / DELAYS_MS[attempts] <= 1.1 for one in found)
        assert next_attempt(attempts, "msg_1", NOW) == next_attempt(attempts, "msg_1", NOW)
    assert next_attempt(10, "msg_1", NOW) is None


@pytest.mark.parametrize(
    ("told", "wait"),
    [
        ("120", 120 * SECOND), (" 0 ", 0), ("999999", HOUR), ("Thu, 01 Jan 2026 00:00:30 GMT", 30 * SECOND),
        ("Wed, 31 Dec 2025 00:00:30 GMT", 0), ("Thu, 01 Jan 2099 00:00:30 GMT", HOUR), ("soon", None), ("-1", None), ("1.5", None),
        ("٣", None), ("", None), ("9" * 50, None),
    ],
)  # fmt: skip
def test_a_retry_after_is_seconds_or_a_date_and_at_most_an_hour(told: str, wait: int | None) -> None:
    assert retry_after(told, NOW) == wait


def test_one_that_fails_is_given_less_and_one_that_answers_more() -> None:
    pace = Pace()
    for _ in range(5):
        pace.went_wrong()
    assert pace.limit == FEWEST_AT_ONCE
    for _ in range(5):
        pace.went_well()
    assert pace.limit == MOST_AT_ONCE


def test_one_that_asks_for_less_rests_longer_each_time_and_begins_with_one() -> None:
    pace, now = Pace(), NOW
    waits = []
    for _ in range(10):
        pace.slow_down(now, None)
        pace.slow_down(now, None)  # what was under way
        waits.append(pace.paused_until - now)
        now = pace.paused_until
    assert waits[1:3] == [2 * waits[0], 4 * waits[0]]
    assert waits[-1] == 5 * MINUTE
    assert pace.limit == 1
    pace.went_wrong()
    assert pace.limit == 1
    pace.went_well()
    assert pace.limit == 2
    pace.slow_down(now, 7_000)
    assert pace.paused_until == now + 7_000
