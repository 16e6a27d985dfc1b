"""Members' data at the door: an item of `POST /v1/members`, or what an event tells of its member -> values by attribute.

The attributes are those of ingest/members.py. In an item a wrong value refuses the item; in an event it is passed over, as is what
nobody declared: the event itself is good.
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from ingest.door.clock import epoch_ms, shown
from ingest.door.draft import Refused, SiteRules
from ingest.door.values import identifier, is_true, text
from ingest.members import (
    CHANNELS,
    CONSENT,
    COUPON,
    COUPON_ID_CHARACTERS_MAX,
    COUPONS,
    FIRST_MS,
    KNOWN,
    MEMBER_COUPONS_MAX,
    MEMBER_TEXT_CHARACTERS_MAX,
    POINTS_MAX,
    TEXTS,
    TRAIT,
    USED,
)
from ingest.vocabulary import AHEAD_MS_MAX, LATEST_MS, Reason

ITEM_FIELDS: Final = ("member_id", "as_of", *KNOWN, "coupons", "consents", "traits")
"""What an item of `POST /v1/members` may have."""

_TRAIT_ALIASES: Final = {"createdAt": "joined_at", "created_at": "joined_at"}
"""Segment's reserved traits that are ours by another name (its public "Spec: Identify")."""

_COUPON_FIELDS: Final = ("id", "name", "issued_at", "expires_at", "used_at")
_CONSENT_FIELDS: Final = ("granted", "at", "source")
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_DAY_OF_MONTH = re.compile(r"\d\d-\d\d", re.ASCII)
_LEAP_YEAR = "2000"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class Member(NamedTuple):
    """What was told of a member; `as_of` is epoch ms."""

    member_id: str
    as_of: int
    told: dict[str, Any]


def member_of_item(item: Any, site: SiteRules, received_at: int) -> Member:
    """An item of `POST /v1/members`. Raises Refused."""
    if type(item) is not dict:
        raise Refused(Reason.NOT_AN_OBJECT, "an object is needed")
    for name in item:
        if name not in ITEM_FIELDS:
            raise Refused(Reason.UNKNOWN_FIELD, f"{name[:80]}: not understood here; known are {', '.join(ITEM_FIELDS)}")
    member_id = item.get("member_id")
    if member_id is None or member_id == "":
        raise Refused(Reason.MISSING_MEMBER_ID, "member_id: missing")
    as_of = _as_of(item.get("as_of"), received_at)
    told = dict(_told(item, site, as_of))
    if not told:
        raise Refused(Reason.NOTHING_TOLD, "nothing but the member's id")
    return Member(identifier("member_id", member_id), as_of, told)


def member_of_event(record: Mapping[str, Any], extra: Mapping[str, Any], site: SiteRules) -> Member | None:
    """What an accepted event (`record`, and `extra` without a column) tells of its member: traits of an `identify`, coupons."""
    if "member_id" not in record or record.get("bot"):
        return None
    at = record["occurred_at"]
    told: dict[str, Any] = {}
    if record["name"] == "identify" and type(extra.get("traits")) is dict:
        told = dict(_traits_of_event(extra["traits"], site, at))
    elif record["name"] in ("coupon_issued", "coupon_used"):
        told = _coupon_of_event(record["name"], extra, site, at)
    return Member(record["member_id"], at, told) if told else None


def _told(item: Mapping[str, Any], site: SiteRules, as_of: int) -> Iterator[tuple[str, Any]]:
    for name in KNOWN:
        if name in item:
            yield name, _known(name, item[name], site)
    if "consents" in item:
        for channel, consent in _mapping("consents", item["consents"], CHANNELS, Reason.UNKNOWN_FIELD).items():
            yield CONSENT + channel, _consent(f"consents.{channel}", consent, site, as_of)
    if "traits" in item:
        for name, value in _mapping("traits", item["traits"], tuple(site.traits), Reason.UNDECLARED_TRAIT).items():
            yield TRAIT + name, _trait(f"traits.{name}", value, site.traits[name], site)
    if "coupons" in item:
        yield COUPONS, True
        yield from _coupons(item["coupons"], site)


def _mapping(place: str, value: Any, names: tuple[str, ...], unknown: Reason) -> dict[str, Any]:
    """An object with some of these names; null takes all of them away."""
    if value is None:
        return dict.fromkeys(names)
    if type(value) is not dict:
        raise Refused(Reason.WRONG_TYPE, f"{place}: an object is needed")
    for name in value:
        if name not in names:
            declared = ", ".join(names) or "none"
            raise Refused(unknown, f"{place}.{name[:80]}: known are {declared}")
    return value


