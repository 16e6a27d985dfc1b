"""Keys of a site. A write key (public) may only send events; a secret key reads and administers.

A key is shown once, when it is made; only its SHA-256 is kept. With 40 random letters and digits (238 bits) a plain
hash is enough: there is nothing to guess.
"""

from __future__ import annotations

import hashlib
import secrets
import string
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

from sql.store import Store

Kind = Literal["write", "secret"]

_ALPHABET = string.ascii_letters + string.digits
_PREFIX: dict[Kind, str] = {"write": "snm_w_", "secret": "snm_s_"}


@dataclass(frozen=True)
class SiteKey:
    """A key as lists show it. `revoked_at` None: in force. Times are epoch ms."""

    key_id: str
    site_id: str
    kind: Kind
    created_at: int
    revoked_at: int | None


@dataclass(frozen=True)
class KeyHolder:
    """What a presented key gives access to: a site, its currency and time zone, and what for."""

    key_id: str
    site_id: str
    kind: Kind
    currency: str
    timezone: str


def key_hash(key: str) -> str:
    """SHA-256 of a key as kept in `site_keys`: 64 lower-case hex digits."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def create_key(store: Store, site_id: str, kind: Kind, now: int) -> tuple[str, SiteKey]:
    """Make a key for a site that exists; returns the key itself, which nothing can show again, and its entry."""
    key = _PREFIX[kind] + _random(40)
    entry = SiteKey("key_" + _random(12), site_id, kind, now, None)
    _write(store, key_hash(key), entry, now * 1000)
    return key, entry


def list_keys(store: Store, site_id: str) -> list[SiteKey]:
    """Keys of a site, revoked ones included, oldest first."""
    return [SiteKey(**row) for row in store.rows("site_keys", {"site_id": site_id})]


def revoke_key(store: Store, site_id: str, key_id: str, now: int) -> bool:
    """Revoke a key of a site; False if the site has no such key. Revoking twice changes nothing."""
    rows = store.rows("site_key", {"site_id": site_id, "key_id": key_id})
    if not rows:
        return False
    row = rows[0]
    if row["revoked_at"] is None:
        entry = SiteKey(key_id, site_id, row["kind"], row["created_at"], now)
        _write(store, row["key_hash"], entry, max(now * 1000, row["version"] + 1))
    return True


def find_key(store: Store, hashed: str) -> KeyHolder | None:
    """Whose key this is, by `key_hash`; None if unknown, revoked, or of a deleted site."""
    rows = store.rows("site_key_holder", {"key_hash": hashed})
    return KeyHolder(**rows[0]) if rows else None


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def _write(store: Store, hashed: str, entry: SiteKey, version: int) -> None:
    text = pa.string()
    moment = pa.timestamp("ms", "UTC")
    store.insert(
        "site_keys",
        pa.table(
            {
                "key_hash": pa.array([hashed], text),
                "site_id": pa.array([entry.site_id], text),
                "key_id": pa.array([entry.key_id], text),
                "kind": pa.array([entry.kind], text),
                "created_at": pa.array([entry.created_at], moment),
                "revoked_at": pa.array([entry.revoked_at], moment),
                "version": pa.array([version], pa.uint64()),
            }
        ),
    )
