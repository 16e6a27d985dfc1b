"""Signing in and out: what opens a session, what ends it, and who has to wait."""

from __future__ import annotations

import dataclasses
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from api.accounts.access import COOKIE
from api.accounts.doorkeeper import (
    _IN_LINE,
    FREE_ANYWHERE,
    FREE_BY_EMAIL,
    IDLE_MS,
    LONGEST_ANYWHERE_MS,
    LONGEST_MS,
    Doorkeeper,
    TooMany,
)
from api.accounts.passwords import keep
from api.app import create_app
from sql.sessions import Session, write_session
from sql.store import Store, StoreUnavailable
from sql.users import find_user, remove_user, set_role, update_user
from tests.api.accounts.conftest import PAGE, PASSWORD, Hires
from tests.api.client import Client
from tests.api.conftest import HOUR, MINUTE, NOW, Shop, World
from tests.api.dispatch.stage import until
from tests.api.test_auth import AwayStore

OTHER = "another good password"


def test_who_signs_in_is_told_his_sites_and_gets_a_cookie_no_script_can_read(
    world: World, shop: Shop, hire: Hires
) -> None:
    kim = hire(**{shop.site_id: "editor"})
    answer = kim.sign_in()
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    cookie = answer.headers["set-cookie"]
    for part in (f"{COOKIE}=", "HttpOnly", "SameSite=lax", "Path=/", f"Max-Age={LONGEST_MS // 1000}"):
        assert part in cookie
    assert "Secure" not in cookie
    told = kim.call("GET", "/v1/session").json()
    assert told == answer.json()
    assert told["user"] == {"id": kim.user_id, "email": kim.email, "name": "Kim", "language": "ko"}
    site = {"id": shop.site_id, "name": "Shop", "role": "editor", "currency": "KRW", "timezone": "Asia/Seoul"}
    assert told["sites"] == [site]
    assert told["expires_at"] == "2026-01-01T12:00:00.000Z"


def test_over_tls_the_cookie_is_for_tls_only(world: World, shop: Shop, hire: Hires) -> None:
    kim = hire(**{shop.site_id: "viewer"})
    told = {"email": kim.email, "password": PASSWORD}
    answer = world.client.post("https://sonnim.test/v1/session", json=told, headers=PAGE)
    assert "Secure" in answer.headers["set-cookie"]


@pytest.mark.parametrize(
    ("trusted", "secure"), [("203.0.113.7", True), ("203.0.113.0/24, ::1", True), ("10.0.0.0/8", False), ("", False)]
)
def test_only_a_trusted_proxy_says_that_it_was_tls_and_from_where(
    world: World, shop: Shop, hire: Hires, trusted: str, secure: bool
) -> None:
    admin = hire(**{shop.site_id: "admin"})
    client = Client(ProxyHeadersMiddleware(world.app, trusted))  # type: ignore[arg-type]
    proxied = {**PAGE, "X-Forwarded-Proto": "https", "X-Forwarded-For": "198.51.100.9"}
    told = {"email": admin.email, "password": PASSWORD}
    answer = client.post("/v1/session", json=told, headers=proxied)
    assert ("Secure" in answer.headers["set-cookie"]) == secure
    shown = {"Cookie": f"{COOKIE}={answer.cookies[COOKIE]}", **proxied}
    client.forget_cookies()
    body = {"name": "mine", "expression": {"field": "visits", "op": ">=", "value": 1}}
    assert client.post("/v1/segments", json=body, headers=shown).status_code == 201
    (entry,) = client.get("/v1/audit", headers=shown).json()["entries"]
    assert entry["address"] == ("198.51.100.9" if secure else "203.0.113.7")
    client.close()


def test_only_the_hash_of_a_token_is_kept(world: World, shop: Shop, hire: Hires) -> None:
    kim = hire(**{shop.site_id: "viewer"})
    kim.sign_in()
    assert len(kim.token) >= 43
    kept = world.store.rows_of("SELECT * FROM sessions FINAL WHERE user_id = {u:String}", {"u": kim.user_id})
    assert len(kept) == 1
    assert kim.token not in str(kept)


