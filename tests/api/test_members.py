"""Members' data: what is taken, what is refused and why, what the log gets, and what is shown."""

from __future__ import annotations

import gzip
import json
from typing import Any

import httpx
import pytest

from flows.members import member_of
from flows.visitors.people import People
from flows.visitors.profiles import MemberRecord
from flows.writer import partition_of
from tests.api.conftest import DAY, NOW, Shop, World
from tests.api.visitors import insert_rows

KST = 9 * 3_600_000


def tell(world: World, shop: Shop, body: Any, **headers: str) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return world.client.post(
        "/v1/members", content=content, headers={**shop.reads, "Content-Type": "application/json", **headers}
    )


def declare(world: World, shop: Shop, name: str, kind: str, **labels: str) -> httpx.Response:
    return world.client.put(f"/v1/traits/{name}", json={"type": kind, **labels}, headers=shop.reads)


def told(world: World, kind: str = "member") -> list[dict[str, Any]]:
    """Payloads of the log's records of a kind."""
    return [json.loads(line["payload"]) for line in world.log.events() if line.get("kind") == kind]


def written(world: World, shop: Shop) -> None:
    """What the flow would write of the log's records."""
    people = People()
    for offset, line in enumerate(world.log.events(), start=1):
        if line.get("kind") == "member" and line["site_id"] == shop.site_id:
            people.apply([member_of(line["payload"], offset, line["received_at"])], NOW)
    keys = people.take_changed()
    world.store.insert("visitors", people.rows(keys, 0))


def test_what_was_told_is_in_the_log_in_the_partition_of_the_member(world: World, shop: Shop) -> None:
    answer = tell(
        world, shop, [{"member_id": "m1", "name": "김손님", "points": 1200}, {"member_id": 7, "grade": "VIP"}]
    )
    assert (answer.status_code, answer.json()) == (202, {"accepted": 2, "rejected": []})
    one, other = told(world)
    assert sorted([one["member_id"], other["member_id"]]) == ["7", "m1"]
    named = next(record for record in (one, other) if record["member_id"] == "m1")
    assert named == {
        "site_id": shop.site_id,
        "member_id": "m1",
        "as_of": NOW,
        "told": {"name": "김손님", "points": 1200},
    }
    lines = world.log.lines[partition_of(f"{shop.site_id}/m1", world.log.partitions)]
    assert any(b"points" in line for line in lines)
    assert {line["received_at"] for line in world.log.events()} == {NOW}


def test_everything_that_can_be_told_reads_back(world: World, shop: Shop) -> None:
    for name, kind in (("size", "string"), ("height", "number"), ("since", "date"), ("vip", "boolean")):
        assert declare(world, shop, name, kind).status_code == 200
    item = {
        "as_of": "2025-12-31T09:00:00+09:00",
        "name": "김손님",
        "grade": "VIP",
        "points": 1200,
        "joined_at": "1998-03-01",
        "birthday": "1990-05-17",
        "kakao_friend": True,
        "coupons": [
            {"id": "c1", "name": "장바구니 20%", "issued_at": NOW - DAY, "expires_at": "2026-01-05"},
            {"id": "c2", "used_at": NOW - DAY, "expires_at": "9999-12-31T23:59:59Z"},
        ],
        "consents": {"sms": True, "night": {"granted": False, "at": "2025-01-01T00:00:00Z", "source": "가입"}},
        "traits": {"size": "M", "height": 172.5, "since": "2020-01-01", "vip": True},
    }
    answer = world.client.put("/v1/members/a%2Fb", json=item, headers=shop.reads)
    assert (answer.status_code, answer.json()) == (202, {"accepted": 1, "rejected": []})
    written(world, shop)
    found = world.client.get("/v1/members/a/b", headers=shop.reads).json()
    data, as_of = found["data"], "2025-12-31T00:00:00.000Z"
    assert (found["member_id"], found["last_login_at"]) == ("a/b", None)
    assert (data["name"], data["grade"], data["points"], data["kakao_friend"]) == ("김손님", "VIP", 1200, True)
    assert (data["joined_at"], data["birthday"]) == ("1998-02-28T15:00:00.000Z", "1990-05-17")
    assert data["consents"] == {
        "sms": {"granted": True, "at": as_of, "source": None},
        "night": {"granted": False, "at": "2025-01-01T00:00:00.000Z", "source": "가입"},
    }
    assert data["coupons"] == [
        {"id": "c1", "name": "장바구니 20%", "issued_at": "2025-12-31T00:00:00.000Z", "expires_at": "2026-01-05T14:59:59.999Z",
         "used_at": None},
        {"id": "c2", "name": None, "issued_at": None, "expires_at": None, "used_at": "2025-12-31T00:00:00.000Z"},
    ]  # fmt: skip
    assert data["traits"] == {"size": "M", "height": 172.5, "since": "2019-12-31T15:00:00.000Z", "vip": True}
    assert data["as_of"] == as_of
    assert set(data["told_as_of"].values()) == {as_of}
    assert {"grade", "consents.sms", "coupons", "coupons.c1", "traits.size"} <= data["told_as_of"].keys()
    card = world.client.get("/v1/people/member:a%2Fb", headers=shop.reads).json()
    assert card["member"] == data
    assert (card["person"]["visits"], card["person"]["first_seen"], card["visits"]) == (0, None, [])


