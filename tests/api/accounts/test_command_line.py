"""`sonnim user`: what it does, and what it does not print."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import Result
from typer.testing import CliRunner

from deploy.cli import app
from deploy.demo_site import SITE_ID, USER_EMAIL, fresh_password
from deploy.errors import UserError
from sql.sites import add_site
from sql.store import Store
from sql.users import find_user
from tests.api.accounts.conftest import PASSWORD, Person
from tests.api.conftest import NOW, Shop, World

NEW = "another good password"
Runs = Callable[..., Result]


@pytest.fixture
def run(store: Store, monkeypatch: pytest.MonkeyPatch) -> Runs:
    """Runs `sonnim user` over the database of the tests."""
    monkeypatch.setenv("SONNIM_CLICKHOUSE_URL", store.url)
    monkeypatch.setenv("SONNIM_CLICKHOUSE_DATABASE", store.database)

    def made(*words: str, stdin: str | None = None) -> Result:
        return CliRunner().invoke(app, ["user", *words], input=stdin)

    return made


def test_a_user_is_added_changed_and_removed(world: World, shop: Shop, run: Runs) -> None:
    email = f"{shop.site_id}@shop.example"
    given = ("--site", shop.site_id, "--role", "admin")
    added = run("add", email.upper(), *given, "--language", "en", "--password-stdin", stdin=f"{PASSWORD}\n")
    assert (added.exit_code, added.output) == (0, f"{email} may sign in, as admin of {shop.site_id}.\n")
    user = find_user(world.store, email=email)
    assert user is not None
    kim = Person(world, user.user_id, email)
    assert kim.sign_in().json()["sites"][0]["role"] == "admin"
    assert email in run("list", "--site", shop.site_id).output
    run("role", email, "--site", shop.site_id, "--role", "viewer")
    assert kim.sign_in().json()["sites"][0]["role"] == "viewer"
    changed = run("password", email, "--password-stdin", stdin=f"{NEW}\n")
    assert changed.exit_code == 0
    world.clock.now += 2_000
    assert kim.call("GET", "/v1/session").status_code == 401
    assert kim.sign_in(NEW).status_code == 200
    run("role", email, "--site", shop.site_id, "--role", "none")
    assert kim.sign_in(NEW).json()["sites"] == []
    assert run("remove", email).exit_code == 0
    assert kim.sign_in(NEW).status_code == 401
    for result in (added, changed, run("list")):
        assert PASSWORD not in result.output
        assert NEW not in result.output
        assert "scrypt" not in result.output


@pytest.mark.parametrize(
    ("words", "stdin", "says"),
    [
        (["add", "nobody", "--site", "SITE", "--password-stdin"], NEW, "no e-mail"),
        (["add", "n@shop.example", "--site", "nowhere", "--password-stdin"], NEW, "no site"),
        (["add", "n@shop.example", "--site", "SITE", "--password-stdin"], "short", "at least 10"),
        (["add", "n@shop.example", "--site", "SITE"], NEW, "no terminal"),
        (["role", "n@shop.example", "--site", "SITE", "--role", "admin"], None, "no user"),
        (["remove", "n@shop.example"], None, "no user"),
    ],
)
def test_a_mistake_is_told_in_a_line(shop: Shop, run: Runs, words: list[str], stdin: str | None, says: str) -> None:
    result = run(*[shop.site_id if word == "SITE" else word for word in words], stdin=stdin)
    assert isinstance(result.exception, UserError)
    assert says in result.exception.what


def test_the_demos_user_has_another_password_at_every_start(world: World) -> None:
    add_site(world.store, SITE_ID, "Demo", "KRW", "Asia/Seoul", NOW)
    first = fresh_password(world.store, NOW)
    second = fresh_password(world.store, NOW + 1)
    demo = Person(world, "", USER_EMAIL)
    assert demo.sign_in(first).status_code == 401
    assert demo.sign_in(second).json()["sites"][0] == {
        "id": SITE_ID, "name": "Demo", "role": "admin", "currency": "KRW", "timezone": "Asia/Seoul",
    }  # fmt: skip
