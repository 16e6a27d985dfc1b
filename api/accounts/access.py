"""A session in place of a secret key: the cookie, which site is asked for, the role, and that a page of ours asks."""

from __future__ import annotations

from typing import Final, cast
from urllib.parse import parse_qsl, urlencode, urlsplit

from fastapi import Request, Response
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from api.accounts.doorkeeper import LONGEST_MS, Doorkeeper, Shop, SignedIn
from api.accounts.rights import needed, reaches
from api.problems import ProblemError
from sql.keys import KeyHolder

COOKIE: Final = "sonnim_session"
SITE_HEADER: Final = "x-sonnim-site"
_READING: Final = ("GET", "HEAD")


def doorkeeper_of(request: Request) -> Doorkeeper:
    """The doorkeeper of the application."""
    return cast(Doorkeeper, request.app.state.doorkeeper)


def address_of(request: Request) -> str:
    """Where a request comes from, '' if that is not known."""
    return request.client.host if request.client else ""


def signed_in(request: Request, now: int) -> SignedIn | None:
    """Whose session the request shows, if it is in force."""
    token = request.cookies.get(COOKIE, "")
    return doorkeeper_of(request).who(token, now) if token else None


def require_signed_in(request: Request, now: int) -> SignedIn:
    """The same. Raises `ProblemError` 401."""
    found = signed_in(request, now)
    if found is None:
        raise ProblemError(401, "signed_out", "Nobody is signed in here, or the session is over. Sign in.")
    return found


def require_own_page(request: Request) -> None:
    """Raise `ProblemError` 403 for a change that a foreign page may have made the browser ask for.

    A page of another origin can neither send the header `X-Sonnim` without a preflight, which is not answered, nor say
    `Sec-Fetch-Site: same-origin`.
    """
    if request.method in _READING:
        return
    headers = request.headers
    if headers.get("x-sonnim") != "1" and headers.get("sec-fetch-site") != "same-origin":
        raise ProblemError(403, "foreign_page", "A change by a session needs the header X-Sonnim: 1.")


def form_is_own(headers: Headers) -> bool:
    """Whether a form that was sent is of a page of ours. Browsers tell where it comes from; over plain HTTP in `Origin` alone."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    return urlsplit(headers.get("origin", "")).netloc == headers.get("host", "") != ""


def holder_of(request: Request, now: int) -> KeyHolder | None:
    """What the request's session opens; None if it shows none. Raises `ProblemError`: 401, or 403 for a foreign page, a site or a role."""
    if not request.cookies.get(COOKIE):
        return None
    found = require_signed_in(request, now)
    require_own_page(request)
    shop = _asked(request, found)
    least = needed(request.method, request.scope["route"].path)
    if not reaches(shop.role, least):
        told = f"This needs the role {least} at {shop.site_id}; {found.user.email} is {shop.role} there."
        raise ProblemError(403, "role_too_low", told)
    request.state.user = found.user
    return KeyHolder(found.user.user_id, shop.site_id, "secret", shop.currency, shop.timezone)


def _asked(request: Request, found: SignedIn) -> Shop:
    asked = request.headers.get(SITE_HEADER, "")
    if not asked:
        if len(found.shops) == 1:
            return next(iter(found.shops.values()))
        raise ProblemError(400, "which_site", "Which site? Name it in the header X-Sonnim-Site or as ?site=.")
    shop = found.shops.get(asked)
    if shop is None:
        raise ProblemError(403, "no_role", "There is no such site, or you have no role at it.")
    return shop


def set_session_cookie(request: Request, response: Response, token: str) -> None:
    """Give the browser a session's token. It is sent over TLS only if this request came so."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=LONGEST_MS // 1000,
        path="/",
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )


def drop_session_cookie(request: Request, response: Response) -> None:
    """Take the token away from the browser."""
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax", secure=request.url.scheme == "https")


class SiteInQuery:
    """Middleware: `?site=` of a call with a session becomes the header `X-Sonnim-Site`, which event streams and links cannot send."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "http" and scope["path"].startswith("/v1/") and b"site=" in scope["query_string"]:
            headers = Headers(scope=scope)
            if f"{COOKIE}=" in headers.get("cookie", ""):
                self._move(scope, headers)  # in place: what is outside looks at the same scope
        await self.app(scope, receive, send)

    def _move(self, scope: Scope, headers: Headers) -> None:
        told = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        sites = [value for name, value in told if name == "site"]
        scope["query_string"] = urlencode([(name, value) for name, value in told if name != "site"]).encode()
        if sites and SITE_HEADER not in headers:
            scope["headers"] = [*scope["headers"], (SITE_HEADER.encode(), sites[-1].encode("latin-1", "replace"))]
