"""People and devices: how they are named, and which rows of `visitors` are theirs.

A person's id is `member:<member_id>`, or `visitor:<visitor_id>` while nobody knows whose the visitor is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import zip_longest
from typing import Any, NamedTuple

from sql.store import Store

MEMBER, VISITOR = "member:", "visitor:"
DEVICES = 200
"""So many devices of a person are told and looked through, newest first: each of the newest 200 visits is of one of them."""
RECENT = 5
"""So many products recently put into the cart, and bought, are on a card."""

_PARAMETER_BYTES = 100_000

Row = Mapping[str, Any]
"""A row of `cards.sql`."""


class Named(NamedTuple):
    """An id taken apart: the member's or the visitor's, '' where it does not name one. A plain id may be either."""

    member_id: str
    visitor_id: str


def named(person_id: str) -> Named:
    """What an id names: `member:M` a member, `visitor:V` a visitor, anything else a member of that id, or a visitor."""
    if person_id.startswith(MEMBER):
        return Named(person_id.removeprefix(MEMBER), "")
    if person_id.startswith(VISITOR):
        return Named("", person_id.removeprefix(VISITOR))
    return Named(person_id, person_id)


def find_person(store: Store, site_id: str, person_id: str) -> Row | None:
    """The row of a person of a site. A plain id is a member's, else a visitor's; of a visitor: whom it belongs to now.

    While the member's own row is on its way (a moment after a first login), it is the row of the visitor's stint.
    """
    wanted = named(person_id)
    rows = list(read_rows(store, site_id, [wanted.member_id], [wanted.visitor_id], stints=True))
    member = next((row for row in rows if row["person"]), None)
    if member is not None or not rows:
        return member
    latest: Row = max(rows, key=lambda row: row["began_at"])
    if not latest["member_id"]:
        return latest
    return next(read_rows(store, site_id, [latest["member_id"]], []), latest)


def find_people(store: Store, site_id: str, person_ids: Iterable[str]) -> dict[str, Row]:
    """Rows of people, by their whole ids; who is not there is left out."""
    wanted = [named(person_id) for person_id in person_ids]
    members = [one.member_id for one in wanted if one.member_id]
    visitors = [one.visitor_id for one in wanted if one.visitor_id]
    return {row["person_id"]: row for row in read_rows(store, site_id, members, visitors)}


def find_stints(store: Store, site_id: str, visitor_id: str) -> list[Row]:
    """Rows of a visitor's stints, newest first; none if the visitor is not there."""
    rows = read_rows(store, site_id, [], [visitor_id], stints=True)
    return sorted(rows, key=lambda row: row["began_at"], reverse=True)


def read_rows(
    store: Store, site_id: str, member_ids: Iterable[str], visitor_ids: Iterable[str], *, stints: bool = False
) -> Iterator[Row]:
    """Rows of people: of these members, and of these visitors if nobody knows them; with `stints` all of a visitor's."""
    members, visitors = in_parts(filter(None, member_ids)), in_parts(filter(None, visitor_ids))
    for some, others in zip_longest(members, visitors, fillvalue=()):
        about = {"member_ids": list(some), "visitor_ids": list(others)}
        yield from store.rows("cards", {"site_id": site_id, "stints": int(stints), "recent": RECENT, **about})


def devices_of(row: Row) -> dict[str, int]:
    """Visitor ids of a person with their last activity (epoch ms), newest first."""
    found: dict[str, int] = {}
    for visitor_id, seen_at in row["devices"]:
        found.setdefault(visitor_id, seen_at)
    return dict(list(found.items())[:DEVICES])


def place_of(row: Row) -> dict[str, object]:
    """The key of the row in `visitors`, as parameters of queries about it."""
    return {"visitor_id": row["visitor_id"], "began_at": row["began_at"], "person": row["person"]}


def in_parts(texts: Iterable[str]) -> Iterator[list[str]]:
    """Lists that each fit into one parameter, even if every character had to be escaped."""
    part: list[str] = []
    size = 0
    for text in texts:
        size += 2 * len(text.encode()) + 4
        if part and size > _PARAMETER_BYTES:
            yield part
            part, size = [], 2 * len(text.encode()) + 4
        part.append(text)
    if part:
        yield part
