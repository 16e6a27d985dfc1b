"""What a field of the language is, and short ways to declare one."""

from __future__ import annotations

from dataclasses import field
from typing import Literal

from flows.segments.columns import Condition, Value
from flows.segments.node import node
from flows.segments.operators import FieldType
from flows.segments.sources import Elements, Source

Unit = Literal["", "times", "orders", "pieces", "kinds", "currency", "seconds", "devices", "points", "days", "coupons"]
Group = Literal[
    "environment",
    "member",
    "coupon",
    "consent",
    "traffic",
    "acquisition",
    "product",
    "cart",
    "commerce",
    "now",
    "custom",
    "record",
]

GROUPS: dict[Group, tuple[str, str]] = {
    "environment": ("사용 환경", "Environment"),
    "member": ("회원", "Member"),
    "coupon": ("쿠폰", "Coupons"),
    "consent": ("수신 동의", "Consent"),
    "traffic": ("트래픽", "Traffic"),
    "acquisition": ("유입", "Acquisition"),
    "product": ("상품", "Products"),
    "cart": ("장바구니", "Cart"),
    "commerce": ("전자상거래", "Commerce"),
    "now": ("현재", "Now"),
    "custom": ("사용자 정의", "Custom"),
}


@node
class Choice:
    """One of the only values a string field can have."""

    value: str
    ko: str
    en: str


@node
class Field:
    """A field of the language.

    how: what it is made of: a `Condition` or a `Truth` for booleans, `Elements` for lists and records, a `Value` (perhaps
    `Named`) for all others (times in epoch milliseconds, durations in milliseconds although the language speaks of seconds).
    others: of a text with choices, whether there are texts besides them.
    statements: of a boolean, (ko when true, ko when false, en when true, en when false).
    now_condition: true only of this moment, so that no population over a window can be counted by it.
    """

    name: str
    group: Group
    type: FieldType
    ko: str
    en: str
    how: Source
    example: tuple[str, object] = field(compare=False)  # (operator, value)
    unit: Unit = ""
    choices: tuple[Choice, ...] = ()
    others: bool = False
    statements: tuple[str, str, str, str] | None = None
    now_condition: bool = False
    subfields: tuple[Field, ...] = ()


def number(name: str, group: Group, ko: str, en: str, how: Value, unit: Unit, example: int) -> Field:
    """A count, or another whole number."""
    return Field(name, group, "number", ko, en, how, (">=", example), unit)


def money(name: str, group: Group, ko: str, en: str, how: Value) -> Field:
    """An amount in minor units of the site's currency."""
    return Field(name, group, "money", ko, en, how, ("between", [10000, 50000]), "currency")


def seconds(name: str, ko: str, en: str, how: Value) -> Field:
    """A length of time; `how` is in milliseconds."""
    return Field(name, "traffic", "duration", ko, en, how, (">=", 180), "seconds")


def days(name: str, group: Group, ko: str, en: str, how: Value, example: int) -> Field:
    """Calendar days from today until something: `how` is its time, or the number of days itself."""
    return Field(name, group, "days", ko, en, how, ("<=", example), "days")


def string(name: str, group: Group, ko: str, en: str, how: Value, example: str, op: str = "is") -> Field:
    """A text."""
    return Field(name, group, "string", ko, en, how, (op, example))


def listed(name: str, group: Group, ko: str, en: str, how: Source, example: str) -> Field:
    """Texts."""
    return Field(name, group, "list", ko, en, how, ("contains_any", [example]))


def time(name: str, group: Group, ko: str, en: str, how: Value) -> Field:
    """A time."""
    return Field(name, group, "time", ko, en, how, ("within_last", {"days": 3}))


def truth(name: str, group: Group, ko: str, en: str, how: Source, statements: tuple[str, str, str, str]) -> Field:
    """A yes or no."""
    return Field(name, group, "boolean", ko, en, how, ("is", True), statements=statements)


def records(
    name: str, group: Group, ko: str, en: str, where: Condition, subfields: tuple[Field, ...], example: object
) -> Field:
    """Several records of one thing, each with its own fields."""
    return Field(name, group, "records", ko, en, Elements(where), ("some", example), subfields=subfields)


def leaf(field: str, op: str, value: object) -> dict[str, object]:
    """A condition as JSON."""
    return {"field": field, "op": op, "value": value}
