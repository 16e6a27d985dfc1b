"""The segment language told again in plain Python, one visitor and one dict at a time: what the evaluators are checked against.

Shares nothing with `flows/segments` but the JSON.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

Row = dict[str, Any]


class Moment(int):
    """A moment (epoch milliseconds), and the zone whose days count."""

    zone: str


Read = Callable[[Row, int], Any]

MINUTE = 60_000
DAY = 86_400_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_SAME = (
    "environment os browser app_version member_id visits pageviews landing_page referrer search_keyword channel utm_source utm_medium "
    "utm_campaign utm_term utm_content first_landing_page first_referrer first_search_keyword first_channel "
    "first_utm_source first_utm_medium first_utm_campaign first_utm_term first_utm_content cart_value cart_units "
    "cart_adds revenue orders units largest_order"
)
_TIMES = "first_seen last_seen last_viewed_at last_carted_at last_order_at"
_WINDOWED = {
    "pageviews": "visit_pageviews",
    "cart_adds": "visit_cart_adds",
    "orders": "visit_orders",
    "units": "visit_units",
    "revenue": "visit_revenue",
}


def matches(document: dict[str, Any], row: Row, now: int, zone: str = "UTC") -> bool:
    """Whether a visitor (times as epoch milliseconds) is in the segment."""
    moment = Moment(now)
    moment.zone = zone
    return _holds(document, lambda name: FIELDS[name](row, moment), moment)


def _holds(document: dict[str, Any], read: Callable[[str], Any], now: int) -> bool:
    if "all" in document:
        return all(_holds(part, read, now) for part in document["all"])
    if "any" in document:
        return any(_holds(part, read, now) for part in document["any"])
    if "not" in document:
        return not _holds(document["not"], read, now)
    value, op = read(document["field"]), document["op"]
    absent = value is None or value == "" or value == []
    if op in ("never", "is_not_set"):
        return absent
    if absent:
        return False
    if op == "is_set":
        return True
    if op in ("some", "none"):
        found = any(_holds(document["where"], record.__getitem__, now) for record in value)
        return found if op == "some" else not found
    return _compared(value, op, document["value"], now)


def _compared(value: Any, op: str, told: Any, now: int) -> bool:
    simple: dict[str, Callable[[], bool]] = {
        "=": lambda: value == told,
        "!=": lambda: value != told,
        ">": lambda: value > told,
        ">=": lambda: value >= told,
        "<": lambda: value < told,
        "<=": lambda: value <= told,
        "between": lambda: told[0] <= value < told[1],
        "is": lambda: value == told,
        "is_not": lambda: value != told,
        "in": lambda: value in told,
        "not_in": lambda: value not in told,
        "contains": lambda: told in value,
        "starts_with": lambda: value.startswith(told),
        "contains_any": lambda: bool(set(told) & set(value)),
        "contains_all": lambda: set(told) <= set(value),
        "contains_none": lambda: not set(told) & set(value),
        "within_last": lambda: value >= now - _span(told),
        "more_than_ago": lambda: value < now - _span(told),
        "in_next": lambda: now < value <= now + _span(told),
        "before": lambda: value < _point(told),
        "after": lambda: value >= _point(told),
    }
    return simple[op]()


def _span(told: dict[str, int]) -> int:
    return told.get("days", 0) * DAY + told.get("hours", 0) * 60 * MINUTE + told.get("minutes", 0) * MINUTE


def _point(told: str) -> int:
    return (datetime.fromisoformat(told) - _EPOCH) // timedelta(milliseconds=1)


def _online(row: Row, now: int) -> bool:
    return bool(row["last_seen"] >= now - 5 * MINUTE)


def _products(row: Row) -> list[Row]:
    names = [name for name in row if name.startswith("product_")]
    return [dict(zip(names, told, strict=True)) for told in zip(*(row[name] for name in names), strict=True)]


def _viewed(row: Row, now: int) -> list[Row]:
    return [
        {
            "item_id": product["product_item"],
            "category": product["product_category"],
            "times": product["product_views"],
            "viewed_at": product["product_viewed_at"],
        }
        for product in _products(row)
        if product["product_viewed_at"] and product["product_viewed_at"] >= now - 60 * DAY
    ]


def _carted_not_bought(row: Row, now: int) -> list[Row]:
    return [
        {
            "item_id": product["product_item"],
            "category": product["product_category"],
            "quantity": product["product_adds"],
            "carted_at": product["product_carted_at"],
        }
        for product in _products(row)
        if product["product_carted_at"]
        and product["product_carted_at"] >= now - 60 * DAY
        and product["product_bought_at"] < product["product_carted_at"]
    ]


def _bought(row: Row, now: int) -> list[Row]:
    return [
        {
            "item_id": product["product_item"],
            "category": product["product_category"],
            "units": product["product_units"],
            "bought_at": product["product_bought_at"] or None,
        }
        for product in _products(row)
        if product["product_units"] > 0
    ]


def _cart(row: Row, now: int) -> list[Row]:
    names = ("cart_item", "cart_category", "cart_quantity", "cart_price", "cart_added_at")
    return [
        {
            "item_id": item,
            "category": category,
            "quantity": quantity,
            "price": None if price < 0 else price,
            "value": None if price < 0 else _wrapped(price * quantity),
            "added_at": added or None,
        }
        for item, category, quantity, price, added in zip(*(row[name] for name in names), strict=True)
        if quantity > 0
    ]


def _wrapped(number: int) -> int:
    """As 64 bits with sign."""
    return (number + 2**63) % 2**64 - 2**63


def _day(at: int, zone: str) -> date:
    return (_EPOCH + timedelta(milliseconds=at)).astimezone(ZoneInfo(zone)).date()


def _birthday(row: Row, now: Any) -> int | None:
    if not row["member_birthday_day"]:
        return None
    told = date(2000, 1, 1) + timedelta(days=row["member_birthday_day"] - 1)
    today = day = _day(now, now.zone)
    while not (
        (day.month, day.day) == (told.month, told.day)
        or ((told.month, told.day, day.month, day.day) == (2, 29, 2, 28) and (day + timedelta(days=1)).day == 1)
    ):
        day += timedelta(days=1)
    return (day - today).days


def _coupons(row: Row, now: Any) -> list[Row]:
    names = ("coupon_id", "coupon_name", "coupon_issued_at", "coupon_expires_at", "coupon_used_at")
    return [
        {
            "id": coupon,
            "name": name,
            "issued_at": issued or None,
            "expires_at": expires or None,
            "expires_in": (_day(expires, now.zone) - _day(now, now.zone)).days if expires else None,
        }
        for coupon, name, issued, expires, used in zip(*(row[name] for name in names), strict=True)
        if not used and (not expires or expires > now)
    ]


def _consent(channel: str) -> Read:
    return lambda row, now: (
        bool(row["consent_granted"][row["consent_channel"].index(channel)])
        if channel in row["consent_channel"]
        else None
    )


def _trait(name: str, column: str) -> Read:
    return lambda row, now: row[column][row["trait_name"].index(name)] if name in row["trait_name"] else None


def _friend(row: Row, now: int) -> bool | None:
    return None if row["kakao_friend"] is None else bool(row["kakao_friend"])


def _column(records: Read, key: str) -> Read:
    return lambda row, now: [record[key] for record in records(row, now) if record[key]]


def _inside(row: Row, now: int, days: int) -> list[int]:
    return [number for number, end in enumerate(row["visit_end"]) if end >= now - days * DAY]


def _stay(row: Row, number: int) -> int:
    return int(row["visit_end"][number] - row["visit_start"][number])


def _seconds(milliseconds: int) -> float | int:
    return milliseconds // 1000 if milliseconds % 1000 == 0 else milliseconds / 1000


def _windowed(days: int) -> dict[str, Read]:
    def summed(column: str) -> Read:
        return lambda row, now: sum(row[column][number] for number in _inside(row, now, days))

    return {name: summed(column) for name, column in _WINDOWED.items()} | {
        "visits": lambda row, now: len(_inside(row, now, days)),
        "stay_seconds": lambda row, now: _seconds(sum(_stay(row, number) for number in _inside(row, now, days))),
    }


def _devices(row: Row, now: int) -> int:
    told = {device for device, part in zip(row["part_visitor"], row["part_row"], strict=True) if part}
    return len(told) or 1


def _searched(row: Row, now: int) -> list[str]:
    return [
        term
        for term, at in zip(row["search_term"], row["search_at"], strict=True)
        if term and at >= max(1, now - 60 * DAY)
    ]


FIELDS: dict[str, Read] = {
    **{name: (lambda row, now, name=name: row[name]) for name in _SAME.split()},
    **{name: (lambda row, now, name=name: row[name] or None) for name in _TIMES.split()},
    **{f"{name}_24h": read for name, read in _windowed(1).items()},
    **{f"{name}_7d": read for name, read in _windowed(7).items()},
    "grade": lambda row, now: row["member_grade"],
    "points": lambda row, now: row["member_points"],
    "joined_at": lambda row, now: row["member_joined_at"] or None,
    "birthday": _birthday,
    "last_login_at": lambda row, now: row["login_at"] or None,
    "member_data_at": lambda row, now: row["member_as_of"] or None,
    "has_coupon": lambda row, now: bool(_coupons(row, now)),
    "usable_coupons": lambda row, now: len(_coupons(row, now)),
    "coupons": _coupons,
    **{f"consent_{channel}": _consent(channel) for channel in ("sms", "kakao", "push", "email", "night")},
    "kakao_friend": _friend,
    "campaign": lambda row, now: row["utm_campaign"],
    "first_campaign": lambda row, now: row["first_utm_campaign"],
    "trait.tier": _trait("tier", "trait_text"),
    "trait.score": _trait("score", "trait_number"),
    "trait.trial_ends": _trait("trial_ends", "trait_at"),
    "trait.golf": lambda row, now: {"true": True, "false": False}.get(_trait("golf", "trait_text")(row, now)),
    "first_visit": lambda row, now: row["visits"] == 1,
    "returning": lambda row, now: row["visits"] > 1,
    "has_bought": lambda row, now: row["orders"] > 0,
    "online": _online,
    "logged_in": lambda row, now: row["member_id"] != "",
    "devices": _devices,
    "visit_pageviews": lambda row, now: row["visit_pageviews"][-1] if row["visit_end"] else None,
    "visit_stay_seconds": lambda row, now: _seconds(_stay(row, -1)) if row["visit_end"] else None,
    "stay_seconds": lambda row, now: _seconds(_wrapped(row["stay_ms"])),
    "average_order_value": lambda row, now: row["revenue"] / row["orders"] if row["orders"] else None,
    "viewed_products": _viewed,
    "viewed_items": _column(_viewed, "item_id"),
    "viewed_categories": _column(_viewed, "category"),
    "search_terms": _searched,
    "cart_products": _cart,
    "cart_items": _column(_cart, "item_id"),
    "cart_categories": _column(_cart, "category"),
    "cart_lines": lambda row, now: len(_cart(row, now)),
    "carted_not_bought": _carted_not_bought,
    "carted_not_bought_items": _column(_carted_not_bought, "item_id"),
    "bought_products": _bought,
    "bought_items": _column(_bought, "item_id"),
    "bought_categories": _column(_bought, "category"),
    "viewing_item": lambda row, now: row["page_item"] if _online(row, now) else None,
    "viewing_url": lambda row, now: row["page_url"] if _online(row, now) else None,
    "cart_value_now": lambda row, now: row["cart_value"] if _online(row, now) else None,
}