def _traits_of_event(traits: Mapping[str, Any], site: SiteRules, at: int) -> Iterator[tuple[str, Any]]:
    for told, value in traits.items():
        name = _TRAIT_ALIASES.get(told, told)
        if name != told and name in traits:
            continue
        with suppress(Refused):
            if name in KNOWN:
                yield name, _known(name, value, site)
            elif name in site.traits:
                yield TRAIT + name, _trait(name, value, site.traits[name], site)


def _coupon_of_event(event: str, extra: Mapping[str, Any], site: SiteRules, at: int) -> dict[str, Any]:
    with suppress(Refused):
        coupon_id = _short_id("coupon_id", extra.get("coupon_id"))
        if event == "coupon_used":
            return {USED + coupon_id: at}
        coupon = {"name": "", "issued_at": at, "expires_at": 0}
        with suppress(Refused):
            coupon["name"] = _short("coupon_name", extra.get("coupon_name")) or ""
        with suppress(Refused):
            coupon["expires_at"] = _expiry("expires_at", extra.get("expires_at"), site)
        return {COUPON + coupon_id: coupon}
    return {}


def _coupons(coupons: Any, site: SiteRules) -> Iterator[tuple[str, Any]]:
    if coupons is None:
        return
    if type(coupons) is not list:
        raise Refused(Reason.WRONG_TYPE, "coupons: a list is needed")
    if len(coupons) > MEMBER_COUPONS_MAX:
        raise Refused(Reason.TOO_MANY_ITEMS, f"coupons: {len(coupons):,}, at most {MEMBER_COUPONS_MAX}")
    for index, coupon in enumerate(coupons):
        place = f"coupons[{index}]"
        if type(coupon) is not dict:
            raise Refused(Reason.WRONG_TYPE, f"{place}: an object is needed")
        for name in coupon:
            if name not in _COUPON_FIELDS:
                raise Refused(
                    Reason.UNKNOWN_FIELD,
                    f"{place}.{name[:80]}: not understood here; known are {', '.join(_COUPON_FIELDS)}",
                )
        coupon_id = _short_id(f"{place}.id", coupon.get("id"))
        yield (
            COUPON + coupon_id,
            {
                "name": _short(f"{place}.name", coupon.get("name")) or "",
                "issued_at": _moment(f"{place}.issued_at", coupon.get("issued_at"), site) or 0,
                "expires_at": _expiry(f"{place}.expires_at", coupon.get("expires_at"), site),
            },
        )
        used_at = _moment(f"{place}.used_at", coupon.get("used_at"), site)
        if used_at is not None:
            yield USED + coupon_id, used_at


def _known(name: str, value: Any, site: SiteRules) -> Any:
    if value is None or value == "":
        return None
    if name in TEXTS:
        return _short(name, value)
    if name == "points":
        return _points(value)
    if name == "joined_at":
        return _moment(name, value, site)
    if name == "birthday":
        return _birthday(value)
    return is_true(name, value)


def _consent(place: str, value: Any, site: SiteRules, as_of: int) -> dict[str, Any] | None:
    if value is None:
        return None
    if type(value) is bool:
        return {"granted": value, "at": as_of, "source": ""}
    if type(value) is not dict:
        raise Refused(Reason.WRONG_TYPE, f"{place}: true, false or an object is needed")
    for name in value:
        if name not in _CONSENT_FIELDS:
            raise Refused(Reason.UNKNOWN_FIELD, f"{place}.{name[:80]}: known are {', '.join(_CONSENT_FIELDS)}")
    at = _moment(f"{place}.at", value.get("at"), site)
    return {
        "granted": is_true(f"{place}.granted", value.get("granted")),
        "at": as_of if at is None else at,
        "source": _short(f"{place}.source", value.get("source")) or "",
    }


def _trait(place: str, value: Any, kind: str, site: SiteRules) -> Any:
    """A trait's value as the record has it; null where it is absent."""
    if value is None or value == "":
        return None
    return _OF_TYPE[kind](place, value, site)


def _number(place: str, value: Any, site: SiteRules) -> float:
    if type(value) is not int and type(value) is not float:
        raise Refused(Reason.WRONG_TYPE, f"{place}: a number is needed")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise Refused(Reason.OUT_OF_RANGE, f"{place}: too large")
    return number + 0.0  # -0.0 is 0.0


def _date(place: str, value: Any, site: SiteRules) -> dict[str, int | None]:
    return {"at": _moment(place, value, site)}


