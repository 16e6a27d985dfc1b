"""Raw events of a person: those of his stints alone, whoever else used the same devices. Pages of them, newest first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from api.cursor import packed, question_of, unpacked
from api.erasure_claim import stints_of
from api.people import Row, devices_of
from api.person_event_shapes import EventItem, PersonEvent, PersonEventsQuery
from api.problems import ProblemError
from api.times import iso
from flows.erasure import Range
from sql.store import Store

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = 2**42
"""Epoch ms after everything that happens (year 2109)."""


STINTS = 4_000
"""So many stints are looked through, the newest ones: a device many use has many."""


class _Place(NamedTuple):
    """Where a page ended: the event before which the next one begins; `at` epoch ms."""

    at: int
    event_id: str
    visitor_id: str


def find_events(
    store: Store, site_id: str, person: Row, query: PersonEventsQuery
) -> tuple[list[PersonEvent], str | None]:
    """A page of the events of a person (a row of `cards.sql`), and the cursor of the next page.

    Of the newest 200 devices. Raises `ProblemError` 400 for a cursor of another listing.
    """
    name = question_of(site_id, "events", person["person_id"], query.name, str(query.since), str(query.until))
    after = _Place(_LAST, "", "") if query.cursor is None else _read_cursor(query.cursor, name)
    devices = list(devices_of(person))
    stints = _stints(store, site_id, devices, person["member_id"])
    places = {visitor_id: place for place, visitor_id in enumerate(devices, 1)}
    rows = store.rows(
        "person_events",
        {
            "site_id": site_id,
            "visitor_ids": devices,
            "devices": [places[stint.visitor_id] for stint in stints],
            "begins": [stint.begin for stint in stints],
            "ends": [stint.until for stint in stints],
            "name": query.name or "",
            "since": 0 if query.since is None else _moment(query.since),
            "until": _LAST if query.until is None else _moment(query.until),
            "after": after.at,
            "after_id": after.event_id,
            "after_visitor": after.visitor_id,
            "size": query.limit + 1,
        },
    )
    page = rows[: query.limit]
    following = _cursor(name, page[-1]) if len(rows) > query.limit else None
    return [_shown(row) for row in page], following


def _stints(store: Store, site_id: str, devices: list[str], member_id: str) -> list[Range]:
    rows = store.rows("person_stints", {"site_id": site_id, "visitor_ids": devices})
    return sorted(stints_of(rows, member_id), key=lambda stint: -stint.begin)[:STINTS]


def _shown(row: Mapping[str, Any]) -> PersonEvent:
    return PersonEvent(
        event_id=row["event_id"],
        name=row["name"],
        visitor_id=row["visitor_id"],
        occurred_at=iso(row["occurred"]),
        received_at=iso(row["received"]),
        pageview=row["pageview"],
        server=row["server"],
        bot=row["bot"],
        url=row["url"] or None,
        title=row["title"] or None,
        referrer=row["referrer"] or None,
        channel=row["channel"] or None,
        environment=row["environment"] or None,
        search_term=row["search_term"] or None,
        transaction_id=row["transaction_id"] or None,
        value=row["value"],
        currency=row["currency"] or None,
        items=[
            EventItem(item_id=item, item_name=item_name or None, quantity=quantity, price=price)
            for item, item_name, quantity, price in row["lines"]
        ],
    )


def _moment(at: datetime) -> int:
    return min(max((at - _EPOCH) // timedelta(milliseconds=1), 0), _LAST)


def _cursor(name: str, last: Mapping[str, Any]) -> str:
    return packed([name, last["occurred"], last["event_id"], last["visitor_id"]])


def _read_cursor(text: str, name: str) -> _Place:
    try:
        told, at, event_id, visitor_id = unpacked(text)
        if (
            type(at) is not int
            or not 0 <= at < _LAST
            or not isinstance(event_id, str)
            or not isinstance(visitor_id, str)
        ):
            raise ValueError
    except (ValueError, TypeError) as error:
        raise ProblemError(400, "bad_cursor", "The cursor is not one of ours; start again without it.") from error
    if told != name:
        raise ProblemError(
            400, "bad_cursor", "The cursor belongs to another site, person or selection; start again without it."
        )
    return _Place(at, event_id, visitor_id)
