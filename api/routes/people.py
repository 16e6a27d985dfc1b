"""One person, with all devices; and one device, with everyone it belonged to."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from api.auth import Reader
from api.cards import cards_of, order_of, person_visit_of, product_names
from api.context import Context, Here
from api.explain import Why, explain
from api.held import memberships_of
from api.last_answers import question
from api.member_data import data_of, read_member
from api.member_shapes import MemberData
from api.people import DEVICES, VISITOR, Row, devices_of, find_person, find_stints, place_of
from api.person_event_shapes import PersonEvents, PersonEventsQuery
from api.person_events import find_events
from api.person_shapes import PersonOut, VisitorOut
from api.problems import ProblemError, not_found, responses
from api.schemas import Card, DeviceOut, Sentences, Stint
from api.segment_shapes import (
    Explained,
    PersonSegments,
    PersonTransitionsQuery,
    TransitionList,
    VisitorSegments,
    WhyOut,
)
from api.shown import fresh
from api.strict import AboutOneRoute
from api.times import iso_or_none
from api.transitions import find_transitions
from flows.segments.sentence import sentence
from sql.keys import KeyHolder
from sql.segments import list_segments

router = APIRouter(
    prefix="/v1", tags=["people"], route_class=AboutOneRoute, responses=responses(400, 401, 403, 404, 413, 422, 503)
)
_ANY = "may hold any character, also a slash"
PersonId = Annotated[
    str,
    Path(min_length=1, max_length=2_100, description=f"member:<member_id>, visitor:<visitor_id> or either id; {_ANY}"),
]
VisitorId = Annotated[str, Path(min_length=1, max_length=128, description=_ANY)]

_LISTED = DEVICES


@router.get("/people/{person_id:path}/segments")
def person_segments(context: Here, holder: Reader, person_id: PersonId) -> PersonSegments:
    """Which saved segments the person is in, and why: the truth of each condition, now."""
    now = context.clock()
    told, row = fresh(context, now), _found(context, holder, person_id)
    return PersonSegments(**told, **_segments(context, holder, row, now))


@router.get("/people/{person_id:path}/transitions")
def person_transitions(
    context: Here, holder: Reader, person_id: PersonId, query: Annotated[PersonTransitionsQuery, Query()]
) -> TransitionList:
    """When the person entered saved segments and left them, newest first; not what a visitor did before he logged in."""
    told, row = fresh(context, context.clock()), _found(context, holder, person_id)
    person_id, segments = row["person_id"], sorted(memberships_of(row))
    found, following = find_transitions(context.store, holder.site_id, person_id, segments, person_id, query)
    return TransitionList(**told, transitions=found, next_cursor=following)


@router.get("/people/{person_id:path}/events")
def person_events(
    context: Here, holder: Reader, person_id: PersonId, query: Annotated[PersonEventsQuery, Query()]
) -> PersonEvents:
    """What the person did, event by event, newest first: of all devices, only in the stretches of time that belong to the person."""
    told, row = fresh(context, context.clock()), _found(context, holder, person_id)
    found, following = find_events(context.store, holder.site_id, row, query)
    return PersonEvents(**told, person_id=row["person_id"], events=found, next_cursor=following)


@router.get("/people/{person_id:path}")
def person(context: Here, holder: Reader, person_id: PersonId) -> PersonOut:
    """One person, with visits and orders of all devices. A plain id is a member's, else a visitor's."""
    now = context.clock()

    def answer() -> PersonOut:
        told, row = fresh(context, now), _found(context, holder, person_id)
        return PersonOut(
            **told,
            person=_card(context, holder, row, now),
            member=_told_of(context, holder, row),
            **_visits_and_orders(context, holder, row),
        )

    return context.last.answer(question(holder.site_id, f"person {person_id}"), now, answer)


@router.get("/visitors/{visitor_id:path}/segments")
def visitor_segments(context: Here, holder: Reader, visitor_id: VisitorId) -> VisitorSegments:
    """The same for the person a visitor belongs to now."""
    now = context.clock()
    told, row = fresh(context, now), _found(context, holder, VISITOR + visitor_id)
    return VisitorSegments(**told, visitor_id=visitor_id, **_segments(context, holder, row, now))


@router.get("/visitors/{visitor_id:path}")
def visitor(context: Here, holder: Reader, visitor_id: VisitorId) -> VisitorOut:
    """The person a visitor belongs to now, with visits and orders of all devices."""
    now = context.clock()

    def answer() -> VisitorOut:
        told, row = fresh(context, now), _found(context, holder, VISITOR + visitor_id)
        return VisitorOut(
            **told,
            visitor=_card(context, holder, row, now),
            member=_told_of(context, holder, row),
            **_visits_and_orders(context, holder, row),
        )

    return context.last.answer(question(holder.site_id, f"visitor {visitor_id}"), now, answer)


@router.get("/devices/{visitor_id:path}")
def device(context: Here, holder: Reader, visitor_id: VisitorId) -> DeviceOut:
    """One browser or app by itself: whom it belonged to and when, and what was done on it then."""
    now = context.clock()

    def answer() -> DeviceOut:
        told, rows = fresh(context, now), find_stints(context.store, holder.site_id, visitor_id)
        if not rows:
            raise _nobody("This device")
        cards = cards_of(context.store, holder.site_id, rows, _online_since(context, now), holder.currency)
        stints = [
            Stint(began_at=iso_or_none(row["began_at"]), person_id=card.person_id, member_id=card.member_id, card=card)
            for row, card in zip(rows, cards, strict=True)
        ]
        return DeviceOut(**told, visitor_id=visitor_id, stints=stints)

    return context.last.answer(question(holder.site_id, f"device {visitor_id}"), now, answer)


def _found(context: Context, holder: KeyHolder, person_id: str) -> Row:
    row = find_person(context.store, holder.site_id, person_id)
    if row is None:
        raise _nobody("This visitor" if person_id.startswith(VISITOR) else "This person")
    return row


def _nobody(what: str) -> ProblemError:
    advice = "Give member:<member_id> or visitor:<visitor_id> to /v1/people/, or look for a part of either with /v1/live/visitors?q="
    return not_found(what, advice=f"{advice}.")


def _online_since(context: Context, now: int) -> int:
    return now - context.settings.online_minutes * 60_000


def _card(context: Context, holder: KeyHolder, row: Row, now: int) -> Card:
    return cards_of(context.store, holder.site_id, [row], _online_since(context, now), holder.currency)[0]


def _told_of(context: Context, holder: KeyHolder, row: Row) -> MemberData | None:
    found = read_member(context.store, holder.site_id, row["member_id"])
    return data_of(found["profile"]) if found and found["profile"] else None


def _visits_and_orders(context: Context, holder: KeyHolder, row: Row) -> dict[str, Any]:
    about = {"site_id": holder.site_id, "visitor_ids": list(devices_of(row)), "size": _LISTED}
    visits = context.store.rows("visitor_visits", {**about, "person_id": row["person_id"]})
    orders = context.store.rows("visitor_orders", {**about, **place_of(row)})
    names = product_names(context.store, holder.site_id, (line[0] for order in orders for line in order["lines"]))
    return {
        "visits": [person_visit_of(visit) for visit in visits],
        "orders": [order_of(order, names) for order in orders],
    }


def _segments(context: Context, holder: KeyHolder, row: Row, now: int) -> dict[str, Any]:
    segments = list_segments(context.store, holder.site_id)
    found = explain(context.store, holder, row, segments, now, context.settings.online_minutes)
    return {"person_id": row["person_id"], "segments": [_why(why, holder.currency) for why in found]}


def _why(why: Why, currency: str) -> WhyOut:
    return WhyOut(
        id=why.segment.segment_id,
        version=why.segment.version,
        name=why.segment.name,
        matches=why.matches,
        member=why.held.inside,
        since=iso_or_none(why.held.since),
        entries=why.held.entries,
        conditions=[
            Explained(
                place=one.place,
                sentence=Sentences(ko=sentence(one.tree, "ko", currency), en=sentence(one.tree, "en", currency)),
                value=one.value,
                unit=one.tree.field.unit or None,
                matches=one.holds,
            )
            for one in why.conditions
        ],
    )
