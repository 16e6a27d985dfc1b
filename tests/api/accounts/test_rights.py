"""What a session opens: every call with every role, one site at a time, and for pages of ours alone."""

from __future__ import annotations

import re

import pytest

from api.accounts.rights import RIGHTS, needed, reaches
from api.app import create_app
from sql.users import ROLES
from tests.api.accounts.conftest import PAGE, Hires, Person
from tests.api.conftest import Clock, Shop, World
from tests.api.memory_log import MemoryLog

SENDING = {f"POST /v1/{call}" for call in ("events", "identify", "track", "page", "alias", "batch")}
OPEN = {"GET /v1/sonnim.js", "GET /healthz", "GET /readyz", "GET /metrics"}
OWN = {f"{call} /v1/session" for call in ("GET", "POST", "DELETE")} | {
    "PUT /v1/session/password",
    "PUT /v1/session/language",
}
SCHEMA = create_app(None, MemoryLog(), Clock()).openapi()["paths"]  # type: ignore[arg-type]
CALLS = {f"{method.upper()} {path}" for path, methods in SCHEMA.items() for method in methods}


def test_every_call_has_its_role_and_no_other_has() -> None:
    assert set(RIGHTS) == CALLS - SENDING - OPEN - OWN


def test_reading_is_for_viewers_but_users_and_audit() -> None:
    above = {call for call, role in RIGHTS.items() if call.startswith("GET") and role != "viewer"}
    assert above == {"GET /v1/users", "GET /v1/audit"}


def test_what_only_asks_is_for_viewers_and_no_other_change_is() -> None:
    asking = {call for call, role in RIGHTS.items() if not call.startswith("GET") and role == "viewer"}
    reports = {"POST /v1/reports/live", "POST /v1/reports/live.csv"}
    assert asking == {"POST /v1/live/visitors", "POST /v1/live/visitors.csv", *reports, "POST /v1/segments/preview"}


def test_editors_change_segments_and_hooks_and_nothing_else() -> None:
    for call, role in RIGHTS.items():
        if not call.startswith("GET") and role != "viewer":
            assert (role == "editor") == bool(re.search(r"/v1/(segments|hooks)", call)), call


def test_a_call_nobody_thought_of_is_for_admins() -> None:
    assert needed("POST", "/v1/something/new") == "admin"
    assert needed("GET", "/v1/people/{person_id:path}/segments") == "viewer"


def test_roles_have_an_order() -> None:
    found = [[reaches(role, least) for least in ROLES] for role in ROLES]
    assert found == [[True, False, False], [True, True, False], [True, True, True]]


@pytest.mark.parametrize("role", ROLES)
def test_every_call_with_this_role(world: World, shop: Shop, hire: Hires, role: str) -> None:
    someone = hire(**{shop.site_id: role})
    someone.sign_in()
    for call, least in RIGHTS.items():
        method, path = call.split()
        path = re.sub(r"\{\w+\}", "nothing", path)
        answer = someone.call(method, path, None if method in ("GET", "DELETE") else {"wrong": "body"})
        if ROLES.index(role) >= ROLES.index(least):  # type: ignore[arg-type]
            assert answer.status_code not in (401, 403), call
        else:
            assert (answer.status_code, answer.json()["type"]) == (403, "urn:sonnim:problem:role_too_low"), call
            assert least in answer.json()["detail"]


def test_a_session_sends_no_events(world: World, shop: Shop, hire: Hires) -> None:
    admin = hire(**{shop.site_id: "admin"})
    admin.sign_in()
    for call in SENDING:
        assert admin.call(*call.split(), {"name": "x"}).status_code == 401, call  # type: ignore[arg-type]


@pytest.fixture
def two(world: World, hire: Hires) -> tuple[Person, Shop, Shop, Shop]:
    """Somebody who is a viewer of one shop and an admin of another, and a third shop."""
    one, other, foreign = world.shop(), world.shop(), world.shop()
    someone = hire(**{one.site_id: "viewer", other.site_id: "admin"})
    someone.sign_in()
    return someone, one, other, foreign


