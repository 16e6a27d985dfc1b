"""Pauses between attempts, with a clock that is told."""

from __future__ import annotations

import pytest

from api.accounts.pauses import FORGOTTEN_MS, LONGEST_MS, Pauses, network_of

NOW = 1_767_225_600_000


def test_the_first_failures_cost_nothing_and_further_ones_twice_as_much_each() -> None:
    pauses, now, waits = Pauses(3), NOW, []
    for _ in range(16):
        pauses.failed("kim", now)
        waits.append(pauses.wait_ms("kim", now) // 1000)
        now += waits[-1] * 1000
    assert waits == [0, 0, 0, 2, 4, 8, 16, 32, 64, 128, 256, 512, *[LONGEST_MS // 1000] * 4]


def test_a_pause_runs_out_and_concerns_nobody_else() -> None:
    pauses = Pauses(0)
    pauses.failed("kim", NOW)
    assert [pauses.wait_ms("kim", NOW + later) for later in (0, 1_999, 2_000)] == [2_000, 1, 0]
    assert pauses.wait_ms("lee", NOW) == 0


def test_an_hour_after_the_last_failure_all_is_forgotten() -> None:
    pauses = Pauses(0)
    for _ in range(9):
        pauses.failed("kim", NOW)
    pauses.failed("kim", NOW + FORGOTTEN_MS)
    assert pauses.wait_ms("kim", NOW + FORGOTTEN_MS) == 2_000


def test_one_success_takes_back_its_own_attempt_or_everything() -> None:
    pauses = Pauses(2)
    for _ in range(2):
        pauses.failed("address", NOW)
    pauses.forgive("address", one=True)
    pauses.failed("address", NOW)
    assert pauses.wait_ms("address", NOW) == 0
    pauses.failed("address", NOW)
    assert pauses.wait_ms("address", NOW) == 2_000
    pauses.forgive("address")
    assert pauses.wait_ms("address", NOW) == 0
    pauses.forgive("nobody")


def test_memory_is_bounded() -> None:
    pauses = Pauses(0)
    for number in range(50_001):
        pauses.failed(str(number), NOW)
    assert pauses.wait_ms("0", NOW) == 0
    assert pauses.wait_ms("50000", NOW) > 0


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("", ""),
        ("testclient", "testclient"),
    ],
)
def test_addresses_of_one_customer_are_one(address: str, network: str) -> None:
    assert network_of(address) == network
