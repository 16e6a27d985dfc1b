"""Saved segments."""

from __future__ import annotations

from typing import Any

from tests.api.conftest import DAY, NOW, Shop, World
from tests.api.visitors import Visit, Visitor, insert_visitors

FREQUENT = {"field": "visits", "op": ">=", "value": 10}


def create(world: World, shop: Shop, name: str = "Frequent", expression: Any = None) -> dict[str, Any]:
    body = {"name": name, "expression": expression or FREQUENT}
    answer = world.client.post("/v1/segments", json=body, headers=shop.reads)
    assert answer.status_code == 201, answer.text
    segment: dict[str, Any] = answer.json()
    return segment


def test_a_segment_is_saved_changed_and_deleted_and_its_history_stays(world: World, shop: Shop) -> None:
    segment = create(world, shop)
    assert (segment["version"], segment["expression"], segment["deleted"]) == (1, FREQUENT, False)
    assert segment["sentence"]["ko"]
    url = f"/v1/segments/{segment['id']}"
    assert world.client.get(url, headers=shop.reads).json() == segment
    changed = {"name": "Often", "expression": {"field": "visits", "op": ">=", "value": 5}}
    world.clock.now += 1000
    assert world.client.put(url, json=changed, headers=shop.reads).json()["version"] == 2
    listed = world.client.get("/v1/segments", headers=shop.reads).json()["segments"]
    assert [(one["id"], one["name"], one["version"]) for one in listed] == [(segment["id"], "Often", 2)]
    assert world.client.delete(url, headers=shop.reads).status_code == 204
    assert world.client.get(url, headers=shop.reads).status_code == 404
    assert world.client.delete(url, headers=shop.reads).status_code == 404
    assert world.client.put(url, json=changed, headers=shop.reads).status_code == 404
    history = world.client.get(f"{url}/history", headers=shop.reads).json()["segments"]
    assert [(one["version"], one["deleted"], one["name"]) for one in history] == [
        (3, True, "Often"),
        (2, False, "Often"),
        (1, False, "Frequent"),
    ]
    assert world.client.get("/v1/segments", headers=shop.reads).json()["segments"] == []


def test_an_expression_that_cannot_be_understood_is_not_saved(world: World, shop: Shop) -> None:
    body = {"name": "x", "expression": {"any": [{"field": "vists", "op": ">=", "value": 1}, {"not": 3}]}}
    for method, path in [("POST", "/v1/segments"), ("POST", "/v1/segments/preview"), ("PUT", "/v1/segments/seg_x")]:
        sent = body if path != "/v1/segments/preview" else {"expression": body["expression"]}
        answer = world.client.request(method, path, json=sent, headers=shop.reads)
        assert answer.status_code == 422
        places = [error["place"] for error in answer.json()["errors"]]
        assert places == ["/expression/any/0/field", "/expression/any/1/not"]
    assert world.client.get("/v1/segments", headers=shop.reads).json()["segments"] == []


def test_members_are_paged_by_id_and_counted(world: World, shop: Shop) -> None:
    visitors = [
        Visitor(f"v{n:02}", [Visit(NOW - n, NOW - n)], columns={"visits": 10 if n % 2 else 1}) for n in range(20)
    ]
    visitors.append(Visitor("gone", [Visit(NOW - 8 * DAY, NOW - 8 * DAY)], columns={"visits": 99}))
    insert_visitors(world.store, shop.site_id, visitors)
    url = f"/v1/segments/{create(world, shop)['id']}/members?limit=4"
    found: list[str] = []
    cursor = ""
    while cursor is not None:
        page = world.client.get(url + (f"&cursor={cursor}" if cursor else ""), headers=shop.reads).json()
        assert page["population"] == {"visitors": 10, "share": 0.5, "online": 10}
        found += [member["visitor_id"] for member in page["members"]]
        cursor = page["next_cursor"]
    assert found == [f"v{n:02}" for n in range(1, 20, 2)]


