"""Live as a file: all people of a question, read and sent page by page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Header, Query
from fastapi.responses import StreamingResponse

from api import csv_text, people_csv
from api.asked import asked_for
from api.auth import Reader
from api.cards import read_cards
from api.context import Context, Here
from api.csv_text import Cell
from api.live import Found, Question, find
from api.memberships import looked_up
from api.pages.texts import preferred
from api.problems import responses
from api.schemas import CsvQuery, PeopleCsvIn
from api.strict import StrictRoute
from sql.keys import KeyHolder

router = APIRouter(
    prefix="/v1", tags=["live"], route_class=StrictRoute, responses=responses(400, 401, 403, 404, 413, 422, 503)
)

PAGE = 500
"""So many people are in memory at once."""


class CsvStream(StreamingResponse):
    """CSV that is sent while it is read. Cut off, and so told to be broken, if ClickHouse goes away meanwhile."""

    media_type = csv_text.MEDIA_TYPE


@router.post("/live/visitors.csv", response_class=CsvStream)
def people_csv_of(
    context: Here,
    holder: Reader,
    body: PeopleCsvIn,
    query: Annotated[CsvQuery, Query()],
    accept_language: Annotated[str, Header()] = "",
) -> CsvStream:
    """All people of the window, everyone or a segment, by person_id, as CSV: whoever stays in it stands there once."""
    now = context.clock()
    asked = looked_up(context, holder.site_id, asked_for(context.store, holder, body.segment, "/segment"), now)
    question = Question(holder.site_id, body.window, asked, body.q, "person_id", PAGE)
    first = find(context.store, question, None, now, context.settings.online_minutes)
    language = query.language or preferred(accept_language)
    return CsvStream(
        csv_text.in_parts(csv_text.document(people_csv.header(language), _rows(context, holder, question, first, now))),
        headers=csv_text.headers(f"sonnim-people-{holder.site_id}-{body.window}", language),
    )


def _rows(context: Context, holder: KeyHolder, question: Question, first: Found, now: int) -> Iterator[list[Cell]]:
    online_minutes = context.settings.online_minutes
    online_since = now - online_minutes * 60_000
    page = first
    while True:
        ids = [one.person_id for one in page.people]
        yield from map(people_csv.row, read_cards(context.store, holder.site_id, ids, online_since, holder.currency))
        if page.next_cursor is None:
            return
        page = find(context.store, question, page.next_cursor, now, online_minutes)
