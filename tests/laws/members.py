"""The plainest definition of a member's data: of each attribute that was ever told, the value that counts, and the columns of the row.

`told` is a list of (as_of, {attribute: value}) in any order (ingest/members.py names the attributes). Of each attribute the greatest
(as_of, JSON) counts. What was told of a coupon before all coupons were told counts for nothing; of the rest the newest 1,000 do.
"""

import json
from datetime import date
from typing import Any

Row = dict[str, Any]
Told = tuple[int, Row]

CHANNELS = ["sms", "kakao", "push", "email", "night"]

NOTHING_TOLD: Row = {
    "member_name": "", "member_grade": "", "member_points": None, "member_joined_at": None, "member_birthday": "",
    "member_birthday_day": 0, "member_as_of": None, "kakao_friend": None,
    "consent_channel": [], "consent_granted": [], "consent_at": [], "consent_source": [],
    "coupon_id": [], "coupon_name": [], "coupon_issued_at": [], "coupon_expires_at": [], "coupon_used_at": [],
    "trait_name": [], "trait_text": [], "trait_number": [], "trait_at": [],
}  # fmt: skip
"""The columns of a person of whom nothing was told."""


def member_columns(told: list[Told]) -> Row:
    """Columns of the person's row."""
    if not told:
        return NOTHING_TOLD
    every = [
        (name, as_of, json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False))
        for as_of, one in told
        for name, value in one.items()
    ]
    lists = max((as_of for name, as_of, _ in every if name == "coupons"), default=0)
    counted = [one for one in every if not (one[0].startswith(("coupon/", "used/")) and one[1] < lists)]
    latest = {name: (as_of, name, text) for name, as_of, text in sorted(counted)}
    coupons = sorted((one for one in latest.values() if one[1].startswith(("coupon/", "used/"))), reverse=True)
    value = {name: json.loads(text) for _, name, text in latest.values()}
    value = {name: one for name, one in value.items() if name not in {old[1] for old in coupons[1000:]}}
    value = {name: one for name, one in value.items() if one is not None}
    birthday = value.get("birthday", "")
    row = NOTHING_TOLD | {
        "member_name": value.get("name", ""),
        "member_grade": value.get("grade", ""),
        "member_points": value.get("points"),
        "member_joined_at": value.get("joined_at"),
        "member_birthday": birthday,
        "member_birthday_day": date.fromisoformat("2000-" + birthday[-5:]).timetuple().tm_yday if birthday else 0,
        "member_as_of": max(as_of for _, as_of, _ in every),
        "kakao_friend": int(value["kakao_friend"]) if "kakao_friend" in value else None,
    }
    for channel in CHANNELS:
        if consent := value.get(f"consent/{channel}"):
            _append(row, "consent", channel=channel, **{**consent, "granted": int(consent["granted"])})
    for coupon_id in sorted({name.partition("/")[2] for name in value if name.startswith(("coupon/", "used/"))}):
        coupon = value.get(f"coupon/{coupon_id}", {"name": "", "issued_at": 0, "expires_at": 0})
        _append(row, "coupon", id=coupon_id, used_at=value.get(f"used/{coupon_id}", 0), **coupon)
    for name in sorted(name for name in value if name.startswith("trait/")):
        one = value[name]
        text = one if isinstance(one, str) else json.dumps(one) if isinstance(one, bool) else ""
        at = one["at"] if isinstance(one, dict) else 0
        number = one if isinstance(one, float) else 0.0
        _append(row, "trait", name=name.removeprefix("trait/"), text=text, number=number, at=at)
    return row


def _append(row: Row, prefix: str, **values: Any) -> None:
    for name, value in values.items():
        row[f"{prefix}_{name}"] = [*row[f"{prefix}_{name}"], value]
