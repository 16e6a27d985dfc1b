"""Saved segments."""

from __future__ import annotations

from typing import Any

from sql.traits import Trait, put_trait
from tests.api.conftest import DAY, HOUR, NOW, Shop, World
from tests.api.visitors import Visit, Visitor, insert_visitors, person

FREQUENT = {"field": "visits", "op": ">=", "value": 10}


def create(world: World, shop: Shop, name: str = "Frequent", expression: Any = None) -> dict[str, Any]:
    body = {"name": name, "expression": expression or FREQUENT}
    answer = world.client.post("/v1/segments", json=body, headers=shop.reads)
    assert answer.status_code == 201, answer.text
    segment: dict[str, Any] = answer.json()
    return segment


def declare(world: World, shop: Shop, name: str, of_type: str, ko: str = "", en: str = "") -> None:
    put_trait(world.store, shop.site_id, Trait(name, of_type, ko, en, NOW), NOW)


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
    assert [one["value"] for one in first["conditions"]] == [12, 0, "mobile_web"]
    assert (second["matches"], second["conditions"][0]["matches"]) == (False, False)


def test_a_condition_is_explained_with_the_value_of_the_person(world: World, shop: Shop) -> None:
    declare(world, shop, "score", "number")
    columns = {
        "last_order_at": NOW - DAY,
        "member_points": None,
        "member_birthday_day": 2,  # January 2: tomorrow in UTC, later today in Seoul
        "consent_channel": ["sms"],
        "consent_granted": [0],
        "coupon_id": ["C-1", "C-2"],
        "coupon_name": ["a", "b"],
        "coupon_issued_at": [0, 0],
        "coupon_expires_at": [0, NOW + DAY],
        "coupon_used_at": [0, 0],
        "search_term": [f"term {n:02}" for n in range(30)],
        "search_at": [NOW] * 30,
        "trait_name": ["score"],
        "trait_text": [""],
        "trait_number": [2.5],
        "trait_at": [0],
    }
    visits = [Visit(NOW - 90_500, NOW)]
    insert_visitors(world.store, shop.site_id, [person("M", visits, [("pc", 0, NOW)], columns=columns)])
    asked = {
        "last_order_at": ("within_last", {"days": 3}, "2025-12-31T00:00:00.000Z", True),
        "points": (">=", 0, None, False),
        "birthday": ("=", 0, 0, True),
        "consent_sms": ("is", True, False, False),
        "consent_push": ("is", False, None, False),
        "coupons": ("some", {"field": "expires_in", "op": "=", "value": 0}, 2, True),
        "search_terms": ("contains_any", ["term 29"], [f"term {n:02}" for n in range(20)], True),
        "visit_stay_seconds": (">", 90, 90.5, True),
        "trait.score": (">", 2.25, 2.5, True),
    }
    parts = [{"field": field, "op": op, "value": value} for field, (op, value, _, _) in asked.items()]
    world.clock.now = NOW + DAY // 2 + 4 * HOUR  # 2026-01-02T01:00 in Seoul
    create(world, shop, "All", {"all": parts})
    (found,) = world.client.get("/v1/people/member:M/segments", headers=shop.reads).json()["segments"]
    said = {field: (one["value"], one["matches"]) for field, one in zip(asked, found["conditions"], strict=True)}
    assert said == {field: (value, held) for field, (_, _, value, held) in asked.items()}
    assert found["matches"] is False


def test_a_segment_may_ask_for_declared_traits_only(world: World, shop: Shop) -> None:
    golf = {"field": "trait.golf", "op": "is", "value": True}
    body = {"name": "Golf", "expression": golf}
    refused = world.client.post("/v1/segments", json=body, headers=shop.reads)
    assert refused.status_code == 422
    assert "declared none" in refused.json()["errors"][0]["detail"]
    declare(world, shop, "golf", "boolean", "골프", "plays golf")
    fields = world.client.get("/v1/segments/fields", headers=shop.reads).json()["fields"]
    assert fields[-1]["name"] == "trait.golf"
    assert fields[-1]["labels"] == {"ko": "골프", "en": "plays golf"}
    assert create(world, shop, "Golf", golf)["sentence"]["en"] == "plays golf is true"
    (listed,) = world.client.get("/v1/segments", headers=shop.reads).json()["segments"]
    assert listed["sentence"]["ko"] == "골프가 '예'임"
    told = {"trait_name": ["golf"], "trait_text": ["true"], "trait_number": [0.0], "trait_at": [0]}
    insert_visitors(world.store, shop.site_id, [Visitor("v", [Visit(NOW, NOW)], columns=told)])
    live = world.client.post("/v1/live/visitors", json={"segment": golf}, headers=shop.reads).json()
    assert live["population"]["visitors"] == 1


def test_days_are_those_of_the_shop(world: World, shop: Shop) -> None:
    columns = {"member_birthday_day": 2}
    insert_visitors(world.store, shop.site_id, [Visitor("v", [Visit(NOW, NOW)], columns=columns)])
    today = {"expression": {"field": "birthday", "op": "=", "value": 0}}
    counts = []
    for hours in (14, 15, 38, 39):  # Seoul is nine hours ahead
        world.clock.now = NOW + hours * HOUR
        answer = world.client.post("/v1/segments/preview", json=today, headers=shop.reads).json()
        counts.append(answer["population"]["visitors"])
    assert counts == [0, 1, 1, 0]


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
