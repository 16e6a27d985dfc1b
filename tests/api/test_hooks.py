"""Hooks over HTTP: who may make them, what is refused, what is shown, and what is sent again."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from api.dispatch.delivery import Delivery
from api.dispatch.ledger import Ledger
from api.dispatch.transition import webhook_id
from api.routes import hooks as routes
from sql.hooks import disable_hook, get_hook
from tests.api.conftest import DAY, HOUR, NOW, Shop, World
from tests.api.test_segments import create as create_segment

URL = "https://93.184.216.34/hooks"


@pytest.fixture(autouse=True)
def _without_hooks(world: World) -> Iterator[None]:
    yield
    world.store.command("TRUNCATE TABLE hooks")


def create(world: World, shop: Shop, **more: Any) -> dict[str, Any]:
    answer = world.client.post("/v1/hooks", json={"url": URL, **more}, headers=shop.reads)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def delivery(shop: Shop, hook_id: str, number: int, **more: Any) -> Delivery:
    values: dict[str, Any] = {
        "site_id": shop.site_id, "hook_id": hook_id, "webhook_id": webhook_id(f"tr_{number}", hook_id), "partition": 0,
        "transition_id": f"tr_{number}", "type": "segment.entered", "segment_id": "seg_1", "person_id": f"member:{number}",
        "member_id": str(number), "visitor_id": "", "entry": 1, "at": NOW + number, "body": f'{{"n": {number}}}',
        "created_at": NOW + number, "changed_at": NOW + number, "next_attempt_at": 0, "status": "delivered",
    }  # fmt: skip
    return Delivery(**{**values, **more})


def written(world: World, *deliveries: Delivery) -> None:
    Ledger(world.store).write([one.row(NOW) for one in deliveries])


def test_a_hook_is_made_changed_and_deleted_and_its_secret_is_shown_once(world: World, shop: Shop) -> None:
    segment = create_segment(world, shop)["id"]
    made = create(
        world, shop, segments=[segment], events=["segment.entered"], policy={"again": {"not_within_seconds": 60}}
    )
    secret = made.pop("secret")
    assert len(base64.b64decode(secret.removeprefix("whsec_"))) == 32
    assert made["id"].startswith("hook_")
    assert made == {
        "id": made["id"], "url": URL, "events": ["segment.entered"], "segments": [segment], "delay_seconds": 0, "active": True,
        "policy": {"again": {"not_within_seconds": 60}}, "disabled": None, "old_secret_until": None,
        "created_at": "2026-01-01T00:00:00.000Z", "changed_at": "2026-01-01T00:00:00.000Z",
    }  # fmt: skip
    url = f"/v1/hooks/{made['id']}"
    assert world.client.get(url, headers=shop.reads).json() == made
    assert world.client.get("/v1/hooks", headers=shop.reads).json() == {"hooks": [made]}
    world.clock.now += 1_000
    changed = world.client.put(
        url, json={"url": URL + "/2", "delay_seconds": 60, "active": False}, headers=shop.reads
    ).json()
    assert (changed["url"], changed["segments"], changed["policy"], changed["active"]) == (
        URL + "/2",
        None,
        {"again": "always"},
        False,
    )
    assert changed["events"] == ["segment.entered", "segment.exited"]
    assert "secret" not in changed
    assert world.client.delete(url, headers=shop.reads).status_code == 204
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/secret"), ("POST", "/test"), ("GET", "/deliveries")):
        assert world.client.request(method, url + path, headers=shop.reads).status_code == 404
    assert world.client.get("/v1/hooks", headers=shop.reads).json() == {"hooks": []}
    stored = world.store.rows_of(f"SELECT secret FROM hooks FINAL WHERE hook_id = '{made['id']}'")
    assert stored == [{"secret": ""}]


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"url": "https://127.0.0.1/"}, "/url"), ({"url": "http://169.254.169.254/latest"}, "/url"), ({"url": "https://[::1]/"}, "/url"),
        ({"url": "https://localhost/"}, "/url"), ({"url": "https://u:p@a.example/"}, "/url"), ({"url": "ftp://a.example/"}, "/url"),
        ({"url": ""}, "/url"), ({}, "/url"), ({"url": URL, "events": []}, "/events"), ({"url": URL, "events": ["x"]}, "/events/0"),
        ({"url": URL, "segments": ["seg_none"]}, "/segments/0"), ({"url": URL, "segments": []}, "/segments"),
        ({"url": URL, "delay_seconds": 604_801}, "/delay_seconds"), ({"url": URL, "secret": "mine"}, "/secret"),
        ({"url": URL, "policy": {"again": {"not_within_seconds": 0}}}, "/policy/again"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_hook_is_refused_with_its_place(
    world: World, shop: Shop, body: dict[str, Any], place: str
) -> None:
    answer = world.client.post("/v1/hooks", json=body, headers=shop.reads)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0]["place"].startswith(place)
    assert world.client.get("/v1/hooks", headers=shop.reads).json() == {"hooks": []}


def test_a_name_that_has_no_address_now_may_be_saved(world: World, shop: Shop) -> None:
    assert create(world, shop, url="https://shop.invalid/hooks")["url"] == "https://shop.invalid/hooks"


def test_a_site_has_only_so_many_hooks(world: World, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "MOST_HOOKS", 2)
    for _ in range(2):
        create(world, shop)
    assert world.client.post("/v1/hooks", json={"url": URL}, headers=shop.reads).status_code == 409


def test_a_secret_is_changed_and_the_old_one_signs_for_a_day(world: World, shop: Shop) -> None:
    made = create(world, shop)
    answer = world.client.post(f"/v1/hooks/{made['id']}/secret", headers=shop.reads).json()
    assert answer["secret"] != made["secret"]
    assert answer["old_secret_until"] == "2026-01-02T00:00:00.000Z"
    hook = get_hook(world.store, shop.site_id, made["id"])
    assert hook is not None
    assert hook.secrets(NOW + DAY - 1) == [answer["secret"], made["secret"]]
    assert hook.secrets(NOW + DAY) == [answer["secret"]]
    assert made["secret"] not in repr(hook)


def test_a_hook_whose_receiver_wants_no_more_says_so_until_it_is_made_active(world: World, shop: Shop) -> None:
    url = f"/v1/hooks/{create(world, shop)['id']}"
    disable_hook(world.store, shop.site_id, url.rpartition("/")[2], "it answered 410", NOW + 5)
    told = world.client.get(url, headers=shop.reads).json()
    assert told["active"] is False
    assert told["disabled"] == {"reason": "it answered 410", "at": "2026-01-01T00:00:00.005Z"}
    assert world.client.post(url + "/test", headers=shop.reads).status_code == 409
    world.clock.now += HOUR
    told = world.client.put(url, json={"url": URL}, headers=shop.reads).json()
    assert (told["active"], told["disabled"]) == (True, None)


def test_deliveries_are_paged_newest_first_and_by_status(world: World, shop: Shop) -> None:
    hook_id = create(world, shop)["id"]
    written(world, *(delivery(shop, hook_id, n, status=("delivered", "failed")[n % 2]) for n in range(10)))
    url = f"/v1/hooks/{hook_id}/deliveries"
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = world.client.get(f"{url}?limit=3&cursor={cursor}", headers=shop.reads).json()
        found += [one["transition_id"] for one in page["deliveries"]]
        cursor = page["next_cursor"]
    assert found == [f"tr_{n}" for n in reversed(range(10))]
    failed = world.client.get(f"{url}?status=failed", headers=shop.reads).json()["deliveries"]
    assert [one["transition_id"] for one in failed] == [f"tr_{n}" for n in (9, 7, 5, 3, 1)]
    assert failed[0]["body"] == {"n": 9}
    assert world.client.get(f"{url}?cursor=x", headers=shop.reads).status_code == 400
    assert world.client.get(f"{url}?status=lost", headers=shop.reads).status_code == 422


def test_failed_deliveries_are_sent_again_one_or_many_with_the_same_body(world: World, shop: Shop) -> None:
    hook_id = create(world, shop)["id"]
    written(world, *(delivery(shop, hook_id, n, status="failed", attempts=10) for n in range(6)))
    written(world, delivery(shop, hook_id, 6))
    url = f"/v1/hooks/{hook_id}"
    world.clock.now += HOUR
    one = world.client.post(f"{url}/deliveries/{webhook_id('tr_6', hook_id)}/replay", headers=shop.reads)
    assert (one.status_code, one.json()) == (202, {"count": 1})
    since = {"status": "failed", "since": "2026-01-01T00:00:00.002Z"}
    many = world.client.post(f"{url}/replay", json=since, headers=shop.reads)
    assert (many.status_code, many.json()) == (202, {"count": 4})
    told = world.client.get(f"{url}/deliveries?status=waiting", headers=shop.reads).json()["deliveries"]
    assert {one["transition_id"] for one in told} == {f"tr_{n}" for n in range(2, 7)}
    assert {(one["attempts"], one["reason"], one["next_attempt_at"]) for one in told} == {
        (0, "replayed", "2026-01-01T01:00:00.000Z")
    }
    assert all(one["body"] == {"n": int(one["transition_id"][3:])} for one in told)
    assert world.client.post(f"{url}/deliveries/msg_none/replay", headers=shop.reads).status_code == 404
    assert world.client.post(f"{url}/replay", json={"since": "yesterday"}, headers=shop.reads).status_code == 422


def test_a_test_event_waits_to_be_sent(world: World, shop: Shop) -> None:
    hook_id = create(world, shop)["id"]
    answer = world.client.post(f"/v1/hooks/{hook_id}/test", headers=shop.reads)
    assert answer.status_code == 202
    told = world.client.get(f"/v1/hooks/{hook_id}/deliveries", headers=shop.reads).json()["deliveries"]
    assert [(one["webhook_id"], one["type"], one["status"]) for one in told] == [
        (answer.json()["webhook_id"], "hook.test", "waiting")
    ]
    assert told[0]["body"] == {
        "type": "hook.test",
        "timestamp": "2026-01-01T00:00:00.000Z",
        "data": {"hook_id": hook_id},
    }


def test_hooks_and_deliveries_of_another_site_are_not_there(world: World, shop: Shop) -> None:
    other = world.shop()
    hook_id = create(world, shop)["id"]
    written(world, delivery(shop, hook_id, 1, status="failed"))
    url, webhook = f"/v1/hooks/{hook_id}", webhook_id("tr_1", hook_id)
    for method, path, body in (
        ("GET", "", None), ("PUT", "", {"url": URL + "/stolen"}), ("DELETE", "", None), ("POST", "/secret", None), ("POST", "/test", None),
        ("GET", "/deliveries", None), ("POST", f"/deliveries/{webhook}/replay", None), 
        ("POST", "/replay", {"since": "2020-01-01T00:00:00Z"}),
    ):  # fmt: skip
        assert world.client.request(method, url + path, json=body, headers=other.reads).status_code == 404, path
        assert world.client.request(method, url + path, json=body, headers=shop.writes).status_code == 403, path
    assert world.client.get("/v1/hooks", headers=other.reads).json() == {"hooks": []}
    told = world.client.get(f"{url}/deliveries", headers=shop.reads).json()["deliveries"]
    assert [one["status"] for one in told] == ["failed"]
    segment = create_segment(world, other)["id"]
    answer = world.client.post("/v1/hooks", json={"url": URL, "segments": [segment]}, headers=shop.reads)
    assert answer.status_code == 422
