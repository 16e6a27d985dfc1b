from __future__ import annotations

from deploy.backoff import Backoff


def test_pauses_double_up_to_the_longest() -> None:
    backoff = Backoff(first=1, longest=5)
    assert [backoff.pause() for _ in range(5)] == [1, 2, 4, 5, 5]


def test_after_a_success_they_begin_anew() -> None:
    backoff = Backoff(first=1, longest=5)
    assert [backoff.pause(), backoff.pause()] == [1, 2]
    backoff.succeeded()
    assert backoff.pause() == 1
