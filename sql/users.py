"""People who sign in, and what each may do at which site. One row a change; the newest counts.

Writers are expected to take turns: of two changes of one user at the same moment one wins.
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

import pyarrow as pa

from sql.store import Store

Role = Literal["viewer", "editor", "admin"]
Language = Literal["ko", "en"]

ROLES: Final[tuple[Role, ...]] = ("viewer", "editor", "admin")
"""From the least to the greatest."""

_ALPHABET: Final = string.ascii_lowercase + string.digits
_USERS: Final = pa.schema(
    [
        ("user_id", pa.string()), ("email", pa.string()), ("name", pa.string()), ("language", pa.string()),
        ("password", pa.string()), ("password_version", pa.uint64()), ("created_at", pa.timestamp("ms", "UTC")),
        ("version", pa.uint64()), ("deleted", pa.bool_()),
    ]
)  # fmt: skip
_ROLES: Final = pa.schema(
    [("user_id", pa.string()), ("site_id", pa.string()), ("role", pa.string()), ("version", pa.uint64())]
)


class UserError(ValueError):
    """A user cannot be written so; the message says why and what to do."""


@dataclass(frozen=True)
class User:
    """`password` is as kept, never the password itself; `roles` by site id; `created_at` epoch ms."""

    user_id: str
    email: str
    name: str
    language: Language
    password: str = field(repr=False)
    password_version: int
    created_at: int
    version: int
    roles: Mapping[str, Role] = field(default_factory=dict)


def add_user(store: Store, email: str, name: str, language: Language, password: str, now: int) -> User:
    """Add a user without a role. Raises `UserError` if the e-mail is taken. `password`: as kept."""
    if find_user(store, email=email) is not None:
        raise UserError(f"there is a user {email} already")
    user_id = "usr_" + "".join(secrets.choice(_ALPHABET) for _ in range(16))
    user = User(user_id, email, name, language, password, now * 1000, now, now * 1000)
    _write(store, user)
    return user


def find_user(store: Store, *, user_id: str = "", email: str = "") -> User | None:
    """A user by id or normalised e-mail, with roles; None if there is none."""
    if not user_id and not email:
        return None
    rows = store.rows("accounts_users", {"user_id": user_id, "email": email})
    if not rows:
        return None
    roles = store.rows("accounts_roles", {"user_id": rows[0]["user_id"], "site_id": ""})
    return _user(rows[0], roles)


def list_users(store: Store, site_id: str = "") -> list[User]:
    """Users who have a role at a site, or all; by e-mail. Each has all of his roles."""
    rows = store.rows("accounts_users", {"user_id": "", "email": ""})
    roles: dict[str, list[dict[str, Any]]] = {}
    for role in store.rows("accounts_roles", {"user_id": "", "site_id": ""}):
        roles.setdefault(role["user_id"], []).append(role)
    users = (_user(row, roles.get(row["user_id"], [])) for row in rows)
    return sorted((user for user in users if not site_id or site_id in user.roles), key=lambda user: user.email)


def update_user(
    store: Store,
    user: User,
    now: int,
    *,
    name: str | None = None,
    language: Language | None = None,
    password: str | None = None,
) -> User:
    """Change what is given. Another password (as kept) ends all sessions of the user."""
    version = max(now * 1000, user.version + 1)
    changed = replace(
        user,
        name=user.name if name is None else name,
        language=user.language if language is None else language,
        password=user.password if password is None else password,
        password_version=user.password_version if password is None else version,
        version=version,
    )
    _write(store, changed)
    return changed


def renew_hash(store: Store, user: User, password: str, now: int) -> User:
    """Keep the same password in another form; sessions go on."""
    changed = replace(user, password=password, version=max(now * 1000, user.version + 1))
    _write(store, changed)
    return changed


def remove_user(store: Store, user: User, now: int) -> None:
    """Remove a user with all roles and sessions. Neither e-mail, name nor password is kept in his row."""
    for site_id in user.roles:
        set_role(store, user.user_id, site_id, None, now)
    gone = replace(user, email="", name="", password="", version=max(now * 1000, user.version + 1))
    _write(store, gone, deleted=True)


def set_role(store: Store, user_id: str, site_id: str, role: Role | None, now: int) -> None:
    """Give a user a role at a site, or take it away."""
    known = store.rows("accounts_roles", {"user_id": user_id, "site_id": site_id})
    version = max(now * 1000, known[0]["version"] + 1 if known else 0)
    row = {"user_id": user_id, "site_id": site_id, "role": role or "", "version": version}
    store.insert("user_roles", pa.Table.from_pylist([row], _ROLES))


def _user(row: dict[str, Any], roles: list[dict[str, Any]]) -> User:
    told = {name: row[name] for name in ("user_id", "email", "name", "language", "password", "password_version")}
    held = {role["site_id"]: role["role"] for role in roles if role["role"] in ROLES}
    return User(**told, created_at=row["created"], version=row["version"], roles=held)


def _write(store: Store, user: User, *, deleted: bool = False) -> None:
    row = {name: getattr(user, name) for name in _USERS.names if name != "deleted"} | {"deleted": deleted}
    columns = {one.name: pa.array([row[one.name]], one.type) for one in _USERS}
    store.insert("users", pa.table(columns, _USERS))