def test_who_has_two_sites_says_which_one_and_has_there_the_role_he_has_there(
    two: tuple[Person, Shop, Shop, Shop],
) -> None:
    someone, one, other, _ = two
    answer = someone.call("GET", "/v1/segments")
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:sonnim:problem:which_site")
    body = {"name": "mine", "expression": {"field": "visits", "op": ">=", "value": 1}}
    assert someone.call("POST", "/v1/segments", body, one.site_id).status_code == 403
    assert someone.call("POST", "/v1/segments", body, other.site_id).status_code == 201
    assert someone.call("GET", "/v1/segments", site=one.site_id).json()["segments"] == []
    assert len(someone.call("GET", "/v1/segments", site=other.site_id).json()["segments"]) == 1


def test_a_site_without_a_role_and_one_that_is_not_there_are_refused_alike(
    two: tuple[Person, Shop, Shop, Shop],
) -> None:
    someone, _, _, foreign = two
    for path in ("/v1/segments", "/v1/users", "/v1/live/visitors"):
        answers = [someone.call("GET", path, site=site) for site in (foreign.site_id, "nowhere", "a b")]
        assert [answer.status_code for answer in answers] == [403] * 3
        assert answers[0].json() == answers[1].json()


def test_the_site_may_be_in_the_query_where_no_header_can_be_sent(two: tuple[Person, Shop, Shop, Shop]) -> None:
    someone, one, other, foreign = two
    asked = f"/v1/live/visitors?window=7d&site={other.site_id}&q=a%20b"
    assert someone.call("GET", asked).status_code == 200
    assert someone.call("GET", f"/v1/users?site={other.site_id}").status_code == 200
    assert someone.call("GET", f"/v1/users?site={one.site_id}").status_code == 403
    assert someone.call("GET", f"/v1/segments?site={foreign.site_id}").status_code == 403
    assert someone.call("GET", f"/v1/users?site={other.site_id}", site=one.site_id).status_code == 403


def test_a_key_beside_a_session_counts_alone(two: tuple[Person, Shop, Shop, Shop]) -> None:
    someone, _, other, foreign = two
    body = {"name": "the key's", "expression": {"field": "visits", "op": ">=", "value": 1}}
    answer = someone.call("POST", "/v1/segments", body, other.site_id, foreign.reads)
    assert answer.status_code == 201
    assert someone.call("GET", "/v1/segments", site=other.site_id).json()["segments"] == []
    assert someone.call("GET", "/v1/segments", headers={"X-Sonnim-Key": "unknown"}).status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"X-Sonnim": "0"}, 403),
        ({"X-Sonnim": "1"}, 201),
        ({"Sec-Fetch-Site": "same-origin"}, 201),
    ],
)
def test_a_change_that_a_foreign_page_may_have_asked_for_is_refused(
    world: World, shop: Shop, hire: Hires, headers: dict[str, str], status: int
) -> None:
    admin = hire(**{shop.site_id: "admin"})
    admin.sign_in()
    body = {"name": "mine", "expression": {"field": "visits", "op": ">=", "value": 1}}
    assert admin.call("POST", "/v1/segments", body, headers=headers).status_code == status
    assert admin.call("GET", "/v1/segments", headers=headers).status_code == 200
    told = {"email": admin.email, "password": "not the password"}
    assert world.client.post("/v1/session", json=told, headers=headers).status_code == (401 if status == 201 else 403)
    if status == 403:
        assert admin.call("DELETE", "/v1/session", headers=headers).status_code == 403
        assert admin.call("PUT", "/v1/session/language", {"language": "en"}, headers=headers).status_code == 403
        assert admin.call("GET", "/v1/session").status_code == 200


@pytest.mark.parametrize("token", ["", "x", "\u00e9", "a" * 4_000, '"quoted"'])
def test_a_token_that_is_none_opens_nothing(world: World, token: str) -> None:
    headers = {"Cookie": f"sonnim_session={token}".encode(), **PAGE}
    assert world.client.get("/v1/session", headers=headers).status_code == 401
    assert world.client.get("/v1/segments", headers=headers).status_code == 401