def test_what_is_not_named_stays_and_null_takes_away(world: World, shop: Shop) -> None:
    tell(
        world,
        shop,
        {"member_id": "m1", "name": "A", "grade": "VIP", "points": 5, "consents": {"sms": True, "push": True}},
    )
    world.clock.now += 1000
    tell(world, shop, {"member_id": "m1", "grade": None, "points": 0, "consents": {"sms": None}})
    world.clock.now += 1000
    tell(world, shop, {"member_id": "m1", "as_of": NOW - DAY, "points": 999, "birthday": "02-29"})
    written(world, shop)
    data = world.client.get("/v1/members/m1", headers=shop.reads).json()["data"]
    assert (data["name"], data["grade"], data["points"], data["birthday"]) == ("A", None, 0, "02-29")
    assert list(data["consents"]) == ["push"]


def test_a_moment_that_is_not_yet_is_now(world: World, shop: Shop) -> None:
    tell(world, shop, {"member_id": "m1", "as_of": NOW + 1000, "points": 1})
    assert told(world)[0]["as_of"] == NOW
    answer = tell(world, shop, {"member_id": "m1", "as_of": NOW + 2 * DAY, "points": 1})
    assert answer.json()["rejected"][0]["reason"] == "in_the_future"


@pytest.mark.parametrize(
    ("item", "reason", "place"),
    [
        ({"name": "A"}, "missing_member_id", "member_id"),
        ({"member_id": ""}, "missing_member_id", "member_id"),
        ({"member_id": "m"}, "nothing_told", ""),
        ({"member_id": "m\n", "name": "A"}, "control_character_in_id", "member_id"),
        ("m", "not_an_object", ""),
        ({"member_id": "m", "phone": "1"}, "unknown_field", "phone"),
        ({"member_id": "m", "as_of": "yesterday", "name": "A"}, "bad_time", "as_of"),
        ({"member_id": "m", "name": 5}, "wrong_type", "name"),
        ({"member_id": "m", "name": "x" * 201}, "text_too_long", "name"),
        ({"member_id": "m", "points": 1.5}, "not_an_integer", "points"),
        ({"member_id": "m", "points": True}, "not_an_integer", "points"),
        ({"member_id": "m", "points": 10**13}, "out_of_range", "points"),
        ({"member_id": "m", "joined_at": "1899-12-31"}, "bad_date", "joined_at"),
        ({"member_id": "m", "joined_at": "2020-01-01T00:00:00"}, "bad_time", "joined_at"),
        ({"member_id": "m", "birthday": "1990-02-29"}, "bad_date", "birthday"),
        ({"member_id": "m", "birthday": "13-01"}, "bad_date", "birthday"),
        ({"member_id": "m", "birthday": "17.5."}, "bad_date", "birthday"),
        ({"member_id": "m", "kakao_friend": 1}, "wrong_type", "kakao_friend"),
        ({"member_id": "m", "consents": {"fax": True}}, "unknown_field", "consents.fax"),
        ({"member_id": "m", "consents": {"sms": "yes"}}, "wrong_type", "consents.sms"),
        ({"member_id": "m", "consents": {"sms": {"source": "x"}}}, "wrong_type", "consents.sms.granted"),
        ({"member_id": "m", "traits": {"size": "M"}}, "undeclared_trait", "traits.size: known are height"),
        ({"member_id": "m", "traits": {"height": "tall"}}, "wrong_type", "traits.height"),
        ({"member_id": "m", "coupons": {}}, "wrong_type", "coupons"),
        ({"member_id": "m", "coupons": [{"id": "c", "code": "x"}]}, "unknown_field", "coupons[0].code"),
        ({"member_id": "m", "coupons": [{"name": "c"}]}, "wrong_type", "coupons[0].id"),
        ({"member_id": "m", "coupons": [{"id": "c", "expires_at": "2026-13-01"}]}, "bad_date", "coupons[0].expires_at"),
        ({"member_id": "m", "coupons": [{"id": str(n)} for n in range(201)]}, "too_many_items", "coupons"),
    ],
)
def test_a_wrong_item_is_refused_by_itself_and_kept(
    world: World, shop: Shop, item: Any, reason: str, place: str
) -> None:
    declare(world, shop, "height", "number")
    answer = tell(world, shop, json.dumps([item, {"member_id": "good", "points": 1}]).encode())
    assert answer.status_code == 202, answer.text
    found = answer.json()
    assert found["accepted"] == 1
    assert [(one["index"], one["reason"]) for one in found["rejected"]] == [(0, reason)]
    assert place in found["rejected"][0]["detail"]
    assert [one["reason"] for one in told(world, "rejected")] == [reason]


