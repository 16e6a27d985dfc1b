"""The pages and the sign-in. The server renders the frame and the sign-in; what a page shows its scripts ask the API for."""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode

import orjson
from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.concurrency import run_in_threadpool

from api.accounts.access import (
    COOKIE,
    address_of,
    doorkeeper_of,
    drop_session_cookie,
    form_is_own,
    set_session_cookie,
    signed_in,
)
from api.accounts.doorkeeper import TooMany
from api.accounts.routes import use_language
from api.accounts.shapes import LanguageIn
from api.context import Context, Here
from api.pages.assets import assets
from api.pages.frame import (
    KEPT_SECONDS,
    LANGUAGE_COOKIE,
    LONGEST_PATH,
    PAGES,
    SITE_COOKIE,
    THEME_COOKIE,
    THEMES,
    Frame,
    PageKind,
    frame_of,
    safe_path,
    theme_of,
)
from api.pages.headers import ASSET_HEADERS, FOR_EVER, PAGE_HEADERS
from api.pages.texts import LANGUAGES, for_scripts, preferred, text
from api.problems import ProblemError, not_found
from ingest.currencies import DECIMALS
from sql.store import StoreUnavailable
from sql.users import Language

router = APIRouter(include_in_schema=False)
_DECIMALS: Final = orjson.dumps({code: decimals for code, decimals in DECIMALS.items() if decimals != 2}).decode()
_MOST_OF_A_FORM: Final = 4 * LONGEST_PATH


@router.get("/login")
def login(context: Here, request: Request, next: str = "/") -> Response:
    """The sign-in."""
    try:
        if signed_in(request, context.clock()) is not None:
            return _to(safe_path(next))
    except StoreUnavailable:
        return _away(context, request)
    return _page(request, _language(request), "login.html", next=safe_path(next), email="", wrong="")


@router.post("/login")
async def sign_in(context: Here, request: Request) -> Response:
    """The form of the sign-in."""
    told = await _form(request)
    return await run_in_threadpool(_sign_in, context, request, told)


@router.post("/logout")
async def sign_out(context: Here, request: Request) -> Response:
    """The form that signs out."""
    await _form(request)
    response = _to("/login")
    if token := request.cookies.get(COOKIE):
        try:
            await run_in_threadpool(doorkeeper_of(request).sign_out, token)
        except StoreUnavailable:
            return _away(context, request)
        drop_session_cookie(request, response)
    return response


@router.post("/language")
async def language(context: Here, request: Request) -> Response:
    """The form that changes the language: kept with the user, or in this browser if nobody is signed in."""
    told = await _form(request)
    chosen = preferred("", told.get("language", ""))
    with suppress(StoreUnavailable):  # the cookie keeps it in this browser at least
        await run_in_threadpool(_keep_language, context, request, chosen)
    response = _to(safe_path(told.get("next", "/")))
    response.set_cookie(LANGUAGE_COOKIE, chosen, **_kept(request))
    return response


@router.get("/assets/{version}/{path:path}")
def asset(version: str, path: str, accept_encoding: str = Header(default="")) -> Response:
    """A file of the pages; for ever the same under its version."""
    found = assets().files.get(path)
    if found is None:
        raise not_found("This file")
    headers = {**ASSET_HEADERS, "Cache-Control": FOR_EVER if version == assets().version else "no-cache"}
    if found.gzipped is None or "gzip" not in accept_encoding:
        return Response(found.content, headers=headers, media_type=found.media_type)
    headers["Content-Encoding"] = "gzip"
    return Response(found.gzipped, headers=headers, media_type=found.media_type)


