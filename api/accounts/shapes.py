"""What calls about accounts are told, and tell."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from api.accounts.passwords import LEAST_CHARACTERS, MOST_CHARACTERS
from api.schemas import Cursor, Moment, Shape
from sql.users import Language, Role

_Given = Annotated[str, Field(min_length=1, max_length=1_000)]
NewPassword = Annotated[str, Field(min_length=LEAST_CHARACTERS, max_length=MOST_CHARACTERS)]
Name = Annotated[str, Field(max_length=100)]


class SignIn(Shape):
    """Who wants in."""

    email: _Given
    password: _Given


class PasswordIn(Shape):
    """Another password. All sessions of the user end, and this one begins anew."""

    current: _Given
    new: NewPassword


class LanguageIn(Shape):
    """The language of the pages."""

    language: Language


class SessionUser(Shape):
    """Who is signed in."""

    id: str
    email: str
    name: str
    language: Language


class SessionSite(Shape):
    """A site of his."""

    id: str
    name: str
    role: Role
    currency: str = Field(description="ISO 4217")
    timezone: str = Field(description="IANA name")


class SessionOut(Shape):
    """A session."""

    user: SessionUser
    sites: list[SessionSite]
    expires_at: Moment = Field(description="if it is not used any more")


class UserIn(Shape):
    """Somebody who is to have a role at the site."""

    email: Annotated[str, Field(min_length=3, max_length=254)]
    role: Role
    name: Name = ""
    language: Language = "ko"
    password: NewPassword | None = Field(
        default=None, description="of somebody new; who has an account keeps his password, name and language"
    )


class UserChange(Shape):
    """What is to be changed of a user."""

    role: Role | None = None
    password: NewPassword | None = Field(
        default=None, description="only of a user whose every site is one of yours as an admin; his sessions end"
    )


class UserOut(Shape):
    """Somebody with a role at the site."""

    id: str
    email: str
    name: str
    language: Language
    role: Role
    created_at: Moment


class UserList(Shape):
    """Those who have a role at the site, by e-mail."""

    users: list[UserOut]


class AuditQuery(Shape):
    """Which page."""

    limit: int = Field(default=100, ge=1, le=1_000)
    cursor: Cursor = None


class AuditEntry(Shape):
    """A change."""

    id: str
    at: Moment
    who_kind: Literal["user", "key"]
    who: str = Field(description="e-mail of the user, or id of the secret key")
    what: str = Field(examples=["segment.changed"])
    which: str = Field(description="id of what was changed; of an erasure its receipt")
    before: dict[str, object] | None
    after: dict[str, object] | None
    address: str = Field(description="where the call came from")


class AuditList(Shape):
    """Changes, newest first."""

    entries: list[AuditEntry]
    next_cursor: str | None
