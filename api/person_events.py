"""Raw events of a person: those of his stints alone, whoever else used the same devices. Pages of them, newest first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.cursor import cursor_after, question_of, read_after
from api.erasure_claim import stints_of
from api.people import Row, devices_of
from api.person_event_shapes import EventItem, PersonEvent, PersonEventsQuery
from api.times import LATEST, epoch_ms, iso
from flows.erasure import Range
from sql.store import Store

STINTS = 4_000
"""So many stints are looked through, the newest ones: a device many use has many."""


def find_events(
    store: Store, site_id: str, person: Row, query: PersonEventsQuery
) -> tuple[list[PersonEvent], str | None]:
    """A page of the events of a person (a row of `cards.sql`), and the cursor of the next page.

    Of the newest 200 devices. Raises `ProblemError` 400 for a cursor of another listing.
    """
    name = question_of(site_id, "events", person["person_id"], query.name, str(query.since), str(query.until))
    after, (after_id, after_visitor) = read_after(query.cursor, name, ids=2)
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
            "since": 0 if query.since is None else epoch_ms(query.since),
            "until": LATEST if query.until is None else epoch_ms(query.until),
            "after": after,
            "after_id": after_id,
            "after_visitor": after_visitor,
            "size": query.limit + 1,
        },
    )
    page = rows[: query.limit]
    following = None
    if len(rows) > query.limit:
        last = page[-1]
        following = cursor_after(name, last["occurred"], last["event_id"], last["visitor_id"])
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
