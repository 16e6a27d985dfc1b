"""Membership as the flow tells it: health of segments, lookups instead of expressions, since when, and the curve."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from api.memberships import RECENT, SILENT, Counts, health_of
from sql.segments import Segment
from tests.api.conftest import DAY, HOUR, MINUTE, Shop, World
from tests.api.test_segments import FREQUENT, create
from tests.api.visitors import Order, Visit, Visitor, insert_rows, insert_visitors, person

SECOND = 1_000
NOW = 40_000 * DAY
"""2079-07-08T00:00:00Z: counts are kept for 30 days of ClickHouse's own clock."""

SEGMENT = Segment("seg_a", 3, "A", FREQUENT, NOW, False)
COUNTS = Counts(
    told=2, shards=2, members=4, people=8, evaluated=8, told_at=NOW + HOUR, judged_until=NOW + HOUR, problem=""
)


def count(
    world: World, shop: Shop, segment: dict[str, Any], at: int, *members: int, shards: int | None = None, **told: Any
) -> None:
    """What the first shards tell at a moment: so many members each, of 100 people."""
    rows, rollups = [], []
    for shard, of_shard in enumerate(members):
        row = {
            "site_id": shop.site_id,
            "segment_id": segment["id"],
            "segment_version": segment["version"],
            "at": at,
            "shard": shard,
            "members": of_shard,
            "people": 100,
            "evaluated": 100,
            "as_of": at,
            "problem": "",
        }
        rows.append({**row, **told})
        rollup = {"site_id": shop.site_id, "window": "24h", "at": at, "shard": shard}
        rollups.append({**rollup, "shards": shards or len(members)})
    insert_rows(world.store, "segment_counts", rows)
    insert_rows(world.store, "rollups", rollups)


@pytest.fixture(autouse=True)
def _far(world: World) -> None:
    world.clock.now = NOW


def later(world: World, milliseconds: int = HOUR) -> int:
    world.clock.now += milliseconds
    return world.clock.now


def get(world: World, shop: Shop, path: str, status: int = 200) -> Any:
    answer = world.client.get(f"/v1/{path}", headers=shop.reads)
    assert answer.status_code == status, answer.text
    return answer.json()


@pytest.mark.parametrize(
    ("told", "flow_at", "after", "status"),
    [
        ({}, NOW + HOUR, HOUR, "ready"),
        ({}, None, HOUR, "ready"),
        ({}, NOW + HOUR, 2 * SECOND - 1, "pending"),
        ({"evaluated": 7}, NOW + HOUR, HOUR, "evaluating"),
        ({"people": 0, "evaluated": 0}, NOW + HOUR, HOUR, "ready"),
        ({"told": 1}, NOW + 2 * SECOND, HOUR, "evaluating"),
        ({"told": 1}, NOW + 2 * SECOND + SILENT, HOUR, "stale"),
        ({"shards": 0}, None, HOUR, "evaluating"),
        ({"told_at": NOW + HOUR - SILENT}, NOW + HOUR, HOUR, "ready"),
        ({"told_at": NOW + HOUR - SILENT - 1}, NOW + HOUR, HOUR, "stale"),
        ({"judged_until": NOW + HOUR - SILENT - 1}, NOW + HOUR, HOUR, "stale"),
        ({"problem": "cannot be read"}, NOW + HOUR, HOUR, "failing"),
    ],
)
def test_health_says_how_far_a_version_is_judged(told: Any, flow_at: int | None, after: int, status: str) -> None:
    health = health_of(SEGMENT, {("seg_a", 3): replace(COUNTS, **told)}, flow_at, NOW + after)
    assert health.status == status


@pytest.mark.parametrize(
    ("flow_at", "status"),
    [(None, "pending"), (NOW + SECOND, "pending"), (NOW + 2 * SECOND + SILENT, "stale")],
)
def test_a_version_nobody_told_of_waits_for_the_flow_or_is_stale(flow_at: int | None, status: str) -> None:
    health = health_of(SEGMENT, {("seg_a", 2): COUNTS, ("seg_b", 3): COUNTS}, flow_at, NOW + HOUR)
    assert (health.status, health.members, health.progress, health.as_of) == (status, None, None, None)


def test_a_segment_tells_its_health_as_the_sum_of_its_shards(world: World, shop: Shop) -> None:
    segment = create(world, shop)
    assert segment["health"]["status"] == "pending"
    assert (segment["created_at"], segment["effective_at"]) == ("2079-07-08T00:00:00.000Z", "2079-07-08T00:00:02.000Z")
    now = later(world)
    count(world, shop, segment, now - 10 * SECOND, 9, 9)
    count(world, shop, segment, now - 5 * SECOND, 3, 4, evaluated=80, as_of=now - 7 * SECOND)
    health = {
        "status": "evaluating",
        "members": 7,
        "people": 200,
        "evaluated": 160,
        "progress": 0.8,
        "as_of": "2079-07-08T00:59:53.000Z",
        "problem": None,
    }
    assert get(world, shop, f"segments/{segment['id']}")["health"] == health
    create(world, shop, "Other")
    listed = {one["name"]: one["health"] for one in get(world, shop, "segments")["segments"]}
    assert (listed["Frequent"], listed["Other"]["status"]) == (health, "pending")
    (version,) = get(world, shop, f"segments/{segment['id']}/history")["segments"]
    assert version["health"] is None


