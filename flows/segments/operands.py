"""Reads the `value` of a condition: JSON in, what the operator takes out, or the problems with it."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from flows.segments.expression import Operand, Point, Range, Span
from flows.segments.field import Choice, Field
from flows.segments.operators import ValueKind
from flows.segments.problems import Problem, pointer, shown

MAX_NUMBER = 10**15
MAX_LIST = 1_000
MAX_CHARACTERS = 500
MAX_SPAN_DAYS = 36_500

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SPAN_KEYS = ("days", "hours", "minutes")
_TIME_EXAMPLE = 'Give an ISO 8601 time with an offset from UTC, for example "2026-10-01T09:00:00+09:00".'


class Refused(Exception):
    """A part of the expression that cannot be read."""

    def __init__(self, place: str, message: str, action: str) -> None:
        self.problem = Problem(place, message, action)
        super().__init__(message)


def read_operand(field: Field, op: str, takes: ValueKind, value: object, place: str) -> Operand:
    """What the operator takes, from a JSON value at `place`. Raises `Refused`; `where` is read by the parser."""
    if takes == "text":
        text = _text(field, value, place)
        return _choice(field, text, place) if op in ("is", "is_not") else text
    if takes == "texts":
        return _texts(field, value, place)
    told = _READERS[takes](value, place)
    if field.type == "days":
        _refuse_far(told, place)
    return told


def _whole(value: object, place: str) -> int:
    if isinstance(value, float) and value.is_integer() and abs(value) <= MAX_NUMBER:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Refused(place, f"A whole number is needed, not {shown(value)}.", "Give a whole number, for example 10.")
    if abs(value) > MAX_NUMBER:
        raise Refused(
            place, f"The number is too large: {shown(value)}.", f"Stay between -{MAX_NUMBER} and {MAX_NUMBER}."
        )
    return value


def _decimal(value: object, place: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Refused(place, f"A number is needed, not {shown(value)}.", "Give a number, for example 10 or 2.5.")
    if abs(value) > MAX_NUMBER:
        raise Refused(
            place, f"The number is too large: {shown(value)}.", f"Stay between -{MAX_NUMBER} and {MAX_NUMBER}."
        )
    return float(value)


def _refuse_far(told: Operand, place: str) -> None:
    numbers = (told.start, told.end) if isinstance(told, Range) else (told,)
    if any(isinstance(number, int) and abs(number) > MAX_SPAN_DAYS for number in numbers):
        action = f"Stay between -{MAX_SPAN_DAYS} and {MAX_SPAN_DAYS} days."
        raise Refused(place, "The number of days is out of range.", action)


def _range(value: object, place: str) -> Range:
    return _between(value, place, _whole)


def _decimals(value: object, place: str) -> Range:
    return _between(value, place, _decimal)


def _between(value: object, place: str, read: Callable[[object, str], int | float]) -> Range:
    action = 'Give [10000, 50000] or {"from": 10000, "to": 50000}: from 10000 to under 50000.'
    if isinstance(value, list) and len(value) == 2:
        start, end = read(value[0], pointer(place, 0)), read(value[1], pointer(place, 1))
    elif isinstance(value, dict) and set(value) == {"from", "to"}:
        start, end = read(value["from"], pointer(place, "from")), read(value["to"], pointer(place, "to"))
    else:
        raise Refused(place, f"Two numbers are needed, not {shown(value)}.", action)
    if start >= end:
        raise Refused(place, f"Nothing lies from {start} to under {end}.", "Give the smaller number first.")
    return Range(start, end)


def _text(field: Field, value: object, place: str) -> str:
    if not isinstance(value, str):
        raise Refused(place, f"A text is needed, not {shown(value)}.", _text_example(field, value))
    if not value:
        raise Refused(
            place, "The text is empty.", 'Give at least one character, or use "is_not_set" for absent values.'
        )
    if len(value) > MAX_CHARACTERS:
        raise Refused(place, f"The text has {len(value)} characters.", f"Give at most {MAX_CHARACTERS} characters.")
    if "\0" in value or not _encodable(value):
        raise Refused(
            place, "The text holds a character that no event can carry.", "Leave it out (NUL or half of a pair)."
        )
    return value


def _texts(field: Field, value: object, place: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise Refused(
            place, f"A list of texts is needed, not {shown(value)}.", f'Give a list, for example ["{_one(field)}"].'
        )
    if not value:
        raise Refused(place, "The list is empty.", "Give at least one text.")
    if len(value) > MAX_LIST:
        raise Refused(place, f"The list has {len(value)} texts.", f"Give at most {MAX_LIST} texts.")
    texts = [_choice(field, _text(field, text, pointer(place, n)), pointer(place, n)) for n, text in enumerate(value)]
    return tuple(dict.fromkeys(texts))


def _truth(value: object, place: str) -> bool:
    if not isinstance(value, bool):
        raise Refused(place, f"true or false is needed, not {shown(value)}.", "Give true or false, without quotes.")
    return value


def _span(value: object, place: str) -> Span:
    action = 'Give {"days": 3}, {"hours": 12}, {"minutes": 30} or several of them together.'
    if not isinstance(value, dict) or not value or not all(key in _SPAN_KEYS for key in value):
        raise Refused(place, f"A length of time is needed, not {shown(value)}.", action)
    told = {key: _whole(value[key], pointer(place, key)) for key in _SPAN_KEYS if key in value}
    if min(told.values()) < 0:
        raise Refused(place, "A length of time cannot be negative.", action)
    span = Span(told.get("days", 0), told.get("hours", 0), told.get("minutes", 0))
    if not 0 < span.milliseconds <= MAX_SPAN_DAYS * 86_400_000:
        raise Refused(place, "The length of time is out of range.", f"Give one minute to {MAX_SPAN_DAYS} days.")
    return span


def _point(value: object, place: str) -> Point:
    if not isinstance(value, str) or len(value) > MAX_CHARACTERS:
        raise Refused(place, f"A time is needed, not {shown(value)}.", _TIME_EXAMPLE)
    try:
        told = datetime.fromisoformat(value)
    except ValueError:
        raise Refused(place, f"This is not a time: {shown(value)}.", _TIME_EXAMPLE) from None
    offset = told.utcoffset()
    if offset is None:
        raise Refused(place, "The time does not say its offset from UTC.", _TIME_EXAMPLE)
    at = (told - _EPOCH) // timedelta(milliseconds=1)
    if at <= 0:
        raise Refused(place, "The time lies before 1970.", _TIME_EXAMPLE)
    return Point(at, offset // timedelta(minutes=1))


def _nothing(value: object, place: str) -> None:
    if value is not None:
        raise Refused(place, "This operator takes no value.", 'Leave "value" out.')


_READERS: dict[ValueKind, Callable[[object, str], Operand]] = {
    "whole": _whole,
    "range": _range,
    "decimal": _decimal,
    "decimals": _decimals,
    "truth": _truth,
    "span": _span,
    "point": _point,
    "nothing": _nothing,
}


def _choice(field: Field, text: str, place: str) -> str:
    if field.choices and not field.others and text not in {choice.value for choice in field.choices}:
        listed = ", ".join(choice.value for choice in field.choices)
        raise Refused(place, f"{field.name} is never {shown(text)}.", f"Give one of: {listed}.")
    return text


def _text_example(field: Field, value: object) -> str:
    if isinstance(value, list):
        return 'Use "in" or "not_in" for a list of texts.'
    return f'Give a text in quotes, for example "{_one(field)}".'


def _one(field: Field) -> str:
    if field.choices:
        first: Choice = field.choices[0]
        return first.value
    told = field.example[1]
    return str(told[0] if isinstance(told, list) else told)


def _encodable(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)
