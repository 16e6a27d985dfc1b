"""The audit of changes: which calls change something, and what is kept of them.

What is kept is short and names no visitor and no member: of a segment its name and version, not its conditions, which may name somebody
(docs/erasure.md); of an erasure its receipt.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import orjson
from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sql.audit import Entry, write_entry
from sql.hooks import get_hook
from sql.keys import KeyHolder
from sql.segments import get_segment
from sql.store import Store, StoreError, StoreUnavailable
from sql.traits import list_traits
from sql.users import find_user

_LOG = logging.getLogger("sonnim.api")

_MOST: Final = 500
"""Characters of `before` and of `after`."""

Told = Mapping[str, Any]


@dataclass(frozen=True)
class Change:
    """A call that changes something: its name, where the id of what it changes is (`path` or `answer`, and the name there), how it was
    (store, site, that id), and what of the answer is kept."""

    what: str
    which: tuple[str, str]
    before: Callable[[Store, str, str], Told | None] | None = None
    after: Callable[[Told], Told] | None = None


def _segment_told(told: Told) -> Told:
    return {name: told[name] for name in ("name", "version", "fire_for_current")}


def _segment_before(store: Store, site_id: str, segment_id: str) -> Told | None:
    found = get_segment(store, site_id, segment_id)
    if found is None:
        return None
    return {"name": found.name, "version": found.version, "fire_for_current": found.fire_for_current}


def _host(url: str) -> str:
    """A hook's address may have a secret in it: its host alone."""
    return urlsplit(url).netloc.rpartition("@")[2]


def _hook_told(told: Told) -> Told:
    count = None if told["segments"] is None else len(told["segments"])
    return {"host": _host(told["url"]), "events": told["events"], "segment_count": count, "active": told["active"]}


def _hook_before(store: Store, site_id: str, hook_id: str) -> Told | None:
    found = get_hook(store, site_id, hook_id)
    if found is None:
        return None
    terms = found.terms
    of = {"url": terms.url, "events": list(terms.events), "segments": terms.segments, "active": terms.active}
    return _hook_told(of)


def _trait_told(told: Told) -> Told:
    return {name: told[name] for name in ("type", "label_ko", "label_en")}


def _trait_before(store: Store, site_id: str, name: str) -> Told | None:
    found = next((one for one in list_traits(store, site_id) if one.name == name), None)
    return {"type": found.type, "label_ko": found.label_ko, "label_en": found.label_en} if found else None


def _user_told(told: Told) -> Told:
    return {name: told[name] for name in ("email", "role")}


def _user_before(store: Store, site_id: str, user_id: str) -> Told | None:
    found = find_user(store, user_id=user_id)
    role = found.roles.get(site_id) if found else None
    return {"email": found.email, "role": role} if found and role else None


def _count(told: Told) -> Told:
    return {"count": told["count"]}


_SEGMENT, _HOOK, _NAME, _USER = ("path", "segment_id"), ("path", "hook_id"), ("path", "name"), ("path", "user_id")
_NEW: Final = ("answer", "id")

CHANGES: Final[Mapping[str, Change]] = {
    "POST /v1/segments": Change("segment.created", _NEW, None, _segment_told),
    "PUT /v1/segments/{segment_id}": Change("segment.changed", _SEGMENT, _segment_before, _segment_told),
    "DELETE /v1/segments/{segment_id}": Change("segment.deleted", _SEGMENT, _segment_before),
    "POST /v1/hooks": Change("hook.created", _NEW, None, _hook_told),
    "PUT /v1/hooks/{hook_id}": Change("hook.changed", _HOOK, _hook_before, _hook_told),
    "DELETE /v1/hooks/{hook_id}": Change("hook.deleted", _HOOK, _hook_before),
    "POST /v1/hooks/{hook_id}/secret": Change("hook.secret_changed", _HOOK),
    "POST /v1/hooks/{hook_id}/replay": Change("hook.replayed", _HOOK, None, _count),
    "POST /v1/hooks/{hook_id}/deliveries/{webhook_id}/replay": Change("hook.replayed", _HOOK, None, _count),
    "PUT /v1/traits/{name}": Change("trait.declared", _NAME, _trait_before, _trait_told),
    "DELETE /v1/traits/{name}": Change("trait.deleted", _NAME, _trait_before),
    "DELETE /v1/people/{person_id}": Change("person.erased", ("answer", "receipt_id")),
    "POST /v1/users": Change("user.added", _NEW, None, _user_told),
    "PUT /v1/users/{user_id}": Change("user.changed", _USER, _user_before, _user_told),
    "DELETE /v1/users/{user_id}": Change("user.removed", _USER, _user_before),
}
"""Method and path, as routes write it -> what is kept."""


