"""E-mail addresses as accounts know them, and passwords as they are kept: scrypt (RFC 7914), with parameters and salt beside the hash."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
import unicodedata
from typing import Final

LEAST_CHARACTERS: Final = 10
MOST_CHARACTERS: Final = 200
COST: Final = (1 << 15, 8, 3)
"""N, r and p: 32 MiB and three passes, one of the choices OWASP's password storage cheat sheet holds equal."""

_SCHEME: Final = "scrypt"
_EMAIL: Final = re.compile(r"[^@\s\x00-\x1f\x7f]{1,64}@[^@\s\x00-\x1f\x7f]{1,189}")
_HASH_BYTES: Final = 32


class PasswordRefused(ValueError):
    """It may not be a password; the message says why."""


def normal_email(told: str) -> str | None:
    """An e-mail address as it is kept and compared: composed, lower case, no space around. None for what is none."""
    email = unicodedata.normalize("NFKC", told).strip().lower()
    return email if _EMAIL.fullmatch(email) else None


def check_password(password: str, email: str) -> None:
    """Raise `PasswordRefused` unless it may be the password of the user with this normalised e-mail."""
    if len(_normal(password)) < LEAST_CHARACTERS:
        raise PasswordRefused(f"a password has at least {LEAST_CHARACTERS} characters")
    if len(password) > MOST_CHARACTERS:
        raise PasswordRefused(f"a password has at most {MOST_CHARACTERS} characters")
    if normal_email(password) == email:
        raise PasswordRefused("the e-mail address is no password")
    if len(set(password)) == 1:
        raise PasswordRefused("one character many times is no password")


def keep(password: str) -> str:
    """A password as it is kept."""
    salt = secrets.token_bytes(16)
    n, r, p = COST
    return "$".join([_SCHEME, str(n), str(r), str(p), _text(salt), _text(_hash(password, salt, n, r, p))])


def unknown() -> str:
    """What looks like a password that was kept, and is nobody's."""
    return "$".join([_SCHEME, *map(str, COST), _text(secrets.token_bytes(16)), _text(secrets.token_bytes(_HASH_BYTES))])


def matches(password: str, kept: str) -> bool:
    """Whether it is the password that was kept. Takes as long for a wrong one as for the right one; False for what is not of `keep`."""
    try:
        scheme, n, r, p, salt, hashed = kept.split("$")
        if scheme != _SCHEME:
            return False
        found = _hash(password, base64.b64decode(salt), int(n), int(r), int(p))
        return hmac.compare_digest(found, base64.b64decode(hashed))
    except (ValueError, binascii.Error):
        return False


def is_current(kept: str) -> bool:
    """Whether a password was kept at the cost of today."""
    return kept.split("$")[:4] == [_SCHEME, *map(str, COST)]


def _hash(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    secret = _normal(password).encode("utf-8", "surrogatepass")
    return hashlib.scrypt(secret, salt=salt, n=n, r=r, p=p, maxmem=256 * n * r, dklen=_HASH_BYTES)


def _normal(password: str) -> str:
    """The same characters, whether a keyboard composes them or not (Hangul on some systems)."""
    return unicodedata.normalize("NFKC", password)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
