"""Sessions, users of a site, and the audit."""

from __future__ import annotations

from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Path, Query, Request, Response

from api.accounts.access import (
    COOKIE,
    address_of,
    doorkeeper_of,
    drop_session_cookie,
    require_own_page,
    require_signed_in,
    set_session_cookie,
)
from api.accounts.auditing import write_besides, write_or_log
from api.accounts.doorkeeper import Doorkeeper, SignedIn, TooMany
from api.accounts.passwords import PasswordRefused, check_password, keep, normal_email
from api.accounts.shapes import (
    AuditEntry,
    AuditList,
    AuditQuery,
    LanguageIn,
    PasswordIn,
    SessionOut,
    SessionSite,
    SessionUser,
    SignIn,
    UserChange,
    UserIn,
    UserList,
    UserOut,
)
from api.auth import Reader
from api.context import Context, Here
from api.cursor import cursor_after, question_of, read_after
from api.problems import ProblemError, invalid, not_found, responses
from api.schemas import Fresh
from api.shown import fresh
from api.strict import StrictRoute
from api.times import iso
from sql.audit import Entry, read_entries
from sql.keys import KeyHolder
from sql.users import Role, User, add_user, find_user, list_users, remove_user, set_role, update_user

router = APIRouter(prefix="/v1", tags=["accounts"], route_class=StrictRoute)
_SESSION = responses(400, 401, 403, 413, 422, 429, 503)
_USERS = responses(400, 401, 403, 404, 409, 413, 422, 503)
Door = Annotated[Doorkeeper, Depends(doorkeeper_of)]
UserId = Annotated[str, Path(min_length=1, max_length=64)]


@router.get("/session", responses=_SESSION)
def session(context: Here, request: Request) -> SessionOut:
    """Who is signed in, with his sites and roles."""
    return _session(require_signed_in(request, context.clock()))


@router.post("/session", responses=_SESSION)
def sign_in(context: Here, door: Door, request: Request, response: Response, body: SignIn) -> SessionOut:
    """Sign in. A wrong e-mail and a wrong password are answered alike; after some failures attempts have to wait."""
    require_own_page(request)
    try:
        found = door.sign_in(body.email, body.password, address_of(request), context.clock())
    except TooMany as error:
        raise _too_many(error) from None
    if found is None:
        raise ProblemError(401, "wrong_password", "E-mail and password do not belong together.")
    if before := request.cookies.get(COOKIE):
        door.sign_out(before)
    return _opened(request, response, *found)


@router.delete("/session", status_code=204, responses=_SESSION)
def sign_out(door: Door, request: Request) -> Response:
    """Sign out. It is no mistake if nobody is signed in."""
    require_own_page(request)
    response = Response(status_code=204)
    if token := request.cookies.get(COOKIE):
        door.sign_out(token)
        drop_session_cookie(request, response)
    return response


@router.put("/session/password", responses=_SESSION)
def change_password(context: Here, door: Door, request: Request, response: Response, body: PasswordIn) -> SessionOut:
    """Another password. All sessions of the user end; this browser gets a new one."""
    now = context.clock()
    found = require_signed_in(request, now)
    require_own_page(request)
    try:
        user = door.right(found.user.email, body.current, address_of(request), now)
    except TooMany as error:
        raise _too_many(error) from None
    if user is None:
        raise invalid("/current", "This is not your password.")
    kept = _checked(body.new, user.email, "/new")
    with context.editing:
        now, newest = context.clock(), find_user(context.store, user_id=user.user_id)
        if newest is None or newest.password_version != user.password_version:
            raise ProblemError(409, "password_changed", "Your password was changed meanwhile: sign in again.")
        user = update_user(context.store, newest, now, password=kept)
    door.forget(user.user_id)
    for site_id in user.roles:
        told = Entry(
            site_id, now, "user", user.email, "user.password_changed", user.user_id, address=address_of(request)
        )
        write_or_log(context.store, told)
    return _opened(request, response, *door.open(user, now))


@router.put("/session/language", responses=_SESSION)
def change_language(context: Here, door: Door, request: Request, body: LanguageIn) -> SessionOut:
    """Another language of the pages."""
    now = context.clock()
    found = require_signed_in(request, now)
    require_own_page(request)
    use_language(context, door, found, body)
    return _session(require_signed_in(request, now))


@router.get("/freshness", responses=responses(400, 401, 403, 503))
def freshness(context: Here, holder: Reader) -> Fresh:
    """How fresh the figures are."""
    return Fresh(**fresh(context, context.clock()))


@router.get("/users", responses=_USERS)
def users(context: Here, holder: Reader) -> UserList:
    """Those who have a role at the site."""
    return UserList(users=[_shown(user, holder.site_id) for user in list_users(context.store, holder.site_id)])


@router.post("/users", status_code=201, responses=_USERS)
def add(context: Here, door: Door, holder: Reader, request: Request, body: UserIn) -> UserOut:
    """Give somebody a role at the site; who has no account yet gets one, with the password that is told.

    An account of sites that whoever asks does not administer is not trusted because of its e-mail: anybody may have made it.
    """
    email = normal_email(body.email)
    if email is None:
        raise invalid("/email", "This is no e-mail address.")
    now = context.clock()
    with context.editing:
        user = find_user(context.store, email=email)
        if user is None:
            if body.password is None:
                raise invalid("/password", "Somebody new needs a password.")
            kept = _checked(body.password, email, "/password")
            user = add_user(context.store, email, body.name, body.language, kept, now)
        elif holder.site_id in user.roles:
            raise ProblemError(409, "user_exists", f"{email} has a role at this site already; change it.")
        elif not set(user.roles) <= _administered(request, holder):  # who made the account may know its password
            told = f"{email} has an account at a site you are no admin of. An operator gives it a role here: sonnim user role."
            raise ProblemError(409, "account_elsewhere", told)
        elif body.password is not None:
            raise invalid("/password", f"{email} has an account and keeps its password: leave it out.")
        set_role(context.store, user.user_id, holder.site_id, body.role, now)
    return _changed(context, door, holder, user.user_id)


