"""How numbers, money, lengths of time and instants are said in a sentence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

from flows.segments.expression import Point, Span
from flows.segments.field import Unit
from ingest.currencies import DECIMALS

_COUNTED = {
    "times": "회",
    "orders": "건",
    "pieces": "개",
    "kinds": "종",
    "devices": "대",
    "days": "일",
    "coupons": "장",
    "points": "P",
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def amount_ko(number: int | float, unit: Unit, currency: str) -> str:
    """A number with its unit: 10회, 50,000원, 5분 53초, 2.5."""
    if isinstance(number, float):
        return decimal(number)
    if unit == "currency":
        return money(number, currency) + ("원" if currency == "KRW" else f" {currency}")
    if unit == "seconds":
        return _length(number, ("시간", "분", "초"))
    return f"{number:,}{_COUNTED.get(unit, '')}"


def amount_en(number: int | float, unit: Unit, currency: str) -> str:
    """A number with its unit: 10, 50,000 KRW, 5m 53s, 2.5."""
    if isinstance(number, float):
        return decimal(number)
    if unit == "currency":
        return f"{money(number, currency)} {currency}"
    if unit == "seconds":
        return _length(number, ("h", "m", "s"))
    return f"{number:,}"


def decimal(number: float) -> str:
    """A number with as many decimals as it was told with: 1,234.5; a whole one without any."""
    return f"{int(number):,}" if number.is_integer() else f"{Decimal(repr(number)):,f}"


def money(minor: int, currency: str) -> str:
    """Minor units of a currency (ISO 4217) as its decimal amount."""
    decimals = DECIMALS.get(currency, 2)
    if not decimals:
        return f"{minor:,}"
    whole, rest = divmod(abs(minor), 10**decimals)
    return f"{'-' if minor < 0 else ''}{whole:,}.{rest:0{decimals}}"


def span_ko(span: Span) -> str:
    """3일, 1일 12시간."""
    return _joined(((span.days, "일"), (span.hours, "시간"), (span.minutes, "분")))


def span_en(span: Span) -> str:
    """3 days, 1 day 12 hours."""
    parts = ((span.days, "day"), (span.hours, "hour"), (span.minutes, "minute"))
    return _joined(tuple((number, f" {word}{'' if number == 1 else 's'}") for number, word in parts))


def instant(point: Point) -> str:
    """2026-10-01 09:00 (UTC+09:00), in the offset it was told in; seconds only when there are some."""
    zone = timezone(timedelta(minutes=point.offset))
    told = (_EPOCH + timedelta(milliseconds=point.at)).astimezone(zone)
    seconds = point.at % 60_000
    clock = told.strftime("%H:%M") if not seconds else told.isoformat(timespec="milliseconds")[11:23]
    return f"{told.date().isoformat()} {clock} ({zone.tzname(None)})"


def _length(seconds: int, words: tuple[str, str, str]) -> str:
    minutes, rest = divmod(abs(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    said = _joined(((hours, words[0]), (minutes, words[1]), (rest, words[2]))) or f"0{words[2]}"
    return f"-{said}" if seconds < 0 else said


def _joined(parts: tuple[tuple[int, str], ...]) -> str:
    return " ".join(f"{number:,}{word}" for number, word in parts if number)