def test_a_shard_that_has_told_another_version_has_not_told_this_one(world: World, shop: Shop) -> None:
    old = create(world, shop)
    body = {"name": "Frequent", "expression": FREQUENT}
    new = world.client.put(f"/v1/segments/{old['id']}", json=body, headers=shop.reads).json()
    now = later(world)
    count(world, shop, old, now - 5 * SECOND, 3, 4)
    count(world, shop, new, now, 5, shards=2)
    health = get(world, shop, f"segments/{old['id']}")["health"]
    assert (health["status"] in ("evaluating", "stale"), health["members"]) == (True, 5)


def test_what_was_told_more_than_a_minute_ago_is_not_looked_at(world: World, shop: Shop) -> None:
    segment = create(world, shop)
    now = later(world)
    count(world, shop, segment, now - RECENT - 1, 3, 4)
    health = get(world, shop, f"segments/{segment['id']}")["health"]
    assert health["status"] in ("pending", "stale")
    assert health["members"] is None


def people(segment: dict[str, Any]) -> list[Visitor]:
    """Those of 10 visits and more are in the segment, as the flow would have it."""
    found = []
    for n in range(12):
        at = NOW + HOUR - n * MINUTE
        bought = [Order(f"o{n}", at, 100 * n, [("item", n)])]
        inside = n >= 5
        columns = {
            "visits": 5 + n,
            "in_segments": [segment["id"]] if inside else [],
            "segment_id": [segment["id"]] if inside or n == 1 else [],
            "segment_version": [1] if inside or n == 1 else [],
            "segment_since": [NOW + n] if inside else [0] if n == 1 else [],
            "segment_entries": [n] if inside or n == 1 else [],
        }
        visits = [Visit(at, at, n, bought)]
        if n % 3:
            found.append(Visitor(f"v{n:02}", visits, [("item", n)], columns=columns))
        else:
            found.append(person(f"m{n:02}", visits, [(f"d{n:02}", 0, at)], [("item", n)], columns=columns))
    return found


def answers(world: World, shop: Shop, segment: dict[str, Any], ways: list[str]) -> dict[str, Any]:
    """Live, members and report of a saved segment, without freshness; `ways` collects how each was answered."""
    url = f"segments/{segment['id']}/members?limit=3"
    told = {
        "live": get(world, shop, f"live/visitors?segment={segment['id']}&limit=5"),
        "second": {},
        "members": get(world, shop, url),
        "more": {},
        "posted": world.client.post(
            "/v1/live/visitors", json={"window": "7d", "segment": {"id": segment["id"]}}, headers=shop.reads
        ).json(),
        "report": world.client.post(
            "/v1/reports/live", json={"segment": {"id": segment["id"]}}, headers=shop.reads
        ).json(),
    }
    told["second"] = get(
        world, shop, f"live/visitors?segment={segment['id']}&limit=5&cursor={told['live']['next_cursor']}"
    )
    told["more"] = get(world, shop, f"{url}&cursor={told['members']['next_cursor']}")
    for one in told.values():
        for name in ("as_of", "age_seconds", "stale", "next_cursor"):
            one.pop(name, None)
        ways.append((one.get("asked") or one["segment"]).pop("by"))
    return told


def test_who_is_in_a_segment_is_looked_up_once_everybody_is_judged_and_is_the_same_as_computed(
    world: World, shop: Shop
) -> None:
    segment = create(world, shop)
    insert_visitors(world.store, shop.site_id, people(segment))
    now = later(world)
    computed: list[str] = []
    looked_up: list[str] = []
    before = answers(world, shop, segment, computed)
    count(world, shop, segment, now - 5 * SECOND, 4, 3)
    after = answers(world, shop, segment, looked_up)
    assert (set(computed), set(looked_up)) == ({"expression"}, {"membership"})
    assert after == before
    assert after["live"]["population"] == {"visitors": 7, "share": 7 / 12, "online": 1}
    assert len(after["second"]["visitors"]) == 2
    assert after["report"]["segment"]["visitors"] == 7


def way(world: World, shop: Shop, segment: dict[str, Any]) -> tuple[str, int | None]:
    live = get(world, shop, f"live/visitors?segment={segment['id']}")
    population = live["population"]
    return live["segment"]["by"], population and population["visitors"]