def test_email_is_compared_as_people_write_it(world: World, shop: Shop, hire: Hires) -> None:
    kim = hire("minji.kim@shop.example", **{shop.site_id: "viewer"})
    kim.email = "  Minji.Kim@SHOP.example "
    assert kim.sign_in().status_code == 200


def test_a_wrong_email_and_a_wrong_password_are_answered_alike(world: World, shop: Shop, hire: Hires) -> None:
    kim, nobody = hire(**{shop.site_id: "viewer"}), hire(**{shop.site_id: "viewer"})
    nobody.email = "nobody@shop.example"
    one, other = kim.sign_in("not the password"), nobody.sign_in("not the password")
    assert one.status_code == other.status_code == 401
    assert one.json() == other.json()
    assert "set-cookie" not in one.headers
    assert [name for name in one.headers if name not in other.headers] == []


def test_after_some_failures_one_has_to_wait_longer_and_longer(world: World, shop: Shop, hire: Hires) -> None:
    kim = hire(**{shop.site_id: "viewer"})
    for _ in range(FREE_BY_EMAIL + 1):
        assert kim.sign_in("not the password").status_code == 401
    pauses = []
    for _ in range(4):
        answer = kim.sign_in()
        assert (answer.status_code, answer.json()["type"]) == (429, "urn:sonnim:problem:too_many_attempts")
        pauses.append(int(answer.headers["retry-after"]))
        world.clock.now += pauses[-1] * 1000
        assert kim.sign_in("not the password").status_code == 401
    assert pauses == [2, 4, 8, 16]
    world.clock.now += 32_000
    assert kim.sign_in().status_code == 200
    for _ in range(FREE_BY_EMAIL):
        assert kim.sign_in("not the password").status_code == 401


def test_an_unknown_email_has_to_wait_too_and_another_one_has_not(world: World, shop: Shop, hire: Hires) -> None:
    kim, nobody = hire(**{shop.site_id: "viewer"}), hire(**{shop.site_id: "viewer"})
    nobody.email = "nobody@shop.example"
    for _ in range(FREE_BY_EMAIL + 1):
        nobody.sign_in("x")
    assert nobody.sign_in("x").status_code == 429
    assert kim.sign_in().status_code == 200


def test_a_stranger_elsewhere_keeps_nobody_out(world: World, shop: Shop, hire: Hires) -> None:
    kim = hire(**{shop.site_id: "viewer"})
    door = Doorkeeper(world.store, 0)
    for attempt in range(3 * FREE_BY_EMAIL):
        world.clock.now += 20 * 60_000 if attempt > FREE_BY_EMAIL else 0
        assert door.sign_in(kim.email, "not the password", "203.0.113.9", world.clock.now) is None
    assert door.sign_in(kim.email, PASSWORD, "198.51.100.7", world.clock.now) is not None


def test_many_addresses_together_have_to_wait_too_but_never_for_long() -> None:
    door = Doorkeeper(Store("http://127.0.0.1:9"), 0)
    for attempt in range(FREE_ANYWHERE + 20):
        with suppress(TooMany):
            door._count("kim@shop.example", f"203.0.113.{attempt}", NOW + attempt)
    with pytest.raises(TooMany) as caught:
        door._count("kim@shop.example", "198.51.100.7", NOW + FREE_ANYWHERE + 20)
    assert 0 < caught.value.seconds <= LONGEST_ANYWHERE_MS // 1000
    door._count("lee@shop.example", "198.51.100.7", NOW)


def test_attempts_beyond_the_line_are_sent_away_at_once_and_not_held_against_anybody(
    world: World, shop: Shop, hire: Hires, monkeypatch: pytest.MonkeyPatch
) -> None:
    kim = hire(**{shop.site_id: "viewer"})
    door = Doorkeeper(world.store, 0)
    free, lookers = threading.Event(), threading.Semaphore(0)

    def slow(password: str, kept: str) -> bool:
        lookers.release()
        return free.wait(30)

    monkeypatch.setattr("api.accounts.doorkeeper.matches", slow)
    with ThreadPoolExecutor(_IN_LINE) as threads:
        looked_at = [threads.submit(door.right, kim.email, "x", f"203.0.113.{n}", NOW) for n in range(2)]
        for _ in looked_at:
            assert lookers.acquire(timeout=30)
        waiting = [threads.submit(door.right, kim.email, "x", f"203.0.113.{n}", NOW) for n in range(2, _IN_LINE)]
        until(lambda: door._line._value == 0)
        for _ in range(3 * FREE_BY_EMAIL):
            with pytest.raises(TooMany):
                door.right(kim.email, "x", "198.51.100.7", NOW)
        free.set()
        assert all(one.result() is not None for one in looked_at)
        assert {type(one.exception()) for one in waiting} <= {type(None), TooMany}
    assert door.right(kim.email, PASSWORD, "198.51.100.7", NOW) is not None


