"""Members' data in the log: its words, and the record that carries it.

A record tells values of *attributes* as of a moment. An attribute is a flat name, so that each can be told and taken away by itself:

    name, grade, birthday      a text
    points                     a whole number
    joined_at                  epoch ms
    kakao_friend               true or false
    consent/<channel>          {"granted": true or false, "at": epoch ms, "source": a text or ''}
    trait/<name>               a text, a number, true or false, or {"at": epoch ms} for a date
    coupons                    true: all coupons were told; those told before, as of an earlier moment, are no more
    coupon/<id>                {"name": a text or '', "issued_at": epoch ms or 0, "expires_at": epoch ms or 0 for never}
    used/<id>                  epoch ms: when that coupon was used

null takes an attribute away; not `coupons`, `coupon/` and `used/`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import orjson

KIND: Final = "member"

TEXTS: Final = ("name", "grade")
CHANNELS: Final = ("sms", "kakao", "push", "email", "night")
CONSENT, TRAIT, COUPON, USED = "consent/", "trait/", "coupon/", "used/"
COUPONS: Final = "coupons"
"""The attribute that says that all coupons were told."""

KNOWN: Final = ("name", "grade", "points", "joined_at", "birthday", "kakao_friend")
"""Attributes that an item and the traits of an `identify` call by the same name."""

TRAIT_TYPES: Final = ("string", "number", "date", "boolean")
TRAIT_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")

POINTS_MAX: Final = 10**12
MEMBER_TEXT_CHARACTERS_MAX: Final = 200
COUPON_ID_CHARACTERS_MAX: Final = 128
MEMBER_COUPONS_MAX: Final = 200
#: What was told of coupons and is kept: events may tell of any number, and the oldest are forgotten.
COUPON_ATTRIBUTES_KEPT: Final = 1_000
MEMBER_ATTRIBUTES_MAX: Final = 2 * MEMBER_COUPONS_MAX + 100
#: 1900-01-01T00:00:00Z: the first moment that columns of times keep.
FIRST_MS: Final = -2_208_988_800_000

Told = Mapping[str, Any]
"""Values by attribute."""


def member_key(site_id: str, member_id: str) -> str:
    """What the record's partition is found by: that of the member's person."""
    return f"{site_id}/{member_id}"


def member_line(site_id: str, member_id: str, received_at: int, as_of: int, told: Told) -> bytes:
    """The record, without a newline. Times are epoch ms. Raises TypeError for what JSON text can't carry."""
    payload = {"site_id": site_id, "member_id": member_id, "as_of": as_of, "told": told}
    text = orjson.dumps(payload, option=orjson.OPT_SORT_KEYS).decode()
    return orjson.dumps({"kind": KIND, "site_id": site_id, "received_at": received_at, "payload": text})
