"""What is done every so often is done, whatever happens to the wall clock."""

from flows.cadence import Steady, due
from flows.visitors.limits import DAY, HOUR, MINUTE


def test_what_was_done_is_due_again_after_its_time():
    assert not due(1_999, 1_000, 1_000)
    assert due(2_000, 1_000, 1_000)


def test_after_the_clock_was_set_back_or_forward_everything_is_due():
    assert due(1_000, 1_000 + 3 * HOUR, 1_000)
    assert due(1_000 + 3 * HOUR, 1_000, 1_000)


def test_steady_time_begins_at_the_wall_clock_and_goes_on_with_it():
    steady = Steady()
    assert [steady.at(5 * HOUR + step) for step in (0, 250, 1_000)] == [5 * HOUR, 5 * HOUR + 250, 5 * HOUR + 1_000]
    assert not steady.doubts


def test_steady_time_takes_no_leap_and_doubts_the_clock_for_an_hour():
    steady = Steady()
    steady.at(10 * DAY)
    for leapt in (30 * DAY, 10 * DAY, 9 * DAY):
        assert steady.at(leapt) == 10 * DAY
        assert steady.doubts
    for minute in range(1, 60):
        assert steady.at(9 * DAY + minute * MINUTE) == 10 * DAY + minute * MINUTE
        assert steady.doubts
    steady.at(9 * DAY + HOUR)
    assert not steady.doubts