def test_only_what_is_ready_is_looked_up(world: World, shop: Shop) -> None:
    segment = create(world, shop)
    known = {"visits": 1, "in_segments": [segment["id"]], "segment_id": [segment["id"]]}
    more = {"segment_version": [1], "segment_since": [NOW], "segment_entries": [1]}
    insert_visitors(world.store, shop.site_id, [Visitor("v", [Visit(NOW, NOW)], columns={**known, **more})])
    now = later(world)
    assert way(world, shop, segment) == ("expression", 0)
    count(world, shop, segment, now - 50 * SECOND, 1)
    assert way(world, shop, segment) == ("expression", 0)  # too old
    count(world, shop, segment, now - 20 * SECOND, 1, evaluated=99)
    assert way(world, shop, segment) == ("expression", 0)  # not all
    count(world, shop, segment, now - 15 * SECOND, 1, problem="cannot be read")
    assert way(world, shop, segment) == ("expression", 0)
    count(world, shop, segment, now - 10 * SECOND, 1)
    assert way(world, shop, segment) == ("membership", 1)
    body = {"name": "Frequent", "expression": FREQUENT}
    world.client.put(f"/v1/segments/{segment['id']}", json=body, headers=shop.reads)
    assert way(world, shop, segment) == ("expression", 0)  # another version
    everyone = get(world, shop, "live/visitors")
    assert everyone["segment"]["by"] == "expression"


def test_what_asks_about_the_present_moment_is_never_looked_up(world: World, shop: Shop) -> None:
    segment = create(world, shop, "Now", {"field": "viewing_url", "op": "contains", "value": "cart"})
    now = later(world)
    count(world, shop, segment, now, 1)
    assert get(world, shop, f"segments/{segment['id']}")["health"]["status"] == "ready"
    assert way(world, shop, segment) == ("expression", None)


def test_a_person_is_told_since_when_he_is_in_a_segment_and_how_often_he_entered(world: World, shop: Shop) -> None:
    segment = create(world, shop, "A")
    create(world, shop, "B", {"field": "visits", "op": "<", "value": 0})
    deleted = create(world, shop, "C")
    world.client.delete(f"/v1/segments/{deleted['id']}", headers=shop.reads)
    rows = people(segment)
    for row in rows:
        if row.columns["in_segments"]:
            row.columns["in_segments"].append(deleted["id"])
            for name, value in (("id", deleted["id"]), ("version", 1), ("since", NOW), ("entries", 1)):
                row.columns[f"segment_{name}"].append(value)
    insert_visitors(world.store, shop.site_id, rows)
    told = {
        person_id: [
            (one["name"], one["matches"], one["member"], one["since"], one["entries"])
            for one in get(world, shop, f"people/{person_id}/segments")["segments"]
        ]
        for person_id in ("visitor:v01", "visitor:v02", "visitor:v07", "member:m06")
    }
    nothing = ("B", False, False, None, 0)
    assert told == {
        "visitor:v01": [("A", False, False, None, 1), nothing],
        "visitor:v02": [("A", False, False, None, 0), nothing],
        "visitor:v07": [("A", True, True, "2079-07-08T00:00:00.007Z", 7), nothing],
        "member:m06": [("A", True, True, "2079-07-08T00:00:00.006Z", 6), nothing],
    }
    held = {"id": segment["id"], "name": "A", "since": "2079-07-08T00:00:00.006Z"}
    assert get(world, shop, "people/member:m06")["person"]["segments"] == [held]
    later(world)
    cards = get(world, shop, "live/visitors")["visitors"]
    assert {card["person_id"]: card["segments"] for card in cards}["member:m06"] == [held]
    assert sum(len(card["segments"]) for card in cards) == 7


def test_the_curve_has_the_moments_that_all_shards_told(world: World, shop: Shop) -> None:
    segment = create(world, shop)
    now = later(world)
    start = now - HOUR
    for second, members in ((10, (1, 2)), (15, (3, 4)), (20, (9,))):
        count(world, shop, segment, start + second * SECOND, *members, shards=2)
    count(world, shop, segment, start + 10 * SECOND, 1, 2)  # once more, after a crash
    count(world, shop, segment, now, 5, 5)
    count(world, shop, segment, start - 5 * SECOND, 7, 7)
    url = f"segments/{segment['id']}/curve?hours=1&points=60"
    points = get(world, shop, url)["points"]
    assert [(point["at"], point["members"], point["version"]) for point in points] == [
        ("2079-07-08T00:00:15.000Z", 7, 1),
        ("2079-07-08T01:00:00.000Z", 10, 1),
    ]
    finer = get(world, shop, url.replace("60", "2000"))["points"]
    assert [point["members"] for point in finer] == [3, 7, 10]
    get(world, shop, "segments/seg_no/curve", 404)


def test_a_version_says_whether_it_fires_for_those_who_match_already(world: World, shop: Shop) -> None:
    body = {"name": "F", "expression": FREQUENT, "fire_for_current": True}
    made = world.client.post("/v1/segments", json=body, headers=shop.reads).json()
    url = f"/v1/segments/{made['id']}"
    changed = world.client.put(url, json={"name": "F", "expression": FREQUENT}, headers=shop.reads).json()
    again = world.client.put(url, json=body, headers=shop.reads).json()
    assert [one["fire_for_current"] for one in (made, changed, again)] == [True, False, True]
    world.client.delete(url, headers=shop.reads)
    history = world.client.get(f"{url}/history", headers=shop.reads).json()["segments"]
    assert [one["fire_for_current"] for one in history] == [False, True, False, True]
