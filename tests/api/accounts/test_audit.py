"""The audit: who changed what, before and after, and nobody's id in it."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from api.accounts.auditing import CHANGES, short
from api.accounts.rights import RIGHTS
from sql.keys import list_keys
from sql.store import StoreUnavailable
from tests.api.accounts.conftest import Hires, Person
from tests.api.conftest import NOW, Shop, World
from tests.api.visitors import Visit, person

SEGMENT = {"name": "VIP", "expression": {"field": "member_id", "op": "is", "value": "secret-member"}}
HOOK = {"url": "https://u:p@hooks.example/in?token=secret", "events": ["segment.entered"]}


@pytest.fixture
def admin(shop: Shop, hire: Hires) -> Person:
    someone = hire(**{shop.site_id: "admin"})
    someone.sign_in()
    return someone


def entries(admin: Person) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = admin.call("GET", "/v1/audit?limit=1000").json()["entries"]
    return found


def test_every_change_of_segments_hooks_users_traits_and_people_is_audited() -> None:
    silent = {call for call in RIGHTS if not call.startswith("GET")} - set(CHANGES)
    assert silent == {
        "POST /v1/live/visitors", "POST /v1/live/visitors.csv", "POST /v1/reports/live", "POST /v1/reports/live.csv",
        "POST /v1/segments/preview",  # those ask only
        "POST /v1/hooks/{hook_id}/test", "POST /v1/members", "PUT /v1/members/{member_id}",  # a test, and data
    }  # fmt: skip


def test_a_segments_life_is_told_without_its_conditions(admin: Person) -> None:
    made = admin.call("POST", "/v1/segments", SEGMENT).json()["id"]
    admin.world.clock.now += 1
    assert admin.call("PUT", f"/v1/segments/{made}", {**SEGMENT, "name": "VVIP"}).status_code == 200
    admin.world.clock.now += 1
    assert admin.call("DELETE", f"/v1/segments/{made}").status_code == 204
    deleted, changed, created = entries(admin)
    assert created.pop("id").startswith("aud_")
    assert created == {
        "at": "2026-01-01T00:00:00.000Z",
        "who_kind": "user",
        "who": admin.email,
        "what": "segment.created",
        "which": made,
        "before": None,
        "after": {"name": "VIP", "version": 1, "fire_for_current": False},
        "address": "203.0.113.7",
    }
    assert (changed["what"], changed["before"]["name"], changed["after"]["name"]) == ("segment.changed", "VIP", "VVIP")
    assert (deleted["what"], deleted["before"]["version"], deleted["after"]) == ("segment.deleted", 2, None)
    assert "secret-member" not in str(entries(admin))


def test_what_was_refused_is_no_change(admin: Person, shop: Shop, hire: Hires) -> None:
    viewer = hire(**{shop.site_id: "viewer"})
    viewer.sign_in()
    assert viewer.call("POST", "/v1/segments", SEGMENT).status_code == 403
    assert admin.call("POST", "/v1/segments", {"name": ""}).status_code == 422
    assert admin.call("DELETE", "/v1/segments/nothing").status_code == 404
    assert admin.call("POST", "/v1/segments/preview", {"expression": SEGMENT["expression"]}).status_code == 200
    assert entries(admin) == []


def test_a_hooks_address_is_told_by_its_host_and_its_secret_never(admin: Person) -> None:
    hook = admin.call("POST", "/v1/hooks", {**HOOK, "url": "https://hooks.example/in?token=secret"}).json()
    path = f"/v1/hooks/{hook['id']}"
    other = admin.call("POST", f"{path}/secret").json()["secret"]
    admin.call("PUT", path, {**HOOK, "url": "https://other.example/", "active": False})
    admin.call("DELETE", path)
    found = entries(admin)
    assert {one["what"] for one in found} == {"hook.created", "hook.secret_changed", "hook.changed", "hook.deleted"}
    changed = next(one for one in found if one["what"] == "hook.changed")
    assert changed["before"] == {
        "host": "hooks.example",
        "events": ["segment.entered"],
        "segment_count": None,
        "active": True,
    }
    assert (changed["after"]["host"], changed["after"]["active"]) == ("other.example", False)
    for secret in (hook["secret"], other, "token"):
        assert secret not in str(found)


def test_a_secret_key_is_told_by_its_id(world: World, shop: Shop, admin: Person) -> None:
    world.client.put("/v1/traits/size", json={"type": "string", "label_en": "Size"}, headers=shop.reads)
    world.client.delete("/v1/traits/size", headers=shop.reads)
    (key,) = [one for one in list_keys(world.store, shop.site_id) if one.kind == "secret"]
    found = entries(admin)
    assert {(one["who_kind"], one["who"], one["which"]) for one in found} == {("key", key.key_id, "size")}
    assert {one["what"]: one["before"] and one["before"]["label_en"] for one in found} == {
        "trait.declared": None,
        "trait.deleted": "Size",
    }
    assert shop.secret_key not in str(found)


def test_users_are_told_by_email_and_role_and_passwords_not_at_all(admin: Person) -> None:
    body = {"email": "new@shop.example", "role": "viewer", "password": "another good password"}
    made = admin.call("POST", "/v1/users", body).json()["id"]
    for change in ({"role": "editor"}, {"password": "a third good password"}):
        admin.world.clock.now += 1
        assert admin.call("PUT", f"/v1/users/{made}", change).status_code == 200
    admin.world.clock.now += 1
    admin.call("DELETE", f"/v1/users/{made}")
    found = entries(admin)
    assert sorted(one["what"] for one in found) == [
        "user.added", "user.changed", "user.changed", "user.password_changed", "user.removed",
    ]  # fmt: skip
    assert found[0]["before"] == {"email": "new@shop.example", "role": "editor"}
    assert {one["which"] for one in found} == {made}
    assert "good password" not in str(found)


def test_a_person_who_is_erased_is_told_by_the_receipt_only(world: World, shop: Shop, admin: Person) -> None:
    from tests.api.visitors import insert_visitors

    insert_visitors(world.store, shop.site_id, [person("secret-member", [Visit(NOW, NOW)], [("device", 0, NOW)])])
    receipt = admin.call("DELETE", "/v1/people/member:secret-member").json()["receipt_id"]
    (entry,) = entries(admin)
    assert (entry["what"], entry["which"], entry["before"], entry["after"]) == ("person.erased", receipt, None, None)
    kept = world.store.rows_of("SELECT * FROM audit WHERE site_id = {s:String}", {"s": shop.site_id})
    assert "secret-member" not in str(kept)


def test_ones_own_password_is_told_at_every_site(world: World, shop: Shop, admin: Person, hire: Hires) -> None:
    other = world.shop()
    kim = hire(**{shop.site_id: "viewer", other.site_id: "admin"})
    kim.sign_in()
    told = {"current": "correct horse battery", "new": "another good password"}
    assert kim.call("PUT", "/v1/session/password", told).status_code == 200
    kim.sign_in("another good password")
    for found in (entries(admin), kim.call("GET", "/v1/audit", site=other.site_id).json()["entries"]):
        assert [(one["what"], one["who"]) for one in found] == [("user.password_changed", kim.email)]


def test_pages_go_on_where_the_last_one_ended_and_a_site_sees_its_own(world: World, admin: Person) -> None:
    for number in range(5):
        admin.call("POST", "/v1/segments", {**SEGMENT, "name": f"{number}"})
        world.clock.now += number % 2
    told = {one["id"] for one in entries(admin)}
    assert len(told) == 5
    pages, cursor = [], ""
    while True:
        page = admin.call("GET", f"/v1/audit?limit=2&cursor={cursor}").json()
        pages += page["entries"]
        if (cursor := page["next_cursor"]) is None:
            break
    assert {one["id"] for one in pages} == told
    assert len(pages) == 5
    assert [one["at"] for one in pages] == sorted((one["at"] for one in pages), reverse=True)
    for wrong in ("x", "WzEsMl0", "bnVsbA"):
        assert admin.call("GET", f"/v1/audit?cursor={wrong}").status_code == 400
    other = world.shop()
    assert world.client.get("/v1/audit", headers=other.reads).json() == {"entries": [], "next_cursor": None}


def test_a_change_whose_entry_cannot_be_written_is_in_the_log(
    admin: Person, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(*_: object) -> None:
        raise StoreUnavailable("away")

    monkeypatch.setattr("api.accounts.auditing.write_entry", away)
    with caplog.at_level(logging.ERROR, "sonnim.api"):
        assert admin.call("POST", "/v1/segments", SEGMENT).status_code == 201
    assert "segment.created" in caplog.text
    assert admin.email in caplog.text


def test_what_is_kept_is_short() -> None:
    assert short(None) == ""
    assert json.loads(short({"name": "손" * 200, "version": 3})) == {"name": "손" * 200, "version": 3}
    cut = json.loads(short({"name": "n" * 200, "label": "m" * 400, "version": 3}))
    assert cut == {"name": "n" * 100, "label": "m" * 100, "version": 3}
    assert short({"events": ["e" * 400] * 3}) == "{}"
