"""Law 7: a site's keys see, count and change nothing of another site."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import api
import sql.segments
from sql.store import QUERIES
from tests.api.conftest import NOW, Shop, World
from tests.api.visitors import Order, Visit, Visitor, insert_rows, insert_visitors, person


def fill(world: World, shop: Shop, number: int) -> str:
    """The same ids in every site, other figures; of people, members and devices too."""
    bought = [Order("same-order", NOW, 1000 * number, [("same-item", number)])]
    visits = [Visit(NOW - 1000 * number, NOW, number, bought, [("same-item", number, 0)])]
    visitor = Visitor("same-visitor", visits, [("same-item", number)], columns={"visits": number})
    device = Visitor("same-device", visits, columns={"member_id": "same-member", "visits": number})
    devices = [("same-device", 0, NOW), (f"only-of-{number}", 0, NOW)]
    told = {"visits": number, "profile": json.dumps({"name": [NOW, f"name {number}"]})}
    held = {"segment_id": ["seg_same"], "segment_version": [1], "segment_since": [0], "segment_entries": [number]}
    member = person("same-member", visits, devices, columns={**told, **held})
    world.client.put("/v1/traits/size", json={"type": "string", "label_en": f"{number}"}, headers=shop.reads)
    insert_visitors(world.store, shop.site_id, [visitor, device])
    insert_visitors(world.store, shop.site_id, [member])
    product = {"site_id": shop.site_id, "item_id": "same-item", "item_name": f"name {number}", "seen_at": NOW}
    insert_rows(world.store, "products", [product])
    owned = {"transaction_id": "same-order", "visitor_id": "same-visitor", "value": number, "version": number}
    insert_rows(world.store, "orders", [{"site_id": shop.site_id, **owned}])
    rollup = {"window": "24h", "at": NOW, "shard": 0, "shards": 1, "visitors": number}
    insert_rows(world.store, "rollups", [{"site_id": shop.site_id, **rollup}])
    folded = {"visitor_id": "same-visitor", "start": number, "end": number, "pageviews": number}
    insert_rows(world.store, "visits", [{"site_id": shop.site_id, **folded}])
    body = {"name": f"segment {number}", "expression": {"field": "visits", "op": ">=", "value": 1}}
    segment: dict[str, Any] = world.client.post("/v1/segments", json=body, headers=shop.reads).json()
    event = {"visitor_id": "same-device", "event_id": f"e{number}", "occurred_at": NOW, "log_offset": number}
    insert_rows(world.store, "events", [{"site_id": shop.site_id, **event}])
    for segment_id in (segment["id"], "seg_same"):
        entered = {"segment_id": segment_id, "transition_id": "tr_same", "type": "entered", "reason": "event"}
        who = {"person_id": "member:same-member", "member_id": "same-member", "entry": number, "at": NOW}
        insert_rows(world.store, "transitions", [{"site_id": shop.site_id, **entered, **who}])
    return str(segment["id"])


def everything(world: World, shop: Shop) -> dict[str, Any]:
    """All that a site's secret key can read."""
    get = {
        path: world.client.get(path, headers=shop.reads).json()
        for path in (
            "/v1/live/visitors",
            "/v1/live/visitors?window=7d&sort=person_id",
            "/v1/visitors/same-visitor",
            "/v1/visitors/same-visitor/segments",
            "/v1/visitors/same-device",
            "/v1/devices/same-device",
            "/v1/people/member:same-member",
            "/v1/people/same-member/segments",
            "/v1/people/same-member/transitions",
            "/v1/people/same-member/events",
            "/v1/members/same-member",
            "/v1/traits",
            "/v1/people/visitor:same-visitor",
            "/v1/live/visitors?q=only-of-3",
            "/v1/live/visitors?q=same-member",
            "/v1/reports/curve",
            "/v1/segments",
        )
    }
    for segment in get["/v1/segments"]["segments"]:
        for part in ("", "/members", "/history", "/transitions", "/curve"):
            path = f"/v1/segments/{segment['id']}{part}"
            get[path] = world.client.get(path, headers=shop.reads).json()
    get["report"] = world.client.post("/v1/reports/live", json={}, headers=shop.reads).json()
    return get


