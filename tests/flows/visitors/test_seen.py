"""The memory of event ids: at least 8 days, and no clock that is set makes it forget."""

import numpy as np

from flows.visitors.limits import DAY, HOUR
from flows.visitors.seen import Seen

BEGIN = 20_000 * DAY


def is_new(seen: Seen, number: int, at: int) -> bool:
    return bool(seen.add(np.array([number], np.uint64), at)[0])


def pass_days(seen: Seen, begin: int, days: int) -> None:
    """Steady traffic."""
    for step in range(2 * days + 1):
        seen.add(np.array([10_000 + step], np.uint64), begin + step * 12 * HOUR)


def test_a_repeat_is_known_for_eight_days_and_forgotten_after_sixteen():
    for days, forgotten in ((7, False), (8, False), (17, True)):
        seen = Seen()
        assert is_new(seen, 1, BEGIN)
        pass_days(seen, BEGIN, days)
        assert is_new(seen, 1, BEGIN + days * DAY) == forgotten


def test_a_clock_that_leaps_forward_and_back_makes_nothing_forgotten():
    seen = Seen()
    is_new(seen, 1, BEGIN)
    pass_days(seen, BEGIN, 9)
    is_new(seen, 2, BEGIN + 9 * DAY)
    for number, leap in enumerate((30, 9, 400, 9, -5, 9)):
        assert is_new(seen, 100 + number, BEGIN + leap * DAY)
        assert not is_new(seen, 2, BEGIN + leap * DAY)


def test_after_a_leap_ids_go_on_to_age():
    seen = Seen()
    is_new(seen, 1, BEGIN)
    is_new(seen, 2, BEGIN + 400 * DAY)
    pass_days(seen, BEGIN, 17)
    assert is_new(seen, 1, BEGIN + 17 * DAY)
