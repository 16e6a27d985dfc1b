"""Who is signed in: sessions by the hash of their tokens.

A token is 256 random bits, so a plain hash is enough: there is nothing to guess.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from sql.store import Store

_ENDED: Final = 1 << 63
"""Version of a session that ended: a note of its use that comes later does not bring it back."""

_MOMENT: Final = pa.timestamp("ms", "UTC")
_SCHEMA: Final = pa.schema(
    [
        ("token_hash", pa.string()), ("user_id", pa.string()), ("password_version", pa.uint64()), ("created_at", _MOMENT),
        ("seen_at", _MOMENT), ("ended", pa.bool_()), ("version", pa.uint64()),
    ]
)  # fmt: skip


@dataclass(frozen=True)
class Session:
    """`seen_at` is when it was used last, to some minutes. Times are epoch ms."""

    token_hash: str
    user_id: str
    password_version: int
    created_at: int
    seen_at: int


def token_hash(token: str) -> str:
    """SHA-256 of a token as kept in `sessions`: 64 lower-case hex digits."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def write_session(store: Store, session: Session) -> None:
    """Write a session, new or used again."""
    _write(store, session, ended=False, version=session.seen_at * 1000)


def end_session(store: Store, session: Session) -> None:
    """End a session, for good."""
    _write(store, session, ended=True, version=_ENDED)


def find_session(store: Store, hashed: str) -> Session | None:
    """A session by `token_hash`, unless it ended. Whether it is too old is for the caller to say."""
    rows = store.rows("accounts_session", {"token_hash": hashed})
    if not rows or rows[0]["ended"]:
        return None
    row = rows[0]
    return Session(row["token_hash"], row["user_id"], row["password_version"], row["created"], row["seen"])


def _write(store: Store, session: Session, *, ended: bool, version: int) -> None:
    row = {name: getattr(session, name) for name in _SCHEMA.names if hasattr(session, name)}
    row |= {"ended": ended, "version": version}
    store.insert("sessions", pa.table({one.name: pa.array([row[one.name]], one.type) for one in _SCHEMA}, _SCHEMA))
