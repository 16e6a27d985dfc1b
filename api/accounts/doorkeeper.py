"""Signing in and out, and whose a session is: remembered for a moment, so that pages cost few queries and signing out works soon."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Final

from api.accounts.passwords import is_current, keep, matches, normal_email, unknown
from api.accounts.pauses import Pauses, network_of
from sql.sessions import Session, end_session, find_session, token_hash, write_session
from sql.sites import list_sites
from sql.store import Store, StoreError, StoreUnavailable
from sql.users import Role, User, find_user, renew_hash

IDLE_MS: Final = 12 * 3_600_000
LONGEST_MS: Final = 14 * 24 * 3_600_000
NOTED_MS: Final = 5 * 60_000
"""So often it is written down that a session is used."""

FREE_BY_EMAIL: Final = 5
"""Failures of an e-mail from one address. A stranger elsewhere keeps nobody out of his account."""

FREE_BY_ADDRESS: Final = 20
FREE_ANYWHERE: Final = 100
LONGEST_ANYWHERE_MS: Final = 30_000
"""Failures of an e-mail from everywhere: many addresses may guess slowly, and whose it is waits for 30 s at most."""

_AT_ONCE: Final = 2
_IN_LINE: Final = 8
"""Attempts a process looks at or lets wait: each takes a thread from the other calls."""

_PATIENCE_SECONDS: Final = 3.0
_REMEMBERED: Final = 10_000
_BELIEVED_MS: Final = 15 * 60_000
"""So long a session is believed while ClickHouse is away."""


@dataclass(frozen=True)
class Shop:
    """A site as one who signs in sees it."""

    site_id: str
    name: str
    role: Role
    currency: str
    timezone: str


@dataclass(frozen=True)
class SignedIn:
    """Who is signed in; `shops` by id, in their order."""

    user: User
    session: Session
    shops: Mapping[str, Shop]

    @property
    def expires_at(self) -> int:
        """When the session ends if it is not used any more, epoch ms."""
        return min(self.session.created_at + LONGEST_MS, self.session.seen_at + IDLE_MS)


class TooMany(Exception):
    """Too many attempts: try again after `seconds`."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"try again in {seconds} s")
        self.seconds = seconds


class Doorkeeper:
    """Safe for many threads. Pauses between attempts are this process's own; sessions are everybody's."""

    def __init__(self, store: Store, cache_ms: int) -> None:
        self._store = store
        self._cache_ms = cache_ms
        self._lock = threading.Lock()
        self._seen: OrderedDict[str, tuple[SignedIn | None, int]] = OrderedDict()
        self._by_email = Pauses(FREE_BY_EMAIL)
        self._by_email_anywhere = Pauses(FREE_ANYWHERE, LONGEST_ANYWHERE_MS)
        self._by_address = Pauses(FREE_BY_ADDRESS)
        self._line = threading.BoundedSemaphore(_IN_LINE)
        self._looking = threading.BoundedSemaphore(_AT_ONCE)

    def sign_in(self, email: str, password: str, address: str, now: int) -> tuple[str, SignedIn] | None:
        """A new session and its token; None if e-mail and password do not belong together. Raises `TooMany`."""
        user = self.right(email, password, address, now)
        return self.open(user, now) if user else None

    def right(self, email: str, password: str, address: str, now: int) -> User | None:
        """The user of this e-mail if the password is his. Every failure makes the next attempts wait. Raises `TooMany`."""
        known = normal_email(email) or ""
        network = network_of(address)
        self._count(known, network, now)
        try:
            with _turn(self._line, 0), _turn(self._looking, _PATIENCE_SECONDS):
                user = find_user(self._store, email=known)
                right = matches(password, user.password if user else unknown())  # which takes as long
        except (TooMany, StoreUnavailable, StoreError):
            self._forgive(known, network, all_of_email=False)
            raise
        if user is None or not right:
            return None
        self._forgive(known, network, all_of_email=True)
        return user if is_current(user.password) else renew_hash(self._store, user, keep(password), now)

    def open(self, user: User, now: int) -> tuple[str, SignedIn]:
        """A new session of a user, and its token."""
        token = secrets.token_urlsafe(32)
        session = Session(token_hash(token), user.user_id, user.password_version, now, now)
        write_session(self._store, session)
        return token, SignedIn(user, session, self._shops(user))

    def who(self, token: str, now: int) -> SignedIn | None:
        """Whose session it is; None if there is none, or it is over. Raises `StoreUnavailable` for one that was not seen lately."""
        hashed = token_hash(token)
        with self._lock:
            known, read_at = self._seen.get(hashed, (None, None))
        if read_at is not None and 0 <= now - read_at < self._cache_ms:
            return known if known and now < known.expires_at else None
        try:
            found = self._read(hashed, now)
        except StoreUnavailable:
            if known and read_at is not None and now < known.expires_at and 0 <= now - read_at < _BELIEVED_MS:
                return known
            raise
        with self._lock:
            self._seen[hashed] = (found, now)
            self._seen.move_to_end(hashed)
            while len(self._seen) > _REMEMBERED:
                self._seen.popitem(last=False)
        return found

    def sign_out(self, token: str) -> None:
        """End a session; nothing happens if there is none."""
        hashed = token_hash(token)
        session = find_session(self._store, hashed)
        if session is not None:
            end_session(self._store, session)
        with self._lock:
            self._seen.pop(hashed, None)

    def forget(self, user_id: str) -> None:
        """Something about a user has changed: this process asks again at once, others within seconds."""
        with self._lock:
            for hashed in [key for key, (one, _) in self._seen.items() if one and one.user.user_id == user_id]:
                del self._seen[hashed]

    def _read(self, hashed: str, now: int) -> SignedIn | None:
        session = find_session(self._store, hashed)
        if session is None:
            return None
        user = find_user(self._store, user_id=session.user_id)
        if user is None or user.password_version != session.password_version:
            return None
        found = SignedIn(user, session, self._shops(user))
        if now >= found.expires_at:
            return None
        if now - session.seen_at >= NOTED_MS:
            found = replace(found, session=replace(session, seen_at=now))
            with suppress(StoreUnavailable, StoreError):  # a disk that is full keeps nobody from reading
                write_session(self._store, found.session)
        return found

    def _shops(self, user: User) -> dict[str, Shop]:
        sites = [one for one in list_sites(self._store) if one.site_id in user.roles]
        return {
            one.site_id: Shop(one.site_id, one.name, user.roles[one.site_id], one.currency, one.timezone)
            for one in sites
        }

    def _count(self, email: str, network: str, now: int) -> None:
        with self._lock:
            if wait := max(pauses.wait_ms(who, now) for pauses, who in self._held_against(email, network)):
                raise TooMany(-(-wait // 1000))
            for pauses, who in self._held_against(email, network):
                pauses.failed(who, now)

    def _forgive(self, email: str, network: str, *, all_of_email: bool) -> None:
        with self._lock:
            for pauses, who in self._held_against(email, network):
                pauses.forgive(who, one=pauses is self._by_address or not all_of_email)

    def _held_against(self, email: str, network: str) -> tuple[tuple[Pauses, str], ...]:
        here = f"{email} {network}"
        return (self._by_email, here), (self._by_email_anywhere, email), (self._by_address, network)


@contextmanager
def _turn(semaphore: threading.BoundedSemaphore, patience: float) -> Iterator[None]:
    """Have one of its places. Raises `TooMany` if none gets free within so many seconds."""
    if not semaphore.acquire(timeout=patience):
        raise TooMany(1)
    try:
        yield
    finally:
        semaphore.release()
