"""Single values: an id, a text, an amount. Each takes the place it stands at, for the detail of a rejection."""

import math
import re
from typing import Any

from ingest.door.draft import Refused
from ingest.vocabulary import MONEY_MAX, TEXT_CHARACTERS_MAX, Reason

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_HALF_PAIR = re.compile("[\ud800-\udfff]")


def text(place: str, value: Any) -> str:
    """A text of at most 2,000 characters."""
    if type(value) is not str:
        raise Refused(Reason.WRONG_TYPE, f"{place}: a text is needed")
    if len(value) > TEXT_CHARACTERS_MAX:
        raise Refused(Reason.TEXT_TOO_LONG, f"{place}: {len(value):,} characters, at most {TEXT_CHARACTERS_MAX:,}")
    return value


def identifier(place: str, value: Any, most: int = TEXT_CHARACTERS_MAX) -> str:
    """An id without control characters. Whole numbers (keys of a shop's database) become their decimal text."""
    if type(value) is int:
        if not -(2**63) <= value < 2**64:
            raise Refused(Reason.OUT_OF_RANGE, f"{place}: beyond 64 bits")
        return str(value)
    if type(value) is not str:
        raise Refused(Reason.WRONG_TYPE, f"{place}: a text is needed")
    if len(value) > most:
        reason = Reason.TEXT_TOO_LONG if most == TEXT_CHARACTERS_MAX else Reason.ID_TOO_LONG
        raise Refused(reason, f"{place}: {len(value):,} characters, at most {most:,}")
    if not value.isprintable():
        if _CONTROL.search(value):
            raise Refused(Reason.CONTROL_CHARACTER_IN_ID, f"{place}: holds a control character")
        if _HALF_PAIR.search(value):
            raise Refused(Reason.INVALID_TEXT, f"{place}: half a surrogate pair")
    return value


def money(place: str, value: Any) -> int:
    """An amount in minor units, 0 to 10**12. 19900.0 is 19900; 19900.5 is refused."""
    if type(value) is not int:
        value = _whole(place, value, Reason.FRACTIONAL_MONEY)
    if value < 0:
        raise Refused(Reason.NEGATIVE_MONEY, f"{place}: {_shown(value)}")
    if value > MONEY_MAX:
        raise Refused(Reason.OUT_OF_RANGE, f"{place}: {_shown(value)} is over {MONEY_MAX:,}")
    return int(value)


def whole_number(place: str, value: Any, most: int) -> int:
    """A whole number from 0 to `most`."""
    if type(value) is not int:
        value = _whole(place, value, Reason.NOT_AN_INTEGER)
    if not 0 <= value <= most:
        raise Refused(Reason.OUT_OF_RANGE, f"{place}: {_shown(value)} is not in 0 to {most:,}")
    return int(value)


def is_true(place: str, value: Any) -> bool:
    """True or false, nothing that only looks like it."""
    if type(value) is not bool:
        raise Refused(Reason.WRONG_TYPE, f"{place}: true or false is needed")
    return value


def _whole(place: str, value: Any, fractional: Reason) -> int:
    if type(value) is not float:
        raise Refused(Reason.WRONG_TYPE, f"{place}: a number is needed")
    if not math.isfinite(value):
        raise Refused(Reason.NOT_A_NUMBER, f"{place}: {value}")
    if not value.is_integer():
        raise Refused(fractional, f"{place}: {value}")
    return int(value)


def _shown(value: int) -> str:
    return str(value) if abs(value) < 10**20 else f"{'-' if value < 0 else ''}more than 20 digits"
