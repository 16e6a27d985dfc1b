"""Figures as people read them; None is a dash. A relative difference is in %, a difference of rates in %p, never mixed."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from ingest.currencies import DECIMALS

Language = Literal["en", "ko"]
Number = int | float | None

NONE = "–"
_SIGNS = {"KRW": "₩", "USD": "$", "EUR": "€", "JPY": "¥", "GBP": "£"}


def count(number: Number) -> str:
    """`12,345`"""
    return NONE if number is None else f"{number:,.0f}"


def decimal(number: Number) -> str:
    """`4.1`"""
    return NONE if number is None else f"{number:z,.1f}"


def percent(ratio: Number) -> str:
    """`0.93` -> `93.0 %`"""
    return NONE if ratio is None else f"{ratio * 100:,.1f} %"


def difference(number: Number) -> str:
    """A relative difference that is in percent already: `+122.8 %`."""
    return NONE if number is None else f"{number:+z,.1f} %"


def points(number: Number) -> str:
    """A difference of two rates, in percentage points: `+9.7 %p`."""
    return NONE if number is None else f"{number:+z,.1f} %p"


def money(minor_units: Number, currency: str) -> str:
    """Integer minor units, or their mean: `₩12,900`, `$19.99`, `12.500 KWD`."""
    if minor_units is None:
        return NONE
    places = DECIMALS.get(currency, 0)
    amount = f"{abs(Decimal(minor_units)).scaleb(-places):,.{places}f}"
    minus = "-" if minor_units < 0 else ""
    sign = _SIGNS.get(currency)
    return f"{minus}{sign}{amount}" if sign else f"{minus}{amount} {currency}"


def stay(seconds: Number, language: Language = "en") -> str:
    """`353` -> `5m 53s`, `5분 53초`; from an hour on with hours."""
    if seconds is None:
        return NONE
    hours, rest = divmod(round(seconds), 3600)
    minutes, left = divmod(rest, 60)
    marks = ("h", "m", "s") if language == "en" else ("시간", "분", "초")
    if hours:
        return f"{hours}{marks[0]} {minutes:02d}{marks[1]}"
    return f"{minutes}{marks[1]} {left:02d}{marks[2]}"
