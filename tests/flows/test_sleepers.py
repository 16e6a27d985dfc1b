"""Who has not been seen for long, and is in no memory, enters and leaves segments all the same."""

from __future__ import annotations

import pytest

from flows.membership.definitions import SETTLING
from flows.membership.transitions import Transition
from flows.visitors.limits import DAY, HOUR, SECOND
from tests.flows.shop import DenseLog, Shop

T0 = 1_790_000_000_000
GONE = {"field": "last_seen", "op": "more_than_ago", "value": {"days": 21}}
QUIET = {"field": "last_seen", "op": "more_than_ago", "value": {"days": 15}}
VIEWED = {"field": "pageviews", "op": ">=", "value": 1}


@pytest.fixture
def shop(clickhouse_url: str, database: str) -> Shop:
    return Shop(clickhouse_url, database, DenseLog(1))


def pass_time(shop: Shop, until: int) -> list[Transition]:
    """Let the clock go on; returns what happened meanwhile."""
    found: list[Transition] = []
    partition = shop.partitions[0]
    step = max(11 * SECOND, (until - shop.now) // 20)
    while shop.now < until:
        shop.now = min(shop.now + step, until)
        for _ in range(2):
            partition.advance(shop.now, shop.now, shop.now)
            found += partition.take_transitions()
        shop.flush(0)
    return found


def seen_long_ago(shop: Shop, days: int) -> None:
    """A visitor and a member who came once, so many days ago; nobody has them in memory."""
    for number, member in enumerate(("", "m")):
        event = {
            "site_id": "alpha",
            "visitor_id": f"v{number}",
            "event_id": f"e{number}",
            "name": "page_view",
            "occurred_at": T0,
        }
        shop.send({**event, "received_at": T0, "pageview": True, **({"member_id": member} if member else {})})
    for _ in range(3):
        while shop.step(0, 1 << 20):
            pass
        shop.flush(0)
    shop.now = T0 + days * DAY
    shop.crash(0)


def test_they_enter_when_their_time_comes_though_the_segment_is_younger_than_their_last_visit(shop: Shop) -> None:
    seen_long_ago(shop, 20)
    shop.define("gone", GONE)
    shop.define("quiet", QUIET)
    found = pass_time(shop, shop.now + HOUR)
    assert {(one.segment_id, one.person_id, one.reason, one.fires) for one in found} == {
        ("quiet", "visitor:v0", "created", False),
        ("quiet", "member:m", "created", False),
    }
    assert len(shop.partitions[0].shard.slots) <= 1  # v1 is a member's device
    shop.now = T0 + 21 * DAY - HOUR
    shop.crash(0)
    found = pass_time(shop, T0 + 21 * DAY + HOUR)
    assert {(one.segment_id, one.person_id, one.reason, one.at) for one in found} == {
        ("gone", "visitor:v0", "time", T0 + 21 * DAY + 1),
        ("gone", "member:m", "time", T0 + 21 * DAY + 1),
    }


def test_they_are_told_of_where_it_is_asked_to_fire_for_everyone(shop: Shop) -> None:
    seen_long_ago(shop, 20)
    shop.define("viewed", VIEWED, fire_for_current=True)
    found = pass_time(shop, shop.now + SETTLING + HOUR)
    assert {(one.person_id, one.reason, one.fires) for one in found} == {
        ("visitor:v0", "current", True),
        ("member:m", "current", True),
    }
    again = pass_time(shop, shop.now + HOUR)
    assert again == []
