"""Entries into segments and exits from them, as the API tells them."""

from __future__ import annotations

from typing import Any

from tests.api.conftest import NOW, Shop, World
from tests.api.test_memberships import get
from tests.api.test_segments import create
from tests.api.visitors import Visit, Visitor, insert_rows, insert_visitors, person


def insert(world: World, shop: Shop, segment: dict[str, Any], number: int, **told: Any) -> None:
    """A transition at `number` milliseconds after NOW."""
    row = {
        "site_id": shop.site_id,
        "segment_id": segment["id"],
        "transition_id": f"tr_{number:04}",
        "segment_version": 1,
        "type": "entered",
        "person_id": "visitor:v",
        "member_id": "",
        "visitor_id": "v",
        "entry": 1,
        "at": NOW + number,
        "since": NOW + number,
        "reason": "event",
        "fires": True,
        "shard": 0,
    }
    insert_rows(world.store, "transitions", [{**row, **told}])


def ids(answer: dict[str, Any]) -> list[int]:
    return [int(one["id"][3:]) for one in answer["transitions"]]


def test_transitions_are_told_newest_first_and_each_once(world: World, shop: Shop) -> None:
    segment, other = create(world, shop), create(world, shop, "Other")
    insert(world, shop, segment, 1)
    left = {"type": "exited", "since": NOW + 1, "reason": "time", "entry": 1}
    for _ in range(2):  # once more, after a crash
        insert(world, shop, segment, 2, **left)
    insert(world, shop, other, 3)
    found = get(world, shop, f"segments/{segment['id']}/transitions")
    assert ids(found) == [2, 1]
    assert found["transitions"][0] == {
        "id": "tr_0002",
        "type": "exited",
        "segment_id": segment["id"],
        "segment_version": 1,
        "person_id": "visitor:v",
        "member_id": None,
        "visitor_id": "v",
        "entry": 1,
        "at": "2026-01-01T00:00:00.002Z",
        "since": "2026-01-01T00:00:00.001Z",
        "reason": "time",
        "fires": True,
    }
    assert found["next_cursor"] is None
    world.client.delete(f"/v1/segments/{segment['id']}", headers=shop.reads)
    assert ids(get(world, shop, f"segments/{segment['id']}/transitions")) == [2, 1]
    get(world, shop, "segments/seg_no/transitions", 404)


def test_transitions_are_chosen_by_what_they_are_and_when(world: World, shop: Shop) -> None:
    segment = create(world, shop)
    insert(world, shop, segment, 1, reason="created", fires=False)
    insert(world, shop, segment, 2, type="exited")
    insert(world, shop, segment, 3, reason="merge", person_id="member:m", member_id="m", visitor_id="")
    insert(world, shop, segment, 1004)
    url = f"segments/{segment['id']}/transitions"
    for query, found in (
        ("type=exited", [2]),
        ("type=entered", [1004, 3, 1]),
        ("reason=created", [1]),
        ("fires=true", [1004, 3, 2]),
        ("fires=false", [1]),
        ("person_id=member:m", [3]),
        ("since=2026-01-01T00:00:00.002Z", [1004, 3, 2]),
        ("since=2026-01-01T09:00:01%2B09:00", [1004]),
        ("until=2026-01-01T00:00:00.002Z", [1]),
        ("until=0001-01-01T00:00:00Z", []),
        ("until=9999-12-31T00:00:00Z&type=entered&reason=event", [1004]),
    ):
        assert ids(get(world, shop, f"{url}?{query}")) == found, query
    for wrong in ("since=yesterday", "until=2026-01-01T00:00:00", "type=left", "reason=none"):
        assert get(world, shop, f"{url}?{wrong}", 422)["errors"]


def test_pages_of_transitions_leave_nothing_out(world: World, shop: Shop) -> None:
    segment = create(world, shop)
    for number in range(7):
        insert(world, shop, segment, number, at=NOW + number // 3)
    url = f"segments/{segment['id']}/transitions?limit=2"
    found, cursor, pages = [], "", 0
    while cursor is not None:
        page = get(world, shop, url + (f"&cursor={cursor}" if cursor else ""))
        found += ids(page)
        cursor, pages = page["next_cursor"], pages + 1
    assert (found, pages) == ([6, 5, 4, 3, 2, 1, 0], 4)
    cursor = get(world, shop, url)["next_cursor"]
    other = create(world, shop, "Other")
    for path in (f"segments/{other['id']}/transitions?limit=2", f"{url}&type=entered"):
        assert "belongs to another" in get(world, shop, f"{path}&cursor={cursor}", 400)["detail"]
    for wrong in ("x", "W10", "bnVsbA"):
        assert get(world, shop, f"{url}&cursor={wrong}", 400)["type"].endswith("bad_cursor")


def test_a_person_has_the_transitions_of_all_segments(world: World, shop: Shop) -> None:
    one, other = create(world, shop, "A"), create(world, shop, "B")
    known = {
        "in_segments": [one["id"]],
        "segment_id": [one["id"], other["id"]],
        "segment_version": [1, 1],
        "segment_since": [NOW, 0],
        "segment_entries": [1, 1],
    }
    rows = [
        Visitor("v", [Visit(NOW, NOW)], columns=known),
        person("m", [Visit(NOW, NOW)], [("d", 0, NOW)], columns=known),
        Visitor("new", [Visit(NOW, NOW)], columns={name: [] for name in known}),
    ]
    insert_visitors(world.store, shop.site_id, rows)
    insert(world, shop, one, 1)
    insert(world, shop, other, 2)
    insert(world, shop, other, 3, type="exited", since=NOW + 2)
    insert(world, shop, one, 4, person_id="member:m", member_id="m", visitor_id="")
    assert ids(get(world, shop, "people/visitor:v/transitions")) == [3, 2, 1]
    assert ids(get(world, shop, "people/v/transitions?type=entered")) == [2, 1]
    assert ids(get(world, shop, "people/member:m/transitions")) == [4]
    assert ids(get(world, shop, "people/visitor:new/transitions")) == []
    first = get(world, shop, "people/v/transitions?limit=2")
    assert ids(get(world, shop, f"people/v/transitions?limit=2&cursor={first['next_cursor']}")) == [1]
    get(world, shop, "people/nobody/transitions", 404)
    get(world, shop, "people/v%2Ftransitions", 404)
