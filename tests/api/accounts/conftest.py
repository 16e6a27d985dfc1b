"""People who sign in at the shops of a test. The world's fixtures are those of tests/api."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass

import httpx
import pytest

from api.accounts.access import COOKIE
from api.accounts.passwords import keep
from sql.users import Role, add_user, set_role
from tests.api.conftest import NOW, World

PASSWORD = "correct horse battery"
PAGE = {"X-Sonnim": "1"}


@dataclass
class Person:
    """Somebody with an account, and the browser he sits at."""

    world: World
    user_id: str
    email: str
    token: str = ""

    def sign_in(self, password: str = PASSWORD) -> httpx.Response:
        told = {"email": self.email, "password": password}
        answer = self.world.client.post("/v1/session", json=told, headers=PAGE)
        self.world.client.forget_cookies()
        self.token = answer.cookies.get(COOKIE, self.token)
        return answer

    def call(
        self, method: str, path: str, json: object = None, site: str = "", headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """A call as a page of ours makes it."""
        told = {"Cookie": f"{COOKIE}={self.token}", **(PAGE if headers is None else headers)}
        told |= {"X-Sonnim-Site": site} if site else {}
        answer = self.world.client.request(method, path, headers=told, json=json)
        self.world.client.forget_cookies()
        return answer


Hires = Callable[..., Person]


@pytest.fixture
def hire(world: World) -> Hires:
    """Gives somebody roles at sites; he is not signed in."""

    def made(email: str = "", **roles: Role) -> Person:
        address = email or f"{uuid.uuid4().hex[:10]}@shop.example"
        user = add_user(world.store, address, "Kim", "ko", keep(PASSWORD), NOW)
        for site_id, role in roles.items():
            set_role(world.store, user.user_id, site_id, role, NOW)
        return Person(world, user.user_id, user.email)

    return made