@dataclass(frozen=True)
class Pending:
    """A change that was allowed and has not been answered yet."""

    change: Change
    holder: KeyHolder
    who_kind: str
    who: str
    path: Mapping[str, str]
    before: Told | None
    address: str


def note(request: Request, store: Store, holder: KeyHolder) -> None:
    """Remember how it was, if the call changes something; called when it is allowed, before it is done."""
    change = CHANGES.get(f"{request.method} {request.scope['route'].path.replace(':path}', '}')}")
    if change is None:
        return
    place, name = change.which
    before = None
    if change.before is not None and place == "path":
        before = change.before(store, holder.site_id, request.path_params[name])
    user = getattr(request.state, "user", None)
    kind, who = ("user", user.email) if user else ("key", holder.key_id)
    address = request.client.host if request.client else ""
    request.state.audit = Pending(change, holder, kind, who, dict(request.path_params), before, address)


def write_besides(request: Request, store: Store, what: str, which: str, now: int) -> None:
    """Add another entry to that of the call itself, by whoever made it."""
    pending: Pending = request.state.audit
    site_id = pending.holder.site_id
    who_kind: Any = pending.who_kind
    write_or_log(store, Entry(site_id, now, who_kind, pending.who, what, which, address=pending.address))


def write_or_log(store: Store, entry: Entry) -> None:
    """Write an entry; if the audit cannot be written the log has it: what it tells of is done."""
    try:
        write_entry(store, entry)
    except (StoreUnavailable, StoreError) as error:
        _LOG.error("the audit of %s could not be written (%s): %s", entry.what, type(error).__name__, entry)


class Audited:
    """Middleware: a change that succeeded is in the audit before it is answered. If the audit cannot be written, the log has the entry."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self.app(scope, receive, send)
            return
        held: list[Message] = []

        async def kept(message: Message) -> None:
            pending = scope.get("state", {}).get("audit")
            if pending is None or (not held and not 200 <= message.get("status", 0) < 300):
                await send(message)
                return
            held.append(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                await run_in_threadpool(self._write, scope, pending, b"".join(one.get("body", b"") for one in held))
                for one in held:
                    await send(one)
                held.clear()
                scope["state"]["audit"] = None

        await self.app(scope, receive, kept)

    def _write(self, scope: Scope, pending: Pending, body: bytes) -> None:
        context = scope["app"].state.context
        write_or_log(context.store, entry_of(pending, orjson.loads(body) if body else {}, context.clock()))


def entry_of(pending: Pending, answer: Told, now: int) -> Entry:
    """What is kept of a change that was answered at `now` (epoch ms)."""
    place, name = pending.change.which
    after = pending.change.after(answer) if pending.change.after and answer else None
    return Entry(
        site_id=pending.holder.site_id,
        at=now,
        who_kind=pending.who_kind,  # type: ignore[arg-type]
        who=pending.who,
        what=pending.change.what,
        which=str((pending.path if place == "path" else answer).get(name, "")),
        before=short(pending.before),
        after=short(after),
        address=pending.address,
    )


def short(told: Told | None) -> str:
    """JSON of not too many characters; '' for nothing. Texts are cut where it would be longer."""
    if told is None:
        return ""
    for most in (_MOST, 100, 20):
        cut = {name: value[:most] if isinstance(value, str) else value for name, value in told.items()}
        text = orjson.dumps(cut).decode()
        if len(text) <= _MOST:
            return text
    return "{}"
