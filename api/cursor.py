"""Cursors: where a page ended, and what must stay the same for all pages (the moment, and the population counted then)."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import astuple, dataclass
from typing import Any

import orjson

from api.people import MEMBER, VISITOR
from api.problems import ProblemError
from api.times import LATEST

_FORM = 2


@dataclass(frozen=True)
class Cursor:
    """`question` says which listing it belongs to; `now` (epoch ms) is the moment of the first page; `after_id` a person's id.

    The counts are those of the first page, -1 where no population can be counted.
    """

    question: str
    now: int
    after_seen: int
    after_id: str
    visitors: int
    site_visitors: int
    online: int

    def text(self) -> str:
        """As the API hands it out."""
        return packed([_FORM, *astuple(self)])


def packed(told: Any) -> str:
    """JSON as text that may stand in a URL."""
    return base64.urlsafe_b64encode(orjson.dumps(told)).decode().rstrip("=")


def unpacked(text: str) -> Any:
    """What was packed. Raises `ValueError` for what never was."""
    return orjson.loads(base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4)))


def question_of(*parts: Any) -> str:
    """A short name of a listing: the same for the same site, segment, window and order."""
    return hashlib.sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def read_cursor(text: str, question: str) -> Cursor:
    """A cursor as handed out before. Raises `ProblemError` 400 for anything else, or for another listing's."""
    try:
        form, *values = unpacked(text)
        cursor = Cursor(*values)
        whole = (cursor.now, cursor.after_seen, cursor.visitors, cursor.site_visitors, cursor.online)
        if form != _FORM or not all(type(number) is int and abs(number) < 2**53 for number in whole):
            raise ValueError
        if not (cursor.after_id == "" or cursor.after_id.startswith((MEMBER, VISITOR))) or not 0 < cursor.now < 2**43:
            raise ValueError
    except (ValueError, TypeError, AttributeError) as error:
        raise _bad("is not one of ours") from error
    if cursor.question != question:
        raise _bad("belongs to another site, segment, window or order")
    return cursor


def cursor_after(question: str, at: int, *ids: str) -> str:
    """Where a page of what has happened ended, newest first: when the last of it did (epoch ms), and its ids."""
    return packed([question, at, *ids])


def read_after(text: str | None, question: str, ids: int = 1) -> tuple[int, list[str]]:
    """What `cursor_after` wrote of this listing, with so many ids; what is before the first page, without a cursor.

    Raises `ProblemError` 400 for anything else.
    """
    if not text:
        return LATEST, [""] * ids
    try:
        asked, at, *told = unpacked(text)
        if type(at) is not int or not 0 <= at < LATEST or len(told) != ids or not all(type(one) is str for one in told):
            raise ValueError
    except (ValueError, TypeError) as error:
        raise _bad("is not one of ours") from error
    if asked != question:
        raise _bad("belongs to another site or listing")
    return at, told


def _bad(why: str) -> ProblemError:
    return ProblemError(400, "bad_cursor", f"The cursor {why}; start again without it.")
