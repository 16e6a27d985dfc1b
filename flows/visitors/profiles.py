"""A member's profile: what was told of him, attribute by attribute (ingest/members.py names them). Pure.

A profile is a function of the set of the records, whatever order they arrive in, and however often. Of each attribute the value
with the greatest (as_of, JSON of the value) counts; null is a value, too, and says that it is absent. Where all coupons were told as
of a moment, what was told of any coupon as of an earlier one counts for nothing; of the rest the greatest COUPON_ATTRIBUTES_KEPT by
(as_of, attribute) count. So a profile can be kept as its registers, an `as_of` and a value an attribute, and whatever the greatest ones
beat may be forgotten: what is told later can only beat more.

It is kept as bytes: JSON {attribute: [as_of, value]}, keys sorted; b"" while nothing was told. The same registers give the same bytes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

import orjson
import pyarrow as pa

from ingest.members import CHANNELS, CONSENT, COUPON, COUPON_ATTRIBUTES_KEPT, COUPONS, TRAIT, USED, Told

NOTHING = b""
"""The profile of whom nothing was told of."""

_TIME = pa.timestamp("ms", "UTC")
_S, _TIMES = pa.string(), pa.list_(_TIME)

COLUMNS = pa.schema(
    [
        ("profile", _S), ("member_name", _S), ("member_grade", _S), ("member_points", pa.int64()), ("member_joined_at", _TIME),
        ("member_birthday", _S), ("member_birthday_day", pa.uint16()), ("member_as_of", _TIME), ("kakao_friend", pa.uint8()),
        ("consent_channel", pa.list_(_S)), ("consent_granted", pa.list_(pa.uint8())), ("consent_at", _TIMES),
        ("consent_source", pa.list_(_S)), ("coupon_id", pa.list_(_S)), ("coupon_name", pa.list_(_S)), ("coupon_issued_at", _TIMES),
        ("coupon_expires_at", _TIMES), ("coupon_used_at", _TIMES), ("trait_name", pa.list_(_S)), ("trait_text", pa.list_(_S)),
        ("trait_number", pa.list_(pa.float64())), ("trait_at", _TIMES),
    ]
)  # fmt: skip
"""The columns of `visitors` that a profile makes (sql/migrations/0029_members_data.sql)."""

Registers = dict[str, list[Any]]
"""[as_of, value] by attribute."""

_LEAP_YEAR = 2000


class MemberRecord(NamedTuple):
    """What was told of a member (`key`: site_id/member_id) as of a moment; times are epoch ms."""

    key: str
    offset: int  # in the log of the member's shard
    received_at: int
    as_of: int
    told: Told


def registers(profile: bytes | str) -> Registers:
    """What a profile holds. Raises ValueError for what is none."""
    found: Registers = orjson.loads(profile) if profile else {}
    return found


def after(profile: bytes, as_of: int, told: Told) -> bytes:
    """The profile once something more was told; the same object where that changes nothing."""
    held = registers(profile)
    since = held[COUPONS][0] if COUPONS in held else -1
    changed = False
    for name, value in told.items():
        if _of_coupon(name) and as_of < since:
            continue
        known = held.get(name)
        if known is None or (as_of, canonical(value)) > (known[0], canonical(known[1])):
            held[name] = [as_of, value]
            changed = True
    if not changed:
        return profile
    _forget_coupons(held)
    found = canonical(held)
    return profile if found == profile else found


def _forget_coupons(held: Registers) -> None:
    """Drop what was told of coupons and counts no more."""
    since = held[COUPONS][0] if COUPONS in held else -1
    told = sorted(((as_of, name) for name, (as_of, _) in held.items() if _of_coupon(name)), reverse=True)
    for place, (as_of, name) in enumerate(told):
        if as_of < since or place >= COUPON_ATTRIBUTES_KEPT:
            del held[name]


def canonical(value: Any) -> bytes:
    """JSON of a value, keys sorted: what decides between two values told as of one moment."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def columns(profiles: Sequence[bytes], wanted: Collection[str] = COLUMNS.names) -> dict[str, pa.Array]:
    """Arrays of those of COLUMNS that are wanted, shape (len(profiles),)."""
    made = [column for column in COLUMNS if column.name in wanted]
    rows = [_row(profile) if profile else _ABSENT for profile in profiles] if made else []
    return {column.name: pa.array([row[column.name] for row in rows], column.type) for column in made}


def _row(profile: bytes) -> Mapping[str, Any]:
    held = registers(profile)
    value = {name: told for name, (_, told) in held.items() if told is not None}
    consents = [(channel, value[CONSENT + channel]) for channel in CHANNELS if CONSENT + channel in value]
    traits = sorted((name.removeprefix(TRAIT), told) for name, told in value.items() if name.startswith(TRAIT))
    known, used = of_prefix(value, COUPON), of_prefix(value, USED)
    coupons = [(one, known.get(one, _UNKNOWN_COUPON), used.get(one, 0)) for one in sorted(known.keys() | used)]
    birthday = value.get("birthday", "")
    return {
        "profile": profile.decode(),
        "member_name": value.get("name", ""),
        "member_grade": value.get("grade", ""),
        "member_points": value.get("points"),
        "member_joined_at": value.get("joined_at"),
        "member_birthday": birthday,
        "member_birthday_day": birthday_day(birthday),
        "member_as_of": max(as_of for as_of, _ in held.values()),
        "kakao_friend": int(value["kakao_friend"]) if "kakao_friend" in value else None,
        "consent_channel": [channel for channel, _ in consents],
        "consent_granted": [int(told["granted"]) for _, told in consents],
        "consent_at": [told["at"] for _, told in consents],
        "consent_source": [told["source"] for _, told in consents],
        "coupon_id": [one for one, _, _ in coupons],
        "coupon_name": [told["name"] for _, told, _ in coupons],
        "coupon_issued_at": [told["issued_at"] for _, told, _ in coupons],
        "coupon_expires_at": [told["expires_at"] for _, told, _ in coupons],
        "coupon_used_at": [at for _, _, at in coupons],
        "trait_name": [name for name, _ in traits],
        "trait_text": [_text(told) for _, told in traits],
        "trait_number": [told if isinstance(told, float) else 0.0 for _, told in traits],
        "trait_at": [told["at"] if isinstance(told, dict) else 0 for _, told in traits],
    }


_UNKNOWN_COUPON = {"name": "", "issued_at": 0, "expires_at": 0}

_ABSENT: Mapping[str, Any] = {
    column.name: [] if pa.types.is_list(column.type) else "" if column.type == _S else None for column in COLUMNS
} | {"member_birthday_day": 0}


def birthday_day(birthday: str) -> int:
    """The day of a birthday (`1990-05-17`, `05-17`) in a leap year, 1 to 366; 0 for ''. Raises ValueError for what is none."""
    if not birthday:
        return 0
    month, day = birthday[-5:].split("-")
    return date(_LEAP_YEAR, int(month), int(day)).timetuple().tm_yday


def of_prefix(values: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """The values of the attributes that begin so, by the rest of their names."""
    return {name.removeprefix(prefix): told for name, told in values.items() if name.startswith(prefix)}


def _of_coupon(name: str) -> bool:
    return name.startswith((COUPON, USED))


def _text(told: Any) -> str:
    if isinstance(told, bool):
        return "true" if told else "false"
    return told if isinstance(told, str) else ""
