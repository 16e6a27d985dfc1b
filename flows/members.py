"""Records of members' data, read with care: anybody who may write to the log could have written them."""

from __future__ import annotations

import math
import re
from typing import Any

import orjson
import pyarrow as pa

from flows.records import key, text, whole
from flows.visitors.profiles import MemberRecord, birthday_day, canonical
from flows.visitors.rows import TIME
from ingest.members import (
    CHANNELS,
    CONSENT,
    COUPON,
    COUPON_ID_CHARACTERS_MAX,
    COUPONS,
    FIRST_MS,
    KNOWN,
    MEMBER_ATTRIBUTES_MAX,
    MEMBER_TEXT_CHARACTERS_MAX,
    POINTS_MAX,
    TEXTS,
    TRAIT,
    TRAIT_NAME,
    USED,
    member_key,
)
from ingest.vocabulary import EARLIEST_MS, LATEST_MS, TEXT_CHARACTERS_MAX

SITE_ID_CHARACTERS_MAX = 64

MEMBER_DATA = pa.schema(
    [
        ("site_id", pa.string()), ("member_id", pa.string()), ("shard", pa.uint16()), ("log_offset", pa.uint64()), ("received_at", TIME),
        ("as_of", TIME), ("told", pa.string()),
    ]
)  # fmt: skip

_BIRTHDAY = re.compile(r"(?:(?:19|20|21)\d\d-)?\d\d-\d\d", re.ASCII)
_SHORT = MEMBER_TEXT_CHARACTERS_MAX


def member_of(payload: str, offset: int, received_at: int) -> MemberRecord:
    """What was told of a member. Raises ValueError, KeyError or TypeError for what the door could not have written."""
    record = orjson.loads(payload)
    site_id, member_id = _short(key(record["site_id"]), SITE_ID_CHARACTERS_MAX), record["member_id"]
    _short(text(member_id), TEXT_CHARACTERS_MAX)
    as_of, told = _moment(record["as_of"], EARLIEST_MS), record["told"]
    if not isinstance(told, dict) or not 0 < len(told) <= MEMBER_ATTRIBUTES_MAX:
        raise TypeError(f"told: an object of 1 to {MEMBER_ATTRIBUTES_MAX} attributes is needed")
    checked = {name: _checked(name, value) for name, value in told.items()}
    return MemberRecord(member_key(site_id, member_id), offset, received_at, as_of, checked)


def member_rows(records: list[MemberRecord], number: int) -> pa.Table:
    """Rows of table `member_data`; `number` is the shard's."""
    named = [record.key.partition("/") for record in records]
    columns: dict[str, Any] = {
        "site_id": [site_id for site_id, _, _ in named],
        "member_id": [member_id for _, _, member_id in named],
        "shard": [number] * len(records),
        "log_offset": [record.offset for record in records],
        "received_at": [record.received_at for record in records],
        "as_of": [record.as_of for record in records],
        "told": [canonical(record.told).decode() for record in records],
    }
    return pa.table({field.name: pa.array(columns[field.name], field.type) for field in MEMBER_DATA}, MEMBER_DATA)


def _checked(name: str, value: Any) -> Any:
    """The value of an attribute, if it is one it may have."""
    if name == COUPONS:
        return _true(value)
    if name.startswith(COUPON):
        _short(text(name.removeprefix(COUPON)), COUPON_ID_CHARACTERS_MAX)
        return {
            "name": _short(text(value["name"], empty=True)),
            "issued_at": _moment_or_0(value["issued_at"]),
            "expires_at": _moment_or_0(value["expires_at"]),
        }
    if name.startswith(USED):
        _short(text(name.removeprefix(USED)), COUPON_ID_CHARACTERS_MAX)
        return _moment(value)
    if value is None:
        return _absent(name)
    if name in TEXTS:
        return _short(text(value))
    if name == "points":
        return _points(value)
    if name == "joined_at":
        return _moment(value)
    if name == "birthday":
        return _birthday(value)
    if name == "kakao_friend":
        return _bool(value)
    if name.startswith(CONSENT) and name.removeprefix(CONSENT) in CHANNELS:
        return {
            "granted": _bool(value["granted"]),
            "at": _moment(value["at"]),
            "source": _short(text(value["source"], empty=True)),
        }
    if name.startswith(TRAIT) and TRAIT_NAME.fullmatch(name.removeprefix(TRAIT)):
        return _trait(value)
    raise ValueError(f"told: there is no attribute {name[:80]!r}")


def _absent(name: str) -> None:
    """Nothing, if it is an attribute that may be taken away."""
    trait = TRAIT_NAME.fullmatch(name.removeprefix(TRAIT)) if name.startswith(TRAIT) else None
    consent = name.startswith(CONSENT) and name.removeprefix(CONSENT) in CHANNELS
    if name not in KNOWN and not consent and trait is None:
        raise ValueError(f"told: there is no attribute {name[:80]!r} that may be absent")


def _trait(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _short(text(value))
    if isinstance(value, dict):
        return {"at": _moment(value["at"])}
    if not isinstance(value, int | float) or not math.isfinite(number := float(value)):
        raise TypeError(f"a trait cannot be {value!r:.80}")
    return number + 0.0  # -0.0 is 0.0


def _points(value: Any) -> int:
    if type(value) is not int:
        raise TypeError(f"points: a whole number is needed, not {value!r:.80}")
    whole(abs(value), POINTS_MAX)
    return value


def _birthday(value: Any) -> str:
    if not _BIRTHDAY.fullmatch(text(value)):
        raise ValueError(f"birthday: {value!r:.80}")
    birthday_day(value)
    return str(value)


def _moment(value: Any, earliest: int = FIRST_MS) -> int:
    if type(value) is not int or not earliest <= value <= LATEST_MS:
        raise ValueError(f"a time is needed, not {value!r:.80}")
    return value


def _moment_or_0(value: Any) -> int:
    return 0 if type(value) is int and value == 0 else _moment(value)


def _bool(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"true or false is needed, not {value!r:.80}")
    return value


def _true(value: Any) -> bool:
    if value is not True:
        raise TypeError(f"{COUPONS}: true is needed, not {value!r:.80}")
    return True


def _short(value: str, most: int = _SHORT) -> str:
    if len(value) > most:
        raise ValueError(f"a text of at most {most} characters is needed, not {len(value):,}")
    return value
