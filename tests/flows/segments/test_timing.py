"""Time changes the truth of a segment only at moments that were told before; each row at its own moment."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.segments.columns import (
    Ago,
    Always,
    Compare,
    DayStart,
    DaysToBirthday,
    Difference,
    Fixed,
    Instant,
    Last,
    Now,
    Only,
    Whole,
)
from flows.segments.fields import BY_NAME
from flows.segments.mask import Judged, mask
from flows.segments.operators import operators_of
from flows.segments.parse import parse
from flows.segments.rows import Rows
from flows.segments.timing import NEVER, _comparisons, comparisons_of
from tests.flows.segments.random_trees import expressions, leaf_on
from tests.flows.segments.regenerate import condition
from tests.flows.segments.visitor_rows import ALL_FIELDS, DAY, NOW, TRAITS, ZONES, random_rows, table

MINUTE = 60_000
TABLE = random_rows(seed=23, count=60)
ROWS = Rows(TABLE)


def leaf(field: str, op: str, value: Any = None) -> dict[str, Any]:
    return {"field": field, "op": op, "value": value}


def next_of(document: dict[str, Any], row: dict[str, Any], now: int = NOW, zone: str = "UTC") -> int:
    return int(Judged(Rows(table(row)), now, zone=zone).next_change((parse(document),))[0])


TIMED = tuple(
    field for field in ALL_FIELDS if comparisons_of(parse(condition(field, operators_of(field.type)[0]), TRAITS))
)
EXPIRING = leaf_on(next(field for field in BY_NAME["coupons"].subfields if field.name == "expires_in")).map(
    lambda where: {"field": "coupons", "op": "some", "where": where}
)
BY_DAYS = st.one_of(EXPIRING, leaf_on(BY_NAME["birthday"]))


@settings(max_examples=120, deadline=None)
@given(
    st.one_of(st.lists(expressions(TIMED), min_size=1, max_size=4), BY_DAYS.map(lambda one: [one])),
    st.sampled_from(ZONES),
    st.integers(0, 2**32),
)
def test_truth_does_not_change_before_the_moment_told(documents: list[Any], zone: str, seed: int) -> None:
    chance = random.Random(seed)
    trees = tuple(parse(document, TRAITS) for document in documents)
    now = NOW + chance.choice([0, chance.randrange(-70 * DAY, 3 * DAY)])
    moments = np.full(ROWS.size, now, dtype=np.int64)
    for _ in range(5):
        before = Judged(ROWS, moments, zone=zone)
        until = before.next_change(trees)
        assert (until > moments).all()
        far = np.minimum(until, moments + 400 * DAY) - 1
        between = [moments + int(part * 1000) * (far - moments) // 1000 for part in (chance.random(), chance.random())]
        for later in (np.minimum(moments + 1, far), *between, far):
            after = Judged(ROWS, later, zone=zone)
            for tree, document in zip(trees, documents, strict=True):
                changed = np.flatnonzero(before.holds(tree) != after.holds(tree))
                assert not changed.size, f"{document} changed unannounced in row {changed[0]}"
        moments = np.where(until < NEVER, until, moments)


@settings(max_examples=40, deadline=None)
@given(expressions(), st.sampled_from(ZONES), st.integers(0, 2**32))
def test_each_row_is_judged_at_its_own_moment(document: Any, zone: str, seed: int) -> None:
    moments = np.random.default_rng(seed).integers(NOW - 60 * DAY, NOW + 10 * DAY, ROWS.size)
    tree = parse(document, TRAITS)
    together = mask(tree, ROWS, moments, zone=zone)
    alone = [mask(tree, TABLE.slice(n, 1), int(now), zone=zone)[0] for n, now in enumerate(moments.tolist())]
    assert together.tolist() == alone


@pytest.mark.parametrize(
    ("document", "row", "expected"),
    [
        (leaf("visits", ">=", 3), {"visits": 3}, NEVER),
        (leaf("online", "is", True), {"last_seen": NOW}, NOW + 5 * MINUTE + 1),
        (leaf("last_seen", "within_last", {"days": 3}), {"last_seen": NOW - DAY}, NOW + 2 * DAY + 1),
        (leaf("last_seen", "more_than_ago", {"minutes": 30}), {"last_seen": NOW}, NOW + 30 * MINUTE + 1),
        (leaf("last_seen", "more_than_ago", {"minutes": 30}), {"last_seen": NOW - DAY}, NEVER),
        (leaf("last_seen", "in_next", {"days": 1}), {"last_seen": NOW + 3 * DAY}, NOW + 2 * DAY),
        (leaf("last_seen", "in_next", {"days": 1}), {"last_seen": NOW + DAY}, NOW + DAY),
        (leaf("last_seen", "before", "2027-01-01T00:00:00Z"), {"last_seen": NOW}, NEVER),
        (leaf("last_order_at", "within_last", {"days": 3}), {}, NEVER),
        (leaf("visits_24h", ">=", 1), {"visit_end": [NOW - DAY - 1, NOW - 7, NOW - 5]}, NOW + DAY - 7 + 1),
        (leaf("visits_24h", ">=", 1), {}, NEVER),
    ],
)
def test_the_moment_told_is_exact(document: dict[str, Any], row: dict[str, Any], expected: int) -> None:
    assert next_of(document, row) == expected


def test_a_coupon_is_looked_at_again_when_its_days_run_down_and_when_it_expires() -> None:
    seoul = 9 * 60 * MINUTE
    midnight = (NOW + seoul) // DAY * DAY - seoul  # today's, in Seoul
    row = {f"coupon_{name}": [0] for name in ("issued_at", "used_at")} | {"coupon_id": ["C"], "coupon_name": ["x"]}
    row["coupon_expires_at"] = [midnight + 5 * DAY + 60 * MINUTE]
    within = {"field": "coupons", "op": "some", "where": leaf("expires_in", "<=", 3)}
    assert next_of(within, row, zone="Asia/Seoul") == midnight + 2 * DAY
    assert next_of(within, row, midnight + 2 * DAY, "Asia/Seoul") == midnight + 5 * DAY + 60 * MINUTE
    assert next_of(within, row, midnight + 6 * DAY, "Asia/Seoul") == NEVER


def test_a_birthday_is_looked_at_again_when_its_days_run_down_and_the_day_after() -> None:
    midnight = NOW // DAY * DAY  # September 21, UTC
    row, week = {"member_birthday_day": 275}, leaf("birthday", "<=", 7)  # October 1
    assert next_of(week, row) == midnight + 3 * DAY
    assert next_of(week, row, midnight + 3 * DAY) == midnight + 11 * DAY
    assert next_of(leaf("birthday", "=", 0), row) == midnight + 10 * DAY
    assert next_of(week, {}) == NEVER


def test_of_many_trees_the_earliest_moment_is_told_for_each_row() -> None:
    rows = Rows(table({"last_seen": NOW}, {"last_seen": NOW - 10 * MINUTE}, {"last_seen": NOW - 9 * DAY}))
    trees = tuple(
        parse(document)
        for document in (
            leaf("online", "is", True),
            leaf("last_seen", "within_last", {"days": 1}),
            leaf("visits", "=", 1),
        )
    )
    assert Judged(rows, NOW).next_change(trees).tolist() == [NOW + 5 * MINUTE + 1, NOW + DAY - 10 * MINUTE + 1, NEVER]
    assert Judged(rows, NOW).next_change(()).tolist() == [NEVER] * 3


def test_what_was_judged_is_not_written_into() -> None:
    held = Judged(ROWS, NOW).holds(parse(leaf("visits", ">=", 1)))
    with pytest.raises(ValueError, match="read-only"):
        held[0] = True


def test_one_moment_a_row_is_needed() -> None:
    with pytest.raises(ValueError, match="one moment a row"):
        Judged(ROWS, np.array([1, 2]))


@pytest.mark.parametrize(
    "wrong",
    [
        Compare(Difference(Now(), Instant("last_seen")), ">", Fixed(5)),
        Compare(Ago(Fixed(1)), "<", Now()),
        Compare(Instant("last_seen"), "=", DayStart(1)),
        Compare(DaysToBirthday("member_birthday_day"), "<", Whole("visits")),
        Compare(Last(Only(Whole("visit_orders"), Compare(Always("visit_end"), ">", Now()))), ">", Fixed(0)),
        Compare(Difference(DaysToBirthday("member_birthday_day"), Fixed(1)), "<", Fixed(3)),
    ],
)
def test_a_use_of_time_whose_moment_is_unknown_is_refused(wrong: Compare) -> None:
    with pytest.raises(TypeError):
        list(_comparisons(wrong, "row"))
