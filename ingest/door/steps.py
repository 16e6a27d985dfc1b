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
from ingest.door.members import Member, member_of_event, member_of_item
from ingest.door.validate import validate
from ingest.members import member_key, member_line
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
            verdict.accepted.append(_through(item, arrival, verdict.members))
        except Refused as refused:
            text = item.text if isinstance(item, Broken) else as_text(item)
            verdict.rejected.append(Rejection(index, refused.reason, refused.detail, as_text(text)))
    return verdict


def open_members_door(items: Sequence[object], *, site: SiteRules, received_at: int, max_items: int) -> Verdict:
    """Items of members' data (`POST /v1/members`), each accepted or rejected, by itself. `received_at` is epoch milliseconds; items
    from index `max_items` on are rejected."""
    verdict = Verdict()
    for index, item in enumerate(items):
        try:
            if index >= max_items:
                raise Refused(Reason.TOO_MANY_ITEMS_IN_REQUEST, f"item {index + 1:,} of {len(items):,}")
            if isinstance(item, Broken):
                raise Refused(item.reason, item.detail)
            verdict.members.append(_member(member_of_item(item, site, received_at), site, received_at))
        except Refused as refused:
            text = item.text if isinstance(item, Broken) else as_text(item)
            verdict.rejected.append(Rejection(index, refused.reason, refused.detail, as_text(text)))
    return verdict


def _through(item: object, arrival: Arrival, members: list[Accepted]) -> Accepted:
    """An item through all steps; what it tells of its member goes to `members`."""
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
        accepted = Accepted(key, crc32(key), orjson.dumps(record))
        if (member := member_of_event(record, draft.extra, arrival.site)) is not None:
            members.append(_member(member, arrival.site, arrival.received_at))
        return accepted
    except (TypeError, UnicodeEncodeError) as error:  # orjson: what JSON text can't carry
        raise _refused_by_orjson(str(error)) from None


def _member(member: Member, site: SiteRules, received_at: int) -> Accepted:
    try:
        key = member_key(site.site_id, member.member_id).encode()
        line = member_line(site.site_id, member.member_id, received_at, member.as_of, member.told)
    except (TypeError, UnicodeEncodeError) as error:
        raise _refused_by_orjson(str(error)) from None
    return Accepted(key, crc32(key), line)


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
