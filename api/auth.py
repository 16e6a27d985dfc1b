"""Who asks: a key in one of four places, or the session of a page -> its site, or a problem."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import (
    APIKeyCookie,
    APIKeyHeader,
    APIKeyQuery,
    HTTPAuthorizationCredentials,
    HTTPBasic,
    HTTPBasicCredentials,
    HTTPBearer,
)

from api.accounts.access import COOKIE, holder_of
from api.accounts.auditing import note
from api.context import Here
from api.problems import ProblemError
from sql.keys import KeyHolder

_bearer = HTTPBearer(auto_error=False, scheme_name="bearer", description="a write or secret key")
_basic = HTTPBasic(
    auto_error=False, scheme_name="basic", description="the key as user, no password (as Segment's clients do)"
)
_header = APIKeyHeader(name="X-Sonnim-Key", auto_error=False, scheme_name="header")
_query = APIKeyQuery(name="key", auto_error=False, scheme_name="query", description="write keys only, for sendBeacon")
_cookie = APIKeyCookie(
    name=COOKIE, auto_error=False, scheme_name="session", description="of who signed in (docs/accounts.md)"
)

_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="sonnim"'}


def _key_in_header(
    bearer: HTTPAuthorizationCredentials | None, basic: HTTPBasicCredentials | None, header: str | None
) -> str | None:
    if bearer is not None:
        return bearer.credentials
    if basic is not None:
        return basic.username or basic.password
    return header


def _known(context: Here, key: str | None) -> KeyHolder:
    if not key:
        raise ProblemError(
            401,
            "no_key",
            "A key is needed: Authorization: Bearer KEY, X-Sonnim-Key: KEY, or Basic with the key as user.",
            headers=_CHALLENGE,
        )
    holder = context.keyring.holder(key, context.clock())
    if holder is None:
        raise ProblemError(401, "unknown_key", "This key is unknown or revoked.", headers=_CHALLENGE)
    return holder


def may_send(
    context: Here,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
    basic: Annotated[HTTPBasicCredentials | None, Security(_basic)],
    header: Annotated[str | None, Security(_header)],
    query: Annotated[str | None, Security(_query)],
) -> KeyHolder:
    """The site events may be sent to: with either kind of key; in the URL only with a write key."""
    key = _key_in_header(bearer, basic, header)
    holder = _known(context, key or query)
    if not key and holder.kind == "secret":
        raise ProblemError(
            403, "secret_key_in_url", "A secret key never goes into a URL. Revoke it, it may be in logs."
        )
    return holder


def may_read(
    request: Request,
    context: Here,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
    basic: Annotated[HTTPBasicCredentials | None, Security(_basic)],
    header: Annotated[str | None, Security(_header)],
    cookie: Annotated[str | None, Security(_cookie)],
) -> KeyHolder:
    """The site that may be read and administered: with its secret key, or without a key by who is signed in, as far as his role goes.

    A change goes into the audit once it is done.
    """
    key = _key_in_header(bearer, basic, header)
    holder = holder_of(request, context.clock()) if not key and cookie else None
    if holder is None:
        holder = _known(context, key)
    if holder.kind != "secret":
        raise ProblemError(403, "wrong_kind_of_key", "A write key may only send events; this needs the secret key.")
    note(request, context.store, holder)
    request.state.still_allowed = lambda: may_read(request, context, bearer, basic, header, cookie)
    return holder


Sender = Annotated[KeyHolder, Depends(may_send)]
Reader = Annotated[KeyHolder, Depends(may_read)]
