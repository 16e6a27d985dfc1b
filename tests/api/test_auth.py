"""Keys: four ways to show one, two kinds, one site."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from api.keyring import Keyring
from sql.keys import create_key, key_hash, list_keys, revoke_key
from sql.store import Store, StoreUnavailable
from tests.api.conftest import NOW, Shop, World

EVENT = {"event_id": "e", "visitor_id": "v", "name": "page_view"}


def basic(user: str, password: str = "") -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def test_a_key_may_be_shown_in_four_ways(world: World, shop: Shop) -> None:
    ways: list[tuple[dict[str, str], str]] = [
        ({"Authorization": f"Bearer {shop.write_key}"}, ""),
        ({"X-Sonnim-Key": shop.write_key}, ""),
        (basic(shop.write_key), ""),
        (basic("", shop.write_key), ""),
        ({}, f"?key={shop.write_key}"),
    ]
    for headers, query in ways:
        assert world.client.post(f"/v1/events{query}", json=[EVENT], headers=headers).status_code == 202


def test_answers_stay_in_no_cache_but_the_snippet(world: World, shop: Shop) -> None:
    for path, status in (("live/visitors", 200), ("segments", 200), ("people/nobody", 404), ("nothing", 404)):
        answer = world.client.get(f"/v1/{path}", headers=shop.reads)
        assert (answer.status_code, answer.headers["cache-control"]) == (status, "no-store")
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert world.client.post("/v1/events", json=[EVENT]).headers["cache-control"] == "no-store"
    assert world.client.get("/v1/sonnim.js").headers["cache-control"] == "public, max-age=3600"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer nonsense"},
        {"Authorization": "Bearer "},
        {"Authorization": "Basic %%%"},
        {"Authorization": "Digest x"},
        {"X-Sonnim-Key": "snm_s_" + "a" * 40},
        {"X-Sonnim-Key": "k\u00e9y".encode("latin-1")},
    ],
)
def test_no_key_or_an_unknown_one_is_401(world: World, headers: Any) -> None:
    for answer in (
        world.client.post("/v1/events", json=[EVENT], headers=headers),
        world.client.get("/v1/live/visitors", headers=headers),
        world.client.get("/v1/segments", headers=headers),
    ):
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
        assert "www-authenticate" in answer.headers
    assert world.log.events() == []


def test_a_write_key_reads_nothing(world: World, shop: Shop) -> None:
    for method, path in [
        ("GET", "/v1/live/visitors"),
        ("POST", "/v1/live/visitors"),
        ("GET", "/v1/visitors/v"),
        ("POST", "/v1/reports/live"),
        ("POST", "/v1/reports/live.csv"),
        ("GET", "/v1/reports/curve"),
        ("GET", "/v1/segments"),
        ("GET", "/v1/segments/fields"),
        ("DELETE", "/v1/segments/x"),
    ]:
        answer = world.client.request(method, path, headers=shop.writes, json={} if method == "POST" else None)
        assert answer.status_code == 403, path
        assert answer.json()["type"].endswith("wrong_kind_of_key")


def test_a_secret_key_never_goes_into_a_url(world: World, shop: Shop) -> None:
    answer = world.client.post(f"/v1/events?key={shop.secret_key}", json=[EVENT])
    assert answer.status_code == 403
    assert answer.json()["type"].endswith("secret_key_in_url")
    assert world.client.get(f"/v1/live/visitors?key={shop.secret_key}").status_code == 401


def test_a_revoked_key_stops_working_within_two_seconds(world: World, shop: Shop) -> None:
    assert world.client.get("/v1/segments", headers=shop.reads).status_code == 200
    (entry,) = [key for key in list_keys(world.store, shop.site_id) if key.kind == "secret"]
    assert revoke_key(world.store, shop.site_id, entry.key_id, NOW)
    world.clock.now += 2000
    assert world.client.get("/v1/segments", headers=shop.reads).status_code == 401
    new, _ = create_key(world.store, shop.site_id, "secret", NOW)
    assert world.client.get("/v1/segments", headers={"X-Sonnim-Key": new}).status_code == 200


class AwayStore(Store):
    """A store that can go away."""

    away = False

    def rows(self, name: str, params: Any = None) -> list[dict[str, Any]]:
        if self.away:
            raise StoreUnavailable("away")
        return super().rows(name, params)


def test_known_keys_still_open_the_door_while_clickhouse_is_away(world: World, shop: Shop) -> None:
    store = AwayStore(world.store.url, world.store.database)
    keyring = Keyring(store, cache_ms=1500)
    assert keyring.holder(shop.write_key, NOW) is not None
    store.away = True
    holder = keyring.holder(shop.write_key, NOW + 3_600_000)
    assert holder is not None
    assert holder.site_id == shop.site_id
    with pytest.raises(StoreUnavailable):
        keyring.holder("unknown", NOW)
    store.close()


def test_a_busy_key_is_looked_up_once(world: World, shop: Shop) -> None:
    store = AwayStore(world.store.url, world.store.database)
    keyring = Keyring(store, cache_ms=1500)
    first = keyring.holder(shop.write_key, NOW)
    store.away = True
    assert keyring.holder(shop.write_key, NOW + 1499) == first
    store.close()


def test_only_the_hash_of_a_key_is_kept(world: World, shop: Shop) -> None:
    hashes = world.store.rows_of("SELECT toString(key_hash) AS kept FROM site_keys FINAL")
    kept = {row["kept"] for row in hashes}
    assert key_hash(shop.secret_key) in kept
    assert shop.secret_key not in kept
