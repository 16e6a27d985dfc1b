"""A member's profile (flows/visitors/profiles.py) -> what the API shows of it."""

from __future__ import annotations

from typing import Any

from api.member_shapes import Consent, Coupon, MemberData
from api.times import iso, iso_or_none
from flows.visitors.profiles import of_prefix, registers
from ingest.members import CHANNELS, CONSENT, COUPON, TRAIT, USED
from sql.store import Store

_SHOWN = {CONSENT: "consents.", TRAIT: "traits.", COUPON: "coupons.", USED: "coupons."}


def read_member(store: Store, site_id: str, member_id: str) -> dict[str, Any] | None:
    """The row of a member (`member.sql`); None if nobody has told of him and he never logged in."""
    rows = store.rows("member", {"site_id": site_id, "member_id": member_id}) if member_id else []
    return rows[0] if rows else None


def data_of(profile: str) -> MemberData:
    """What a profile says."""
    held = registers(profile)
    value = {name: told for name, (_, told) in held.items() if told is not None}
    as_of: dict[str, int] = {}
    for name, (at, _) in held.items():
        shown = _shown(name)
        as_of[shown] = max(at, as_of.get(shown, at))
    consents, coupons, used = of_prefix(value, CONSENT), of_prefix(value, COUPON), of_prefix(value, USED)
    return MemberData(
        name=value.get("name"),
        grade=value.get("grade"),
        points=value.get("points"),
        joined_at=_moment(value.get("joined_at")),
        birthday=value.get("birthday"),
        kakao_friend=value.get("kakao_friend"),
        consents={channel: _consent(consents[channel]) for channel in CHANNELS if channel in consents},
        coupons=[_coupon(one, coupons.get(one, {}), used.get(one)) for one in sorted(coupons.keys() | used)],
        traits={name: _trait(told) for name, told in sorted(of_prefix(value, TRAIT).items())},
        as_of=iso_or_none(max(as_of.values(), default=None)),
        told_as_of={name: iso(at) for name, at in sorted(as_of.items())},
    )


def _shown(attribute: str) -> str:
    for prefix, shown in _SHOWN.items():
        if attribute.startswith(prefix):
            return shown + attribute.removeprefix(prefix)
    return attribute


def _consent(told: dict[str, Any]) -> Consent:
    return Consent(granted=told["granted"], at=iso(told["at"]), source=told["source"] or None)


def _coupon(coupon_id: str, told: dict[str, Any], used_at: int | None) -> Coupon:
    return Coupon(
        id=coupon_id,
        name=told.get("name") or None,
        issued_at=iso_or_none(told.get("issued_at")),
        expires_at=iso_or_none(told.get("expires_at")),
        used_at=_moment(used_at),
    )


def _trait(told: Any) -> str | float | bool:
    return iso(told["at"]) if isinstance(told, dict) else told


def _moment(at: int | None) -> str | None:
    return None if at is None else iso(at)
