"""The door: a batch of raw items -> accepted lines for the log, and rejections with a reason, item by item.

    decode -> aliases -> validate -> clock -> acquisition -> device and bots -> accepted or rejected

`decode_body` (decode.py) makes the batch; `open_door` takes every item through the other steps. A step is a function
of the draft and its arrival that adds to the draft or raises `Refused`.
"""

from collections.abc import Callable, Sequence
from typing import Final
from zlib import crc32

import orjson

from ingest.door.acquisition import find_acquisition
from ingest.door.aliases import resolve_aliases
from ingest.door.clock import correct_clock
from ingest.door.device import recognise_device
from ingest.door.draft import Accepted, Arrival, Broken, Draft, Refused, Rejection, SiteRules, Verdict, as_text
from ingest.door.validate import validate
from ingest.vocabulary import REQUEST_ITEMS_MAX, Reason

Step = Callable[[Draft, Arrival], None]

STEPS: Final[tuple[Step, ...]] = (resolve_aliases, validate, correct_clock, find_acquisition, recognise_device)


def open_door(
    items: Sequence[object],
    *,
    site: SiteRules,
    received_at: int,
    server: bool,
    history: bool = False,
    user_agent: str = "",
    ip: str = "",
    max_items: int | None = REQUEST_ITEMS_MAX,
) -> Verdict:
    """Every item of a batch accepted or rejected, by itself. Never raises for anything JSON can say.

    `received_at` is epoch milliseconds; `server` tells that the secret key was used; `history` lets events of any age
    in; `user_agent` and `ip` are the request's. Items from index `max_items` on are rejected (None: no limit).
    """
    arrival = Arrival(site, received_at, server, history, user_agent, ip)
    verdict = Verdict()
    for index, item in enumerate(items):
        try:
            if max_items is not None and index >= max_items:
                raise Refused(Reason.TOO_MANY_ITEMS_IN_REQUEST, f"item {index + 1:,} of {len(items):,}")
            verdict.accepted.append(_through(item, arrival))
        except Refused as refused:
            text = item.text if isinstance(item, Broken) else as_text(item)
            verdict.rejected.append(Rejection(index, refused.reason, refused.detail, as_text(text)))
    return verdict


def _through(item: object, arrival: Arrival) -> Accepted:
    if type(item) is not dict:
        if isinstance(item, Broken):
            raise Refused(item.reason, item.detail)
        raise Refused(Reason.NOT_AN_OBJECT, f"{_KINDS.get(type(item), 'something else')} found")
    draft = Draft(item)
    try:
        for step in STEPS:
            step(draft, arrival)
        record = draft.record
        key = f"{record['site_id']}/{record['visitor_id']}".encode()
        return Accepted(key, crc32(key), orjson.dumps(record))
    except (TypeError, UnicodeEncodeError) as error:  # orjson: what JSON text can't carry
        raise _refused_by_orjson(str(error)) from None


_KINDS: Final[dict[type, str]] = {
    str: "a text",
    int: "a number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    type(None): "null",
}


def _refused_by_orjson(complaint: str) -> Refused:
    if "64-bit" in complaint:
        return Refused(Reason.OUT_OF_RANGE, "properties: a whole number beyond 64 bits")
    if "surrogate" in complaint or "UTF-8" in complaint:
        return Refused(Reason.INVALID_TEXT, "half a surrogate pair in a text")
    return Refused(Reason.WRONG_TYPE, complaint)