def test_a_password_that_was_changed_meanwhile_is_not_changed_again(
    world: World, shop: Shop, hire: Hires, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two browsers at once: the second one is told, and its change is not half done."""
    kim = hire(**{shop.site_id: "viewer"})
    kim.sign_in()

    def slow(password: str) -> str:
        user = find_user(world.store, user_id=kim.user_id)
        assert user is not None
        update_user(world.store, user, world.clock.now + 5, password=keep("meanwhile it is this one"))
        return keep(password)

    monkeypatch.setattr("api.accounts.routes.keep", slow)
    answer = kim.call("PUT", "/v1/session/password", {"current": PASSWORD, "new": "and another one of mine"})
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:sonnim:problem:password_changed")
    assert kim.sign_in("meanwhile it is this one").status_code == 200


def test_signing_out_ends_the_session_for_every_process(world: World, shop: Shop, hire: Hires) -> None:
    kim = hire(**{shop.site_id: "viewer"})
    kim.sign_in()
    other = Doorkeeper(world.store, 1_500)
    assert other.who(kim.token, NOW) is not None
    answer = kim.call("DELETE", "/v1/session")
    assert answer.status_code == 204
    assert f'{COOKIE}=""' in answer.headers["set-cookie"]
    assert kim.call("GET", "/v1/session").status_code == 401
    world.clock.now += 2_000
    assert other.who(kim.token, world.clock.now) is None
    assert kim.call("DELETE", "/v1/session").status_code == 204


def test_a_note_of_use_that_comes_late_does_not_bring_a_session_back(world: World, shop: Shop, hire: Hires) -> None:
    kim = hire(**{shop.site_id: "viewer"})
    kim.sign_in()
    late = AwayStore(world.store.url, world.store.database)
    door = Doorkeeper(late, 0)
    kim.call("DELETE", "/v1/session")
    (row,) = world.store.rows_of("SELECT * FROM sessions FINAL WHERE user_id = {u:String}", {"u": kim.user_id})
    write_session(world.store, Session(row["token_hash"], kim.user_id, row["password_version"], NOW, NOW + 10 * MINUTE))
    assert door.who(kim.token, NOW + 10 * MINUTE) is None
    late.close()


def test_a_session_that_is_used_lasts_and_one_that_is_not_ends_after_twelve_hours(
    world: World, shop: Shop, hire: Hires
) -> None:
    kim, lee = hire(**{shop.site_id: "viewer"}), hire(**{shop.site_id: "viewer"})
    kim.sign_in()
    lee.sign_in()
    for _ in range(2):
        world.clock.now += IDLE_MS - MINUTE
        assert kim.call("GET", "/v1/segments").status_code == 200
    assert lee.call("GET", "/v1/segments").status_code == 401
    world.clock.now += IDLE_MS
    answer = kim.call("GET", "/v1/segments")
    assert (answer.status_code, answer.json()["type"]) == (401, "urn:sonnim:problem:signed_out")


def test_no_session_lasts_longer_than_fourteen_days(world: World, shop: Shop, hire: Hires) -> None:
    kim = hire(**{shop.site_id: "viewer"})
    kim.sign_in()
    while world.clock.now + 11 * HOUR < NOW + LONGEST_MS:
        world.clock.now += 11 * HOUR
        assert kim.call("GET", "/v1/session").status_code == 200
    world.clock.now = NOW + LONGEST_MS
    assert kim.call("GET", "/v1/session").status_code == 401


def test_another_password_ends_all_sessions_but_begins_this_one_anew(world: World, shop: Shop, hire: Hires) -> None:
    kim = hire(**{shop.site_id: "viewer"})
    kim.sign_in()
    elsewhere = dataclasses.replace(kim)
    kim.sign_in()
    answer = kim.call("PUT", "/v1/session/password", {"current": "not the password", "new": OTHER})
    assert (answer.status_code, answer.json()["errors"][0]["place"]) == (422, "/current")
    for new in (kim.email, "short", "aaaaaaaaaaaaaaaa"):
        assert kim.call("PUT", "/v1/session/password", {"current": PASSWORD, "new": new}).status_code == 422
    answer = kim.call("PUT", "/v1/session/password", {"current": PASSWORD, "new": OTHER})
    assert answer.status_code == 200
    before, kim.token = kim.token, answer.cookies[COOKIE]
    assert kim.call("GET", "/v1/session").status_code == 200
    assert elsewhere.call("GET", "/v1/session").status_code == 401
    assert dataclasses.replace(kim, token=before).call("GET", "/v1/session").status_code == 401
    assert kim.sign_in().status_code == 401
    assert kim.sign_in(OTHER).status_code == 200


def test_signing_in_keeps_the_password_at_the_cost_of_today_and_sessions_go_on(
    world: World, shop: Shop, hire: Hires, monkeypatch: pytest.MonkeyPatch
) -> None:
    kim = hire(**{shop.site_id: "viewer"})
    monkeypatch.setattr("api.accounts.passwords.COST", (1 << 5, 8, 2))
    kim.sign_in()
    user = find_user(world.store, user_id=kim.user_id)
    assert user is not None
    assert user.password.startswith("scrypt$32$8$2$")
    assert kim.call("GET", "/v1/session").status_code == 200


def test_a_user_who_is_removed_and_a_role_that_is_taken_away_open_nothing(
    world: World, shop: Shop, hire: Hires
) -> None:
    kim = hire(**{shop.site_id: "admin"})
    kim.sign_in()
    set_role(world.store, kim.user_id, shop.site_id, None, NOW)
    world.clock.now += 2_000
    assert kim.call("GET", "/v1/segments", site=shop.site_id).status_code == 403
    assert kim.call("GET", "/v1/session").json()["sites"] == []
    user = find_user(world.store, user_id=kim.user_id)
    assert user is not None
    remove_user(world.store, user, world.clock.now)
    world.clock.now += 2_000
    assert kim.call("GET", "/v1/session").status_code == 401
    assert kim.sign_in().status_code == 401
    kept = world.store.rows_of("SELECT * FROM users FINAL WHERE user_id = {u:String}", {"u": kim.user_id})
    assert kim.email not in str(kept)


def test_while_clickhouse_is_away_a_session_that_was_seen_goes_on_for_a_while(
    world: World, shop: Shop, hire: Hires
) -> None:
    kim = hire(**{shop.site_id: "viewer"})
    kim.sign_in()
    store = AwayStore(world.store.url, world.store.database)
    door = Doorkeeper(store, 1_500)
    assert door.who(kim.token, NOW) is not None
    store.away = True
    assert door.who(kim.token, NOW + 14 * MINUTE) is not None
    for token, now in ((kim.token, NOW + 16 * MINUTE), ("another", NOW)):
        with pytest.raises(StoreUnavailable):
            door.who(token, now)
    store.close()


def test_the_language_is_kept(world: World, shop: Shop, hire: Hires) -> None:
    kim = hire(**{shop.site_id: "viewer"})
    kim.sign_in()
    answer = kim.call("PUT", "/v1/session/language", {"language": "en"})
    assert answer.json()["user"]["language"] == "en"
    assert kim.call("PUT", "/v1/session/language", {"language": "fr"}).status_code == 422
    assert kim.sign_in().json()["user"]["language"] == "en"


def test_processes_share_sessions(world: World, shop: Shop, hire: Hires) -> None:
    kim = hire(**{shop.site_id: "viewer"})
    kim.sign_in()
    other = Client(create_app(world.store, world.log, world.clock))
    answer = other.get("/v1/segments", headers={"Cookie": f"{COOKIE}={kim.token}"})
    assert answer.status_code == 200
    other.close()
