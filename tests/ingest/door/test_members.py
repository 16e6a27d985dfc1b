"""Members' data at the door: days and times of the shop's zone. What is refused and why: tests/api/test_members.py."""

from datetime import UTC, datetime
from typing import Any

import pytest

from ingest.door import SiteRules
from ingest.door.draft import Refused
from ingest.door.members import member_of_event, member_of_item

NOW = 1_767_225_600_000


def told(zone: str = "Asia/Seoul", **item: Any) -> dict[str, Any]:
    site = SiteRules("s", "KRW", zone, {"since": "date", "height": "number"})
    return member_of_item({"member_id": "m1", **item}, site, NOW).told


def utc(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").removesuffix("+00:00")


@pytest.mark.parametrize(
    ("zone", "day", "begins", "ends"),
    [
        ("Asia/Seoul", "2026-03-05", "2026-03-04T15:00:00.000", "2026-03-05T14:59:59.999"),
        ("UTC", "2024-02-29", "2024-02-29T00:00:00.000", "2024-02-29T23:59:59.999"),
        ("Europe/Berlin", "2026-03-29", "2026-03-28T23:00:00.000", "2026-03-29T21:59:59.999"),  # 23 hours
        ("Europe/Berlin", "2026-10-25", "2026-10-24T22:00:00.000", "2026-10-25T22:59:59.999"),  # 25 hours
        ("America/Havana", "2026-03-08", "2026-03-08T05:00:00.000", "2026-03-09T03:59:59.999"),  # has no midnight
    ],
)
def test_a_day_begins_and_ends_in_the_shops_zone(zone: str, day: str, begins: str, ends: str) -> None:
    found = told(zone, joined_at=day, traits={"since": day}, coupons=[{"id": "c", "expires_at": day}])
    assert utc(found["joined_at"]) == utc(found["trait/since"]["at"]) == begins
    assert utc(found["coupon/c"]["expires_at"]) == ends


@pytest.mark.parametrize("never", [None, "", "9999-12-31", "9999-12-31T23:59:59+09:00", 253_402_300_799_000])
def test_a_coupon_that_never_expires(never: Any) -> None:
    assert told(coupons=[{"id": "c", "expires_at": never}])["coupon/c"] == {"name": "", "issued_at": 0, "expires_at": 0}


def test_times_of_any_year_from_1900_are_taken_and_the_epoch_is_not_absent() -> None:
    assert utc(told(joined_at="1900-01-01T00:00:00Z")["joined_at"]) == "1900-01-01T00:00:00.000"
    assert told("UTC", joined_at="1970-01-01")["joined_at"] == 1
    with pytest.raises(Refused):
        told(joined_at=1_700_000_000)  # seconds


@pytest.mark.parametrize("empty", [None, ""])
@pytest.mark.parametrize("name", ["name", "grade", "points", "joined_at", "birthday", "kakao_friend"])
def test_nothing_takes_away(name: str, empty: str | None) -> None:
    assert told(**{name: empty}) == {name: None}


def test_null_takes_whole_groups_away() -> None:
    assert told(consents=None) == {f"consent/{channel}": None for channel in ("sms", "kakao", "push", "email", "night")}
    assert told(traits=None) == {"trait/since": None, "trait/height": None}
    assert told(coupons=None) == told(coupons=[]) == {"coupons": True}


def test_whole_floats_are_points_and_minus_zero_is_zero() -> None:
    found = told(points=12.0, traits={"height": -0.0})
    assert (found["points"], type(found["points"])) == (12, int)
    assert str(found["trait/height"]) == "0.0"


def test_a_wrong_trait_of_an_event_is_passed_over() -> None:
    site = SiteRules("s", "KRW", "UTC", {"height": "number"})
    record = {"name": "identify", "member_id": "m1", "occurred_at": NOW}
    traits = {"height": "tall", "points": "many", "created_at": "2020-01-01", "joined_at": "2021-01-01", "grade": ""}
    found = member_of_event(record, {"traits": traits}, site)
    assert found is not None
    assert found.told == {"joined_at": 1_609_459_200_000, "grade": None}
    assert member_of_event(record, {"traits": {"height": "tall"}}, site) is None
    assert member_of_event(record | {"bot": True}, {"traits": {"grade": "x"}}, site) is None
