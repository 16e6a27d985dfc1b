"""Live: who is there."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from api.asked import Asked, asked_for, saved
from api.auth import Reader
from api.cards import read_cards
from api.context import Context, Here
from api.last_answers import question
from api.live import Question, find
from api.memberships import looked_up
from api.problems import responses
from api.schemas import LiveIn, LiveOut, LiveQuery
from api.shown import asked_segment, fresh
from api.strict import StrictRoute
from sql.keys import KeyHolder

router = APIRouter(
    prefix="/v1", tags=["live"], route_class=StrictRoute, responses=responses(400, 401, 403, 404, 413, 422, 503)
)


@router.get("/live/visitors")
def live(context: Here, holder: Reader, query: Annotated[LiveQuery, Query()]) -> LiveOut:
    """Who is there: people of the last 24 hours or 7 days, everyone or one saved segment, latest activity first."""

    def answer() -> LiveOut:
        asked = asked_for(context.store, holder, None, "")
        if query.segment is not None:
            asked = saved(context.store, holder, query.segment, "?segment")
        return _live(context, holder, asked, query)

    if query.cursor is not None:  # of further pages there are many, and none of them is asked for again
        return answer()
    return context.last.answer(question(holder.site_id, "live", query), context.clock(), answer)


@router.post("/live/visitors")
def live_of_expression(context: Here, holder: Reader, body: LiveIn) -> LiveOut:
    """The same for any expression, without saving it."""

    def answer() -> LiveOut:
        return _live(context, holder, asked_for(context.store, holder, body.segment, "/segment"), body)

    if body.cursor is not None:
        return answer()
    return context.last.answer(question(holder.site_id, "live of expression", body), context.clock(), answer)


def _live(context: Context, holder: KeyHolder, asked: Asked, wanted: LiveQuery | LiveIn) -> LiveOut:
    now, online_minutes = context.clock(), context.settings.online_minutes
    told = fresh(context, now)
    asked = looked_up(context, holder.site_id, asked, now)
    wanted_ones = Question(holder.site_id, wanted.window, asked, wanted.q, wanted.sort, wanted.limit)
    found = find(context.store, wanted_ones, wanted.cursor, now, online_minutes)
    return LiveOut(
        **told,
        window=wanted.window,
        segment=asked_segment(asked, holder.currency),
        population=found.population,
        reason=None if asked.countable else "now_condition",
        currency=holder.currency,
        visitors=read_cards(
            context.store,
            holder.site_id,
            [one.person_id for one in found.people],
            now - online_minutes * 60_000,
            holder.currency,
        ),
        next_cursor=found.next_cursor,
    )