@router.put("/users/{user_id}", responses=_USERS)
def change(context: Here, door: Door, holder: Reader, request: Request, user_id: UserId, body: UserChange) -> UserOut:
    """Change a user's role at the site, or give him another password."""
    now = context.clock()
    with context.editing:
        user = _of_site(context, holder, user_id)
        kept = None
        if body.password is not None:
            if not set(user.roles) <= _administered(request, holder):
                raise ProblemError(
                    403, "user_of_others", "This user has sites you are no admin of: he changes it himself."
                )
            kept = _checked(body.password, user.email, "/password")
        if body.role is not None and body.role != user.roles[holder.site_id]:
            if body.role != "admin":
                _require_another_admin(context, holder, user)
            set_role(context.store, user.user_id, holder.site_id, body.role, now)
        if kept is not None:
            update_user(context.store, user, now, password=kept)
            write_besides(request, context.store, "user.password_changed", user_id, now)
    return _changed(context, door, holder, user_id)


@router.delete("/users/{user_id}", status_code=204, responses=_USERS)
def remove(context: Here, door: Door, holder: Reader, user_id: UserId) -> Response:
    """Take a user's role at the site away; who has none left has no account any more."""
    now = context.clock()
    with context.editing:
        user = _of_site(context, holder, user_id)
        _require_another_admin(context, holder, user)
        if len(user.roles) == 1:
            remove_user(context.store, user, now)
        else:
            set_role(context.store, user.user_id, holder.site_id, None, now)
    door.forget(user_id)
    return Response(status_code=204)


@router.get("/audit", responses=_USERS)
def audit(context: Here, holder: Reader, query: Annotated[AuditQuery, Query()]) -> AuditList:
    """Changes at the site by people and by secret keys, newest first, for five years."""
    name = question_of(holder.site_id, "audit")
    after, (after_id,) = read_after(query.cursor, name)
    found = read_entries(context.store, holder.site_id, after, after_id, query.limit + 1)
    page, more = found[: query.limit], len(found) > query.limit
    return AuditList(
        entries=[_entry(one) for one in page],
        next_cursor=cursor_after(name, page[-1].at, page[-1].audit_id) if more else None,
    )


def use_language(context: Context, door: Doorkeeper, found: SignedIn, told: LanguageIn) -> None:
    """Keep the language a user chose."""
    with context.editing:
        user = find_user(context.store, user_id=found.user.user_id)
        if user is not None and user.language != told.language:
            update_user(context.store, user, context.clock(), language=told.language)
    door.forget(found.user.user_id)


def _opened(request: Request, response: Response, token: str, found: SignedIn) -> SessionOut:
    set_session_cookie(request, response, token)
    return _session(found)


def _session(found: SignedIn) -> SessionOut:
    user = found.user
    return SessionOut(
        user=SessionUser(id=user.user_id, email=user.email, name=user.name, language=user.language),
        sites=[
            SessionSite(id=one.site_id, name=one.name, role=one.role, currency=one.currency, timezone=one.timezone)
            for one in found.shops.values()
        ],
        expires_at=iso(found.expires_at),
    )


def _too_many(error: TooMany) -> ProblemError:
    told = f"Too many attempts. Try again in {error.seconds} s."
    return ProblemError(429, "too_many_attempts", told, headers={"Retry-After": str(error.seconds)})


def _checked(password: str, email: str, place: str) -> str:
    try:
        check_password(password, email)
    except PasswordRefused as error:
        raise invalid(place, f"{error}.") from None
    return keep(password)


def _of_site(context: Context, holder: KeyHolder, user_id: str) -> User:
    user = find_user(context.store, user_id=user_id)
    if user is None or holder.site_id not in user.roles:
        raise not_found("This user")
    return user


def _administered(request: Request, holder: KeyHolder) -> set[str]:
    """Sites that whoever asks administers."""
    user: User | None = getattr(request.state, "user", None)
    return {site_id for site_id, role in user.roles.items() if role == "admin"} if user else {holder.site_id}


def _require_another_admin(context: Context, holder: KeyHolder, user: User) -> None:
    site_id = holder.site_id
    if user.roles[site_id] != "admin":
        return
    others = [one for one in list_users(context.store, site_id) if one.user_id != user.user_id]
    if not any(one.roles[site_id] == "admin" for one in others):
        raise ProblemError(409, "last_admin", "The site would have no admin any more; make somebody else one first.")


def _changed(context: Context, door: Doorkeeper, holder: KeyHolder, user_id: str) -> UserOut:
    door.forget(user_id)
    return _shown(_of_site(context, holder, user_id), holder.site_id)


def _shown(user: User, site_id: str) -> UserOut:
    role: Role = user.roles[site_id]
    return UserOut(
        id=user.user_id,
        email=user.email,
        name=user.name,
        language=user.language,
        role=role,
        created_at=iso(user.created_at),
    )


def _entry(entry: Entry) -> AuditEntry:
    return AuditEntry(
        id=entry.audit_id,
        at=iso(entry.at),
        who_kind=entry.who_kind,
        who=entry.who,
        what=entry.what,
        which=entry.which,
        before=orjson.loads(entry.before) if entry.before else None,
        after=orjson.loads(entry.after) if entry.after else None,
        address=entry.address,
    )