def test_a_refused_single_is_a_problem_and_kept(world: World, shop: Shop) -> None:
    answer = world.client.put("/v1/members/m1", json={"points": "many"}, headers=shop.reads)
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:sonnim:problem:not_an_integer")
    assert len(told(world, "rejected")) == 1
    other = world.client.put("/v1/members/m1", json={"member_id": "m2", "points": 1}, headers=shop.reads)
    assert other.status_code == 422
    assert world.client.put("/v1/members/m1", json=[], headers=shop.reads).status_code == 400
    assert world.client.put("/v1/members/m1", content=b"{", headers=shop.reads).status_code == 400
    assert told(world) == []


def test_lines_gzip_and_a_thousand_items_are_taken_and_more_are_not(world: World, shop: Shop) -> None:
    lines = b"\n".join(json.dumps({"member_id": f"m{n}", "points": n}).encode() for n in range(1001))
    answer = tell(
        world, shop, gzip.compress(lines), **{"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}
    )
    assert answer.json()["accepted"] == 1000
    assert [one["reason"] for one in answer.json()["rejected"]] == ["too_many_items_in_request"]
    assert tell(world, shop, b" " * 10 + b"x" * 1_000_001).status_code == 413
    assert tell(world, shop, b"{").status_code == 400


def test_a_write_key_tells_and_reads_nothing_of_members(world: World, shop: Shop) -> None:
    for method, path in (
        ("POST", "members"),
        ("PUT", "members/m1"),
        ("GET", "members/m1"),
        ("GET", "traits"),
        ("PUT", "traits/a"),
    ):
        answer = world.client.request(method, f"/v1/{path}", json={"member_id": "m1", "points": 1}, headers=shop.writes)
        assert answer.status_code == 403, path
    assert told(world) == []


def test_nothing_is_promised_while_the_log_is_away(world: World, shop: Shop) -> None:
    world.log.away = True
    assert tell(world, shop, {"member_id": "m1", "points": 1}).status_code == 503


def test_nobody_told_of_is_not_there_and_other_sites_members_neither(world: World, shop: Shop) -> None:
    other = world.shop()
    tell(world, shop, {"member_id": "m1", "points": 1})
    written(world, shop)
    assert world.client.get("/v1/members/m1", headers=shop.reads).status_code == 200
    assert world.client.get("/v1/members/m1", headers=other.reads).status_code == 404
    assert world.client.get("/v1/members/m2", headers=shop.reads).status_code == 404
    assert world.client.get("/v1/traits", headers=other.reads).json() == {"traits": []}


# --- traits


def test_traits_are_declared_listed_and_deleted(world: World, shop: Shop) -> None:
    made = declare(world, shop, "size", "string", label_ko="사이즈", label_en="Size").json()
    assert made == {
        "name": "size",
        "type": "string",
        "label_ko": "사이즈",
        "label_en": "Size",
        "created_at": "2026-01-01T00:00:00.000Z",
    }
    world.clock.now += 1000
    again = declare(world, shop, "size", "string", label_en="Shoe size").json()
    assert (again["label_en"], again["created_at"]) == ("Shoe size", made["created_at"])
    assert world.client.get("/v1/traits", headers=shop.reads).json() == {"traits": [again]}
    assert world.client.get("/v1/traits/size", headers=shop.reads).json() == again
    assert world.client.delete("/v1/traits/size", headers=shop.reads).status_code == 204
    assert world.client.delete("/v1/traits/size", headers=shop.reads).status_code == 404
    assert world.client.get("/v1/traits/size", headers=shop.reads).status_code == 404
    assert tell(world, shop, {"member_id": "m", "traits": {"size": "M"}}).json()["accepted"] == 0


def test_a_type_stays_even_after_a_deletion(world: World, shop: Shop) -> None:
    declare(world, shop, "size", "string")
    assert declare(world, shop, "size", "number").status_code == 409
    world.client.delete("/v1/traits/size", headers=shop.reads)
    assert declare(world, shop, "size", "number").status_code == 409
    assert declare(world, shop, "size", "string").status_code == 200


@pytest.mark.parametrize("name", ["Size", "1a", "a" * 41, "a-b"])
def test_a_wrong_name_is_refused(world: World, shop: Shop, name: str) -> None:
    assert declare(world, shop, name, "string").status_code == 422


def test_what_is_known_of_every_member_is_no_trait_and_types_are_four(world: World, shop: Shop) -> None:
    assert declare(world, shop, "points", "number").status_code == 409
    assert declare(world, shop, "size", "money").status_code == 422


def test_a_site_has_thirty_traits(world: World, shop: Shop) -> None:
    row = {"site_id": shop.site_id, "type": "string", "version": 1}
    insert_rows(world.store, "traits", [{**row, "name": f"t{n}"} for n in range(29)])
    assert declare(world, shop, "last", "string").status_code == 200
    assert declare(world, shop, "more", "string").status_code == 409
    assert declare(world, shop, "last", "string", label_ko="끝").status_code == 200
    world.client.delete("/v1/traits/t0", headers=shop.reads)
    assert declare(world, shop, "more", "string").status_code == 200


# --- events that tell of members


def sent(world: World, shop: Shop, **event: Any) -> list[dict[str, Any]]:
    """What an event tells of its member."""
    body = {"event_id": "e1", "visitor_id": "v1", "member_id": "m1", "occurred_at": NOW - 5000, **event}
    answer = world.client.post("/v1/events", json=body, headers=shop.writes)
    assert answer.json()["accepted"] == 1, answer.text
    assert [line["event_id"] for line in world.log.events() if "kind" not in line] == ["e1"]
    return told(world)


def test_an_identify_tells_of_its_member(world: World, shop: Shop) -> None:
    declare(world, shop, "size", "string")
    declare(world, shop, "since", "date")
    traits = {"name": "A", "points": 7, "birthday": "1990-05-17T00:00:00Z", "createdAt": "2020-01-01T00:00:00Z", "size": "M",
              "since": "2026-01-01", "shoe": "left", "grade": 5}  # fmt: skip
    found = sent(world, shop, name="identify", properties={"traits": traits})
    assert found == [
        {
            "site_id": shop.site_id, "member_id": "m1", "as_of": NOW - 5000,
            "told": {"birthday": "1990-05-17", "joined_at": 1_577_836_800_000, "name": "A", "points": 7, "trait/size": "M",
                     "trait/since": {"at": NOW - KST}},
        }
    ]  # fmt: skip


def test_segments_identify_does_so_too(world: World, shop: Shop) -> None:
    call = {"messageId": "e1", "anonymousId": "v1", "userId": "m1", "traits": {"grade": "VIP", "name": None}}
    assert world.client.post("/v1/identify", json=call, headers=shop.writes).status_code == 200
    assert [one["told"] for one in told(world)] == [{"grade": "VIP", "name": None}]


@pytest.mark.parametrize(
    "event",
    [
        {"name": "identify", "properties": {"traits": {"shoe": "left"}}},
        {"name": "identify", "properties": {"traits": "M"}},
        {"name": "identify", "member_id": None, "properties": {"traits": {"grade": "VIP"}}},
        {"name": "identify", "user_agent": "Googlebot/2.1", "properties": {"traits": {"grade": "VIP"}}},
        {"name": "page_view", "properties": {"traits": {"grade": "VIP"}}},
        {"name": "coupon_issued"},
        {"name": "coupon_issued", "member_id": None, "properties": {"coupon_id": "c1"}},
    ],
)
def test_other_events_tell_nothing_of_members(world: World, shop: Shop, event: dict[str, Any]) -> None:
    assert sent(world, shop, **event) == []


def test_coupons_come_by_events(world: World, shop: Shop) -> None:
    coupon = {"coupon_id": 12, "coupon_name": "장바구니 20%", "expires_at": "2026-01-05"}
    issued = sent(world, shop, name="coupon_issued", properties=coupon)
    last = {"name": "장바구니 20%", "issued_at": NOW - 5000, "expires_at": NOW + 5 * DAY - KST - 1}
    assert [one["told"] for one in issued] == [{"coupon/12": last}]


def test_a_used_coupon_is_used(world: World, shop: Shop) -> None:
    assert [one["told"] for one in sent(world, shop, name="coupon_used", properties={"coupon_id": "c1"})] == [
        {"used/c1": NOW - 5000}
    ]


def test_every_record_the_door_makes_is_one_the_flow_reads(world: World, shop: Shop) -> None:
    declare(world, shop, "since", "date")
    tell(
        world,
        shop,
        {"member_id": "m1", "joined_at": "1970-01-01T00:00:00Z", "traits": {"since": "1900-01-02"}, "coupons": None},
    )
    tell(world, shop, {"member_id": "m1", "consents": None, "traits": None, "name": ""})
    for line in world.log.events():
        assert isinstance(member_of(line["payload"], 1, NOW), MemberRecord)
