"""Live and the visitor card."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from api.asked import Asked, asked_for, saved
from api.auth import Reader
from api.cards import order_of, product_names, read_cards, visit_of
from api.context import Context, Here
from api.explain import explain
from api.last_answers import question
from api.live import Question, find
from api.problems import not_found, responses
from api.schemas import (
    Card,
    Explained,
    LiveIn,
    LiveOut,
    LiveQuery,
    Sentences,
    VisitorOut,
    VisitorSegments,
    WhyOut,
)
from api.shown import asked_segment, fresh
from api.strict import StrictRoute
from flows.segments.sentence import sentence
from sql.keys import KeyHolder
from sql.segments import list_segments

router = APIRouter(
    prefix="/v1", tags=["live"], route_class=StrictRoute, responses=responses(400, 401, 403, 404, 413, 422, 503)
)
VisitorId = Annotated[str, Path(min_length=1, max_length=128, description="may hold any character, also a slash")]

_LISTED = 200


@router.get("/live/visitors")
def live(context: Here, holder: Reader, query: Annotated[LiveQuery, Query()]) -> LiveOut:
    """Who is there: visitors of the last 24 hours or 7 days, everyone or one saved segment, latest activity first."""

    def answer() -> LiveOut:
        asked = asked_for(context.store, holder.site_id, None, "")
        if query.segment is not None:
            asked = saved(context.store, holder.site_id, query.segment, "?segment")
        return _live(context, holder, asked, query)

    return context.last.answer(question(holder.site_id, "live", query), context.clock(), answer)


@router.post("/live/visitors")
def live_of_expression(context: Here, holder: Reader, body: LiveIn) -> LiveOut:
    """The same for any expression, without saving it."""

    def answer() -> LiveOut:
        return _live(context, holder, asked_for(context.store, holder.site_id, body.segment, "/segment"), body)

    return context.last.answer(question(holder.site_id, "live of expression", body), context.clock(), answer)


def _live(context: Context, holder: KeyHolder, asked: Asked, wanted: LiveQuery | LiveIn) -> LiveOut:
    now, online_minutes = context.clock(), context.settings.online_minutes
    wanted_ones = Question(holder.site_id, wanted.window, asked, wanted.q, wanted.sort, wanted.limit)
    found = find(context.store, wanted_ones, wanted.cursor, now, online_minutes)
    return LiveOut(
        **fresh(context, now),
        window=wanted.window,
        segment=asked_segment(asked, holder.currency),
        population=found.population,
        reason=None if asked.countable else "now_condition",
        currency=holder.currency,
        visitors=read_cards(
            context.store,
            holder.site_id,
            [visitor_id for visitor_id, _ in found.visitors],
            found.now - online_minutes * 60_000,
            holder.currency,
        ),
        next_cursor=found.next_cursor,
    )


@router.get("/visitors/{visitor_id:path}/segments")
def visitor_segments(context: Here, holder: Reader, visitor_id: VisitorId) -> VisitorSegments:
    """Which saved segments the visitor is in, and why: the truth of each condition, now."""
    now = context.clock()
    _card(context, holder, visitor_id, now)
    found = explain(
        context.store,
        holder.site_id,
        visitor_id,
        list_segments(context.store, holder.site_id),
        now,
        context.settings.online_minutes,
    )
    return VisitorSegments(
        **fresh(context, now),
        visitor_id=visitor_id,
        segments=[
            WhyOut(
                id=why.segment.segment_id,
                version=why.segment.version,
                name=why.segment.name,
                matches=why.matches,
                conditions=[
                    Explained(
                        place=one.place,
                        sentence=Sentences(
                            ko=sentence(one.tree, "ko", holder.currency), en=sentence(one.tree, "en", holder.currency)
                        ),
                        matches=one.holds,
                    )
                    for one in why.conditions
                ],
            )
            for why in found
        ],
    )


@router.get("/visitors/{visitor_id:path}")
def visitor(context: Here, holder: Reader, visitor_id: VisitorId) -> VisitorOut:
    """One visitor, with visits and orders."""
    now = context.clock()
    asked = question(holder.site_id, f"visitor {visitor_id}")
    return context.last.answer(asked, now, lambda: _visitor(context, holder, visitor_id, now))


def _visitor(context: Context, holder: KeyHolder, visitor_id: str, now: int) -> VisitorOut:
    card = _card(context, holder, visitor_id, now)
    key = {"site_id": holder.site_id, "visitor_id": visitor_id, "size": _LISTED}
    visits = context.store.rows("visitor_visits", key)
    orders = context.store.rows("visitor_orders", key)
    names = product_names(context.store, holder.site_id, (line[0] for row in orders for line in row["lines"]))
    return VisitorOut(
        **fresh(context, now),
        visitor=card,
        visits=[visit_of(row["started_at"], row["ended_at"], row["figures"], row["acquisition"]) for row in visits],
        orders=[order_of(row, names) for row in orders],
    )


def _card(context: Context, holder: KeyHolder, visitor_id: str, now: int) -> Card:
    online_since = now - context.settings.online_minutes * 60_000
    cards = read_cards(context.store, holder.site_id, [visitor_id], online_since, holder.currency)
    if not cards:
        raise not_found("This visitor")
    return cards[0]
