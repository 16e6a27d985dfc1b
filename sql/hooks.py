"""Hooks: where a site wants to be told of entries and exits. One row a change; the newest counts.

Secrets are kept as they are: they have to sign. Writers of one hook are expected to take turns, else the later change wins.
"""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass, replace
from typing import Any, Literal

import pyarrow as pa

from sql.store import Store

Again = Literal["always", "once", "not_within"]

EFFECTIVE_AFTER_MS = 2_000
"""A hook is told of what happens from so long after its creation: every process that sends knows it by then."""

OLD_SECRET_MS = 24 * 3_600_000
"""So long a secret signs beside the one that replaced it."""

_ALPHABET = string.ascii_lowercase + string.digits
_MOMENT = pa.timestamp("ms", "UTC")
_SCHEMA = pa.schema(
    [
        ("site_id", pa.string()), ("hook_id", pa.string()), ("version", pa.uint64()), ("url", pa.string()),
        ("events", pa.list_(pa.string())), ("every_segment", pa.bool_()), ("segments", pa.list_(pa.string())),
        ("again", pa.string()), ("not_within_seconds", pa.uint32()), ("delay_seconds", pa.uint32()), ("active", pa.bool_()),
        ("disabled_reason", pa.string()), ("secret", pa.string()), ("old_secret", pa.string()), ("old_secret_until", _MOMENT),
        ("created_at", _MOMENT), ("changed_at", _MOMENT), ("deleted", pa.bool_()),
    ]
)  # fmt: skip


@dataclass(frozen=True)
class HookTerms:
    """What a site asks for. `events` of segment.entered and segment.exited; `segments`: ids, None for all. `again`: whether a person
    is told of every time, once, or not within `not_within_seconds` of the last time. `delay_seconds`: waited before it is sent."""

    url: str
    events: tuple[str, ...]
    segments: tuple[str, ...] | None = None
    again: Again = "always"
    not_within_seconds: int = 0
    delay_seconds: int = 0
    active: bool = True


@dataclass(frozen=True, repr=False)
class Hook:
    """A hook. Times are epoch ms; `old_secret_until` 0 and `old_secret` '' if there is none. `disabled_reason`: why it was made inactive
    by Sonnim, '' if it was not."""

    site_id: str
    hook_id: str
    version: int
    terms: HookTerms
    secret: str
    old_secret: str
    old_secret_until: int
    created_at: int
    changed_at: int
    disabled_reason: str = ""
    deleted: bool = False

    def secrets(self, now: int) -> list[str]:
        """Those that sign at a moment, the newest first."""
        return [self.secret, *([self.old_secret] if self.old_secret and now < self.old_secret_until else [])]


def create_hook(store: Store, site_id: str, terms: HookTerms, secret: str, now: int) -> Hook:
    """Save a new hook under a random id."""
    hook_id = "hook_" + "".join(secrets.choice(_ALPHABET) for _ in range(16))
    return _write(store, Hook(site_id, hook_id, now * 1000, terms, secret, "", 0, now, now))


def update_hook(store: Store, site_id: str, hook_id: str, terms: HookTerms, now: int) -> Hook | None:
    """Change what is asked for; an active one is not disabled any more. None if the site has no such hook."""
    hook = get_hook(store, site_id, hook_id)
    if hook is None:
        return None
    reason = "" if terms.active else hook.disabled_reason
    return _next(store, replace(hook, terms=terms, disabled_reason=reason), now)


def rotate_secret(store: Store, site_id: str, hook_id: str, secret: str, now: int) -> Hook | None:
    """Give a hook another secret; the old one signs beside it for a day. None if the site has no such hook."""
    hook = get_hook(store, site_id, hook_id)
    if hook is None:
        return None
    changed = replace(hook, secret=secret, old_secret=hook.secret, old_secret_until=now + OLD_SECRET_MS)
    return _next(store, changed, now)


def disable_hook(store: Store, site_id: str, hook_id: str, reason: str, now: int) -> Hook | None:
    """Make a hook inactive because its receiver wants no more. None if there is none."""
    hook = get_hook(store, site_id, hook_id)
    if hook is None:
        return None
    return _next(store, replace(hook, terms=replace(hook.terms, active=False), disabled_reason=reason), now)


def delete_hook(store: Store, site_id: str, hook_id: str, now: int) -> bool:
    """Delete a hook and its secrets. False if the site has no such hook."""
    hook = get_hook(store, site_id, hook_id)
    if hook is None:
        return False
    _next(store, replace(hook, deleted=True, secret="", old_secret="", old_secret_until=0), now)
    return True


def get_hook(store: Store, site_id: str, hook_id: str) -> Hook | None:
    """A hook of a site, or None if there is none or it is deleted."""
    rows = store.rows("hooks", {"site_id": site_id, "hook_id": hook_id}) if hook_id else []
    return hook_of(rows[0]) if rows else None


def list_hooks(store: Store, site_id: str) -> list[Hook]:
    """A site's hooks that are not deleted, oldest first."""
    return [hook_of(row) for row in store.rows("hooks", {"site_id": site_id, "hook_id": ""})]


def hook_of(row: dict[str, Any]) -> Hook:
    """A hook as `hooks.sql` and `dispatch_hooks.sql` tell it."""
    terms = HookTerms(
        url=row["url"],
        events=tuple(row["events"]),
        segments=None if row["every_segment"] else tuple(row["segments"]),
        again=row["again"],
        not_within_seconds=row["not_within_seconds"],
        delay_seconds=row["delay_seconds"],
        active=bool(row["active"]),
    )
    return Hook(
        site_id=row["site_id"],
        hook_id=row["hook_id"],
        version=row["version"],
        terms=terms,
        secret=row["secret"],
        old_secret=row["old_secret"],
        old_secret_until=row["old_until"],
        created_at=row["created"],
        changed_at=row["changed"],
        disabled_reason=row["disabled_reason"],
    )


def _next(store: Store, hook: Hook, now: int) -> Hook:
    return _write(store, replace(hook, version=max(hook.version + 1, now * 1000), changed_at=now))


def _write(store: Store, hook: Hook) -> Hook:
    terms = hook.terms
    row: dict[str, Any] = {
        **{name: getattr(hook, name) for name in _SCHEMA.names if hasattr(hook, name)},
        **{name: getattr(terms, name) for name in _SCHEMA.names if hasattr(terms, name)},
        "every_segment": terms.segments is None,
        "segments": list(terms.segments or ()),
        "events": list(terms.events),
    }
    store.insert("hooks", pa.table({one.name: pa.array([row[one.name]], one.type) for one in _SCHEMA}, _SCHEMA))
    return hook