_OF_TYPE: Final[dict[str, Callable[[str, Any, SiteRules], Any]]] = {
    "string": lambda place, value, site: _short(place, value),
    "number": _number,
    "boolean": lambda place, value, site: is_true(place, value),
    "date": _date,
}


def _points(value: Any) -> int:
    if type(value) is float and value.is_integer():
        value = int(value)
    if type(value) is not int:
        raise Refused(Reason.NOT_AN_INTEGER, "points: a whole number is needed")
    if abs(value) > POINTS_MAX:
        raise Refused(Reason.OUT_OF_RANGE, f"points: over {POINTS_MAX:,}")
    return value


def _birthday(value: Any) -> str:
    """`1990-05-17`, or `05-17`; of a time its day as written."""
    told = text("birthday", value)
    if _DATE.match(told):
        told = told[:10]
        day = told
    else:
        day = f"{_LEAP_YEAR}-{told}"
        if not _DAY_OF_MONTH.fullmatch(told):
            raise Refused(Reason.BAD_DATE, f"birthday: {told[:80]!r}; write 1990-05-17 or 05-17")
    try:
        year = date.fromisoformat(day).year
    except ValueError:
        raise Refused(Reason.BAD_DATE, f"birthday: {told!r} is no day") from None
    if not 1900 <= year < 2200:
        raise Refused(Reason.BAD_DATE, f"birthday: the year {year}")
    return told


def _as_of(value: Any, received_at: int) -> int:
    """Never after the request: up to a day ahead is a wrong clock, and taken as now."""
    if value is None:
        return received_at
    as_of = epoch_ms("as_of", value)
    if as_of - received_at > AHEAD_MS_MAX:
        raise Refused(Reason.IN_THE_FUTURE, f"as_of: {shown(as_of)}, received {shown(received_at)}")
    return min(as_of, received_at)


def _moment(place: str, value: Any, site: SiteRules) -> int | None:
    """Epoch ms of a time as in events, of any year from 1900, or of a day: its midnight in the shop's time zone. None if absent."""
    if value is None or value == "":
        return None
    if type(value) is not str:
        at = epoch_ms(place, value)
    elif _DATE.fullmatch(value):
        at = _midnight(place, value, site)
    else:
        at = _iso(place, value)
    if not FIRST_MS <= at <= LATEST_MS:
        raise Refused(Reason.BAD_DATE, f"{place}: {shown(at)} is not in the years 1900 to 2199")
    return at or 1  # the epoch itself stands for an absent time


def _expiry(place: str, value: Any, site: SiteRules) -> int:
    """As `_moment`; of a day its last millisecond. 0 for never: absent, or after the year 2199."""
    if value is None or value == "":
        return 0
    if type(value) is str and _DATE.fullmatch(value):
        if int(value[:4]) >= 2200:
            return 0
        following = _day(place, value) + timedelta(days=1)
        at = _midnight(place, following.isoformat(), site) - 1
    else:
        at = _iso(place, value) if type(value) is str else epoch_ms(place, value)
        if at > LATEST_MS:
            return 0
    if at < FIRST_MS:
        raise Refused(Reason.BAD_DATE, f"{place}: {shown(at)} is before the year 1900")
    return min(at, LATEST_MS) or 1


def _midnight(place: str, value: str, site: SiteRules) -> int:
    day = _day(place, value)
    begin = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(site.timezone))
    return (begin - _EPOCH) // _MILLISECOND


def _day(place: str, value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise Refused(Reason.BAD_DATE, f"{place}: {value!r} is no day") from None


def _iso(place: str, value: str) -> int:
    try:
        time = datetime.fromisoformat(value)
    except ValueError:
        raise Refused(Reason.BAD_TIME, f"{place}: {value[:80]!r} is neither a day nor ISO 8601") from None
    if time.tzinfo is None:
        raise Refused(Reason.BAD_TIME, f"{place}: {value[:80]!r} names no zone; end it with Z or +09:00")
    return (time - _EPOCH) // _MILLISECOND


def _short(place: str, value: Any) -> str | None:
    """A short text; None if it is absent."""
    if value is None or value == "":
        return None
    told = text(place, value)
    if len(told) > MEMBER_TEXT_CHARACTERS_MAX:
        detail = f"{place}: {len(told):,} characters, at most {MEMBER_TEXT_CHARACTERS_MAX}"
        raise Refused(Reason.TEXT_TOO_LONG, detail)
    return told


def _short_id(place: str, value: Any) -> str:
    if value is None or value == "":
        raise Refused(Reason.WRONG_TYPE, f"{place}: a text is needed")
    return identifier(place, value, COUPON_ID_CHARACTERS_MAX)