def test_two_sites_with_the_same_ids_never_mix(world: World) -> None:
    one, other = world.shop(), world.shop("JPY")
    fill(world, one, 3)
    before = everything(world, one)
    other_segment = fill(world, other, 5)
    assert everything(world, one) == before
    assert before["report"]["site"]["pageviews"] == 6
    assert before["report"]["top"]["purchased"] == [
        {"item_id": "same-item", "item_name": "name 3", "units": 6, "orders": 2}
    ]
    assert len(before["/v1/live/visitors?q=only-of-3"]["visitors"]) == 1
    of_other = everything(world, other)
    assert (before["/v1/members/same-member"]["data"]["name"], len(before["/v1/traits"]["traits"])) == ("name 3", 1)
    assert of_other["/v1/members/same-member"]["data"]["name"] == "name 5"
    for found, number in ((before, 3), (of_other, 5)):
        assert [one["entry"] for one in found["/v1/people/same-member/transitions"]["transitions"]] == [number]
        told = found["/v1/people/same-member/events"]["events"]
        assert [one["event_id"] for one in told] == [f"e{number}"]
    assert of_other["report"]["site"]["revenue"] == 10_000
    assert of_other["/v1/live/visitors?q=only-of-3"]["visitors"] == []
    assert "only-of-3" not in str(list(of_other.values()))
    for method, path, body in (
        ("GET", f"/v1/segments/{other_segment}", None),
        ("GET", f"/v1/segments/{other_segment}/history", None),
        ("GET", f"/v1/segments/{other_segment}/members", None),
        ("GET", f"/v1/segments/{other_segment}/transitions", None),
        ("GET", f"/v1/segments/{other_segment}/curve", None),
        ("GET", f"/v1/live/visitors?segment={other_segment}", None),
        ("GET", f"/v1/live/stream?segment={other_segment}", None),
        ("PUT", f"/v1/segments/{other_segment}", {"name": "stolen", "expression": {"all": []}}),
        ("DELETE", f"/v1/segments/{other_segment}", None),
        ("POST", "/v1/reports/live", {"segment": {"id": other_segment}}),
    ):
        answer = world.client.request(method, path, json=body, headers=one.reads)
        assert answer.status_code == 404, (method, path)
    assert everything(world, other)["/v1/segments"]["segments"][0]["name"] == "segment 5"


def test_people_and_devices_of_another_site_are_not_there(world: World) -> None:
    one, other = world.shop(), world.shop()
    devices = [("device", 0, NOW)]
    rows = [
        Visitor("device", [Visit(NOW, NOW)], columns={"member_id": "member"}),
        Visitor("visitor", [Visit(NOW, NOW)]),
        person("member", [Visit(NOW, NOW)], devices),
    ]
    insert_visitors(world.store, one.site_id, rows)
    for path in (
        "people/member:member", "people/member", "people/visitor:visitor", "people/visitor", "people/visitor:device", "visitors/visitor",
        "visitors/device", "devices/device", "people/member/segments", "visitors/device/segments", "people/member/transitions",
        "people/member/events",
    ):  # fmt: skip
        for shop, status in ((one, 200), (other, 404)):
            assert world.client.get(f"/v1/{path}", headers=shop.reads).status_code == status, path
        assert world.client.get(f"/v1/{path}", headers=one.writes).status_code == 403


def test_a_cursor_of_another_site_is_refused(world: World) -> None:
    one, other = world.shop(), world.shop()
    for shop in (one, other):
        insert_visitors(world.store, shop.site_id, [Visitor(f"v{n}", [Visit(NOW, NOW)]) for n in range(3)])
    cursor = world.client.get("/v1/live/visitors?limit=1", headers=one.reads).json()["next_cursor"]
    answer = world.client.get(f"/v1/live/visitors?limit=1&cursor={cursor}", headers=other.reads)
    assert answer.status_code == 400


def test_every_query_of_a_sites_data_binds_the_site() -> None:
    about_no_site = {
        "site_key_holder", "freshness_recent", "freshness_before", "writable", "checkpoints", "stream_commits",
        "erasures_open", "erasure_old_parts", "erasure_rebuilds", "erasure_moment", "dispatch_hooks", "dispatch_segments",
        "dispatch_living", "dispatch_positions", "dispatch_known", "dispatch_told", "dispatch_due", "dispatch_rows", "dispatch_waiting",
    }  # fmt: skip
    used = {
        literal
        for file in [*Path(api.__file__).parent.rglob("*.py"), Path(sql.segments.__file__)]
        for literal in re.findall(r'"([a-z_]+)"', file.read_text())
    }
    checked = 0
    for path in QUERIES.glob("*.sql"):
        if path.stem not in used - about_no_site:
            continue
        text = path.read_text()
        tables = len(re.findall(r"FROM [a-z]+|ALTER TABLE", text))
        assert tables
        # what was refused before its site was known has none
        bound = re.findall(r"site_id = \{site_id:String\}|site_id IN \(\{site_id:String\}, ''\)", text)
        assert len(bound) == tables, path.name
        checked += 1
    assert checked >= 12