def test_live_and_reports_take_a_saved_segment_by_id(world: World, shop: Shop) -> None:
    insert_visitors(world.store, shop.site_id, [Visitor("v", [Visit(NOW, NOW)], columns={"visits": 10})])
    segment_id = create(world, shop)["id"]
    live = world.client.get(f"/v1/live/visitors?segment={segment_id}", headers=shop.reads).json()
    assert (live["segment"]["id"], live["segment"]["version"]) == (segment_id, 1)
    report = world.client.post("/v1/reports/live", json={"segment": {"id": segment_id}}, headers=shop.reads).json()
    assert report["asked"]["name"] == "Frequent"
    assert report["segment"]["visitors"] == 1
    missing = world.client.post("/v1/reports/live", json={"segment": {"id": "seg_no"}}, headers=shop.reads)
    assert missing.status_code == 404
    assert missing.json()["errors"][0]["place"] == "/segment/id"


def test_a_visitor_is_told_why_it_is_in_a_segment(world: World, shop: Shop) -> None:
    columns = {"visits": 12, "environment": "mobile_web", "orders": 0}
    insert_visitors(world.store, shop.site_id, [Visitor("v", [Visit(NOW, NOW)], columns=columns)])
    bought = {"field": "orders", "op": ">=", "value": 1}
    on_pc = {"field": "environment", "op": "is", "value": "pc_web"}
    create(world, shop, "A", {"all": [FREQUENT, {"any": [bought, {"not": on_pc}]}]})
    create(world, shop, "B", bought)
    answer = world.client.get("/v1/visitors/v/segments", headers=shop.reads)
    assert answer.status_code == 200, answer.text
    first, second = answer.json()["segments"]
    assert first["matches"] is True
    assert [(one["place"], one["matches"]) for one in first["conditions"]] == [
        ("/all/0", True),
        ("/all/1/any/0", False),
        ("/all/1/any/1/not", False),
    ]
    assert all(one["sentence"]["en"] and one["sentence"]["ko"] for one in first["conditions"])
    assert (second["matches"], second["conditions"][0]["matches"]) == (False, False)


def test_many_segments_are_explained_at_once(world: World, shop: Shop) -> None:
    insert_visitors(world.store, shop.site_id, [Visitor("v", [Visit(NOW, NOW)], columns={"visits": 30})])
    for least in range(60):
        create(world, shop, f"S{least:02}", {"field": "visits", "op": ">=", "value": least})
    segments = world.client.get("/v1/visitors/v/segments", headers=shop.reads).json()["segments"]
    assert [one["matches"] for one in segments] == [least <= 30 for least in range(60)]


def test_every_preset_and_every_example_of_the_catalogue_can_be_counted_or_says_why_not(
    world: World, shop: Shop
) -> None:
    insert_visitors(world.store, shop.site_id, [Visitor("v", [Visit(NOW, NOW)])])
    presets = world.client.get("/v1/segments/presets", headers=shop.reads).json()["presets"]
    fields = world.client.get("/v1/segments/fields", headers=shop.reads).json()["fields"]
    assert presets
    for expression in [one["expression"] for one in presets] + [field["example"] for field in fields]:
        answer = world.client.post("/v1/segments/preview", json={"expression": expression}, headers=shop.reads)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert (body["population"] is None) == (body["reason"] == "now_condition")
        listed = world.client.post("/v1/live/visitors", json={"segment": expression}, headers=shop.reads).json()
        assert body["population"] is None or len(listed["visitors"]) == body["population"]["visitors"]


def test_a_long_list_of_texts_is_asked_in_one_query(world: World, shop: Shop) -> None:
    insert_visitors(world.store, shop.site_id, [Visitor("v", [Visit(NOW, NOW)], columns={"channel": "채널 7"})])
    expression = {"field": "channel", "op": "in", "value": [f"채널 {n}" for n in range(1000)]}
    answer = world.client.post("/v1/segments/preview", json={"expression": expression}, headers=shop.reads)
    assert answer.json()["population"]["visitors"] == 1


def test_an_expression_larger_than_64_kib_is_refused(world: World, shop: Shop) -> None:
    expression = {"field": "channel", "op": "in", "value": ["x" * 450 + str(n) for n in range(200)]}
    answer = world.client.post("/v1/segments/preview", json={"expression": expression}, headers=shop.reads)
    assert answer.status_code == 422
    assert "65,536" in answer.json()["detail"]