def _sign_in(context: Context, request: Request, told: dict[str, str]) -> Response:
    door, now = doorkeeper_of(request), context.clock()
    email, password, following = told.get("email", ""), told.get("password", ""), safe_path(told.get("next", "/"))
    spoken = _language(request)

    def again(wrong: str, status: int, **values: Any) -> Response:
        shown = text(spoken, wrong, **values)
        return _page(request, spoken, "login.html", status, next=following, email=email, wrong=shown)

    if not email.strip() or not password:
        return again("login.missing", 422)
    try:
        found = door.sign_in(email, password, address_of(request), now)
    except TooMany as error:
        response = again("login.too_many", 429, seconds=error.seconds)
        response.headers["Retry-After"] = str(error.seconds)
        return response
    except StoreUnavailable:
        return again("login.away", 503)
    if found is None:
        return again("login.wrong", 401)
    if before := request.cookies.get(COOKIE):
        door.sign_out(before)
    response = _to(following)
    set_session_cookie(request, response, found[0])
    return response


def _keep_language(context: Context, request: Request, chosen: Language) -> None:
    found = signed_in(request, context.clock())
    if found is not None:
        use_language(context, doorkeeper_of(request), found, LanguageIn(language=chosen))


def _add(kind: PageKind) -> None:
    def page(context: Here, request: Request, site: str = "") -> Response:
        return _framed(context, request, kind, site)

    router.add_api_route(kind.path, page, methods=["GET"], name=kind.name)


for _kind in PAGES:
    _add(_kind)


def _framed(context: Context, request: Request, kind: PageKind, site: str) -> Response:
    """A page, of the site that is asked for or was seen last."""
    try:
        found = signed_in(request, context.clock())
    except StoreUnavailable:
        return _away(context, request)
    if found is None:
        here = _address(request, request.query_params.multi_items())
        return _to("/login" if here == "/" else f"/login?next={quote(here)}")
    here = _address(request, [one for one in request.query_params.multi_items() if one[0] != "site"])
    frame = frame_of(found, kind, site, request.cookies.get(SITE_COOKIE, ""), here)
    response = _page(request, found.user.language, "page.html" if frame.shop else "no_site.html", frame=frame)
    if frame.shop and site == frame.shop.site_id:
        response.set_cookie(SITE_COOKIE, site, **_kept(request))
    return response


def _address(request: Request, query: list[tuple[str, str]]) -> str:
    return quote(request.scope["path"], safe="/:@") + (f"?{urlencode(query)}" if query else "")


def _away(context: Context, request: Request) -> Response:
    response = _page(request, _language(request), "away.html", 503)
    response.headers["Retry-After"] = str(context.settings.retry_after_seconds)
    return response


def _page(
    request: Request, spoken: Language, template: str, status: int = 200, frame: Frame | None = None, **told: Any
) -> Response:
    def said(name: str, **values: object) -> str:
        return text(spoken, name, **values)

    body = (
        _templates()
        .get_template(template)
        .render(
            **told,
            frame=frame,
            t=said,
            language=spoken,
            languages=LANGUAGES,
            themes=THEMES,
            theme=theme_of(request.cookies.get(THEME_COOKIE, "")),
            script_texts=for_scripts(spoken, frame.page.name if frame else ""),
            asset=assets().url,
            decimals=_DECIMALS,
        )
    )
    return HTMLResponse(body, status, dict(PAGE_HEADERS))


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _language(request: Request) -> Language:
    return preferred(request.headers.get("accept-language", ""), request.cookies.get(LANGUAGE_COOKIE, ""))


async def _form(request: Request) -> dict[str, str]:
    """A form of one of our pages; of a field that is there twice the last. Raises `ProblemError`."""
    if not form_is_own(request.headers):
        raise ProblemError(403, "foreign_page", "This form was not sent by a page of Sonnim.")
    if int(request.headers.get("content-length", "0") or 0) > _MOST_OF_A_FORM:
        raise ProblemError(413, "body_too_large", "This form is too long.")
    body = await request.body()
    try:
        return dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=20))
    except ValueError:
        raise ProblemError(400, "no_form", "This is no form.") from None


def _to(path: str) -> Response:
    return RedirectResponse(path, 303, dict(PAGE_HEADERS))


def _kept(request: Request) -> dict[str, Any]:
    secure = request.url.scheme == "https"
    return {"max_age": KEPT_SECONDS, "path": "/", "samesite": "lax", "secure": secure}
