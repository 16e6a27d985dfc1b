"""Admins of a site and its users."""

from __future__ import annotations

from typing import Any

import pytest

from sql.users import set_role
from tests.api.accounts.conftest import PASSWORD, Hires, Person
from tests.api.conftest import NOW, Shop, World

NEW = "another good password"


@pytest.fixture
def admin(shop: Shop, hire: Hires) -> Person:
    someone = hire(**{shop.site_id: "admin"})
    someone.sign_in()
    return someone


def add(admin: Person, email: str, role: str = "viewer", **more: Any) -> Any:
    return admin.call("POST", "/v1/users", {"email": email, "role": role, **more})


def test_an_admin_adds_somebody_who_can_sign_in_then(world: World, admin: Person) -> None:
    answer = add(admin, " New.One@Shop.example", "editor", name="Lee", language="en", password=NEW)
    assert answer.status_code == 201
    told = answer.json()
    assert (told["email"], told["role"], told["name"], told["language"]) == (
        "new.one@shop.example",
        "editor",
        "Lee",
        "en",
    )
    assert [one["id"] for one in admin.call("GET", "/v1/users").json()["users"]] == sorted(
        [admin.user_id, told["id"]], key=lambda one: (one != admin.user_id) == (admin.email < told["email"])
    )
    someone = Person(world, told["id"], told["email"])
    assert someone.sign_in(NEW).json()["sites"][0]["role"] == "editor"
    assert NEW not in answer.text


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"email": "nobody", "role": "viewer", "password": NEW}, "/email"),
        ({"email": "n1@shop.example", "role": "viewer"}, "/password"),
        ({"email": "n1@shop.example", "role": "viewer", "password": "short"}, "/password"),
        ({"email": "n1@shop.example", "role": "viewer", "password": "N1@shop.example"}, "/password"),
        ({"email": "n1@shop.example", "role": "owner", "password": NEW}, "/role"),
        ({"email": "n1@shop.example", "role": "viewer", "password": NEW, "language": "fr"}, "/language"),
    ],
)
def test_what_is_wrong_is_told_by_its_place(admin: Person, body: dict[str, str], place: str) -> None:
    answer = admin.call("POST", "/v1/users", body)
    assert (answer.status_code, answer.json()["errors"][0]["place"]) == (422, place)


def test_who_has_an_account_at_ones_own_sites_keeps_his_password_and_gets_a_role_only(
    world: World, admin: Person, shop: Shop, hire: Hires
) -> None:
    other = world.shop()
    set_role(world.store, admin.user_id, other.site_id, "admin", NOW)
    admin.sign_in()
    kim = hire(**{other.site_id: "editor"})
    body = {"email": kim.email, "role": "viewer", "name": "Stolen"}
    answer = admin.call("POST", "/v1/users", {**body, "password": NEW}, site=shop.site_id)
    assert (answer.status_code, answer.json()["errors"][0]["place"]) == (422, "/password")
    answer = admin.call("POST", "/v1/users", body, site=shop.site_id)
    assert (answer.status_code, answer.json()["name"]) == (201, "Kim")
    assert kim.sign_in(NEW).status_code == 401
    sites = kim.sign_in().json()["sites"]
    assert {one["id"]: one["role"] for one in sites} == {other.site_id: "editor", shop.site_id: "viewer"}
    assert admin.call("POST", "/v1/users", body, site=shop.site_id).status_code == 409


def test_an_account_that_an_admin_of_another_site_made_is_not_trusted_for_its_email(
    world: World, admin: Person, hire: Hires
) -> None:
    """Whoever made it may know its password."""
    other = world.shop()
    kim = hire(**{other.site_id: "admin"})
    answer = add(admin, kim.email, "viewer", password=NEW)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:sonnim:problem:account_elsewhere")
    assert [one["id"] for one in kim.sign_in().json()["sites"]] == [other.site_id]


def test_an_admin_gives_no_password_to_who_has_other_sites(
    world: World, admin: Person, shop: Shop, hire: Hires
) -> None:
    kim = hire(**{shop.site_id: "viewer", world.shop().site_id: "viewer"})
    answer = admin.call("PUT", f"/v1/users/{kim.user_id}", {"password": NEW})
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:sonnim:problem:user_of_others")


def test_an_admin_changes_a_role_and_a_password_which_ends_the_sessions(admin: Person, shop: Shop, hire: Hires) -> None:
    kim = hire(**{shop.site_id: "viewer"})
    kim.sign_in()
    assert admin.call("PUT", f"/v1/users/{kim.user_id}", {"role": "editor"}).json()["role"] == "editor"
    assert kim.call("GET", "/v1/session").json()["sites"][0]["role"] == "editor"
    assert admin.call("PUT", f"/v1/users/{kim.user_id}", {"password": NEW}).status_code == 200
    assert kim.call("GET", "/v1/session").status_code == 401
    assert kim.sign_in().status_code == 401
    assert kim.sign_in(NEW).status_code == 200


def test_who_loses_the_last_role_has_no_account_any_more(world: World, admin: Person, shop: Shop, hire: Hires) -> None:
    other = world.shop()
    kim, lee = hire(**{shop.site_id: "viewer"}), hire(**{shop.site_id: "viewer", other.site_id: "viewer"})
    for one in (kim, lee):
        assert one.sign_in().status_code == 200
        assert admin.call("DELETE", f"/v1/users/{one.user_id}").status_code == 204
        assert admin.call("DELETE", f"/v1/users/{one.user_id}").status_code == 404
    assert kim.sign_in().status_code == 401
    assert [one["id"] for one in lee.sign_in().json()["sites"]] == [other.site_id]


def test_a_site_keeps_an_admin(admin: Person, shop: Shop, hire: Hires) -> None:
    path = f"/v1/users/{admin.user_id}"
    for answer in (admin.call("PUT", path, {"role": "viewer"}), admin.call("DELETE", path)):
        assert (answer.status_code, answer.json()["type"]) == (409, "urn:sonnim:problem:last_admin")
    hire(**{shop.site_id: "admin"})
    assert admin.call("PUT", path, {"role": "viewer"}).json()["role"] == "viewer"
    assert admin.call("GET", "/v1/users").status_code == 403


def test_users_of_another_site_are_not_there(world: World, admin: Person, hire: Hires) -> None:
    other = world.shop()
    kim = hire(**{other.site_id: "viewer"})
    assert [one["id"] for one in admin.call("GET", "/v1/users").json()["users"]] == [admin.user_id]
    for method, body in (("PUT", {"role": "viewer"}), ("DELETE", None)):
        assert admin.call(method, f"/v1/users/{kim.user_id}", body).status_code == 404
    assert kim.sign_in(PASSWORD).status_code == 200


def test_a_secret_key_is_an_admin_of_its_site(world: World, shop: Shop, hire: Hires) -> None:
    kim = hire(**{shop.site_id: "viewer"})
    assert len(world.client.get("/v1/users", headers=shop.reads).json()["users"]) == 1
    answer = world.client.put(f"/v1/users/{kim.user_id}", json={"password": NEW}, headers=shop.reads)
    assert answer.status_code == 200
    assert kim.sign_in(NEW).status_code == 200
