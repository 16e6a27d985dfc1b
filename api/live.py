"""Live: who is in the window, how many of them are in a segment, and pages of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from api.asked import Asked, with_segment
from api.cursor import Cursor, question_of, read_cursor
from api.people import named
from api.reports import ratio
from api.schemas import Population, Sort
from api.times import WINDOW_MS, Window
from sql.store import Store


@dataclass(frozen=True)
class Question:
    """Which people: of a site, in a window, in a segment, with `part` in an id of theirs, in an order, so many a page."""

    site_id: str
    window: Window
    asked: Asked
    part: str
    sort: Sort
    limit: int

    @property
    def name(self) -> str:
        """The same for all pages of one listing."""
        return question_of(self.site_id, self.window, self.asked.expression, self.part, self.sort)


class Someone(NamedTuple):
    """A person in a listing; `member_id` and `visitor_id`: one of them is ''. `seen_at`: last activity, epoch ms."""

    person_id: str
    seen_at: int
    member_id: str
    visitor_id: str


@dataclass(frozen=True)
class Found:
    """A page of people, as of the moment of the first page."""

    population: Population | None
    people: list[Someone]
    next_cursor: str | None


def population(
    store: Store, site_id: str, window: Window, asked: Asked, now: int, online_minutes: int
) -> tuple[int, int, int]:
    """People of the window in the segment, in the site, and those of the segment online."""
    sql, params = with_segment(store.text("live_population"), asked, now, online_minutes)
    bound = {"site_id": site_id, "since": now - WINDOW_MS[window], "online_since": now - online_minutes * 60_000}
    row = store.rows_of(sql, {**params, **bound})[0]
    return row["visitors"], row["site_visitors"], row["online"]


def shown(visitors: int, site_visitors: int, online: int) -> Population | None:
    """Counts as the API shows them; None for those of an uncountable segment (-1)."""
    if visitors < 0:
        return None
    return Population(visitors=visitors, share=ratio(visitors, site_visitors), online=online)


def find(store: Store, question: Question, cursor_text: str | None, now: int, online_minutes: int) -> Found:
    """One page. The first counts the population; the others take moment and population from the cursor.

    By `last_seen`, who acts while one pages moves to the front and may be missed; by `person_id` only who logs in for the first time
    moves, from a visitor to a member.
    """
    if cursor_text is None:
        counts = (-1, -1, -1)
        if question.asked.countable:
            counts = population(store, question.site_id, question.window, question.asked, now, online_minutes)
        cursor = Cursor(question.name, now, -1, "", *counts)
    else:
        cursor = read_cursor(cursor_text, question.name)
    rows = _page(store, question, cursor, online_minutes)
    more = len(rows) > question.limit
    people = [Someone(**row) for row in rows[: question.limit]]
    counts = (cursor.visitors, cursor.site_visitors, cursor.online)
    following = None
    if more:
        last = people[-1]
        following = Cursor(question.name, cursor.now, last.seen_at, last.person_id, *counts).text()
    return Found(shown(*counts), people, following)


def _page(store: Store, question: Question, cursor: Cursor, online_minutes: int) -> list[dict[str, Any]]:
    name = "live_by_last_seen" if question.sort == "last_seen" else "live_by_person_id"
    sql, params = with_segment(store.text(name), question.asked, cursor.now, online_minutes)
    bound: dict[str, object] = {
        "site_id": question.site_id,
        "since": cursor.now - WINDOW_MS[question.window],
        "part": question.part,
        "size": question.limit + 1,
    }
    if question.sort == "last_seen":
        bound |= {"after_seen": cursor.after_seen, "after_id": cursor.after_id}
    else:
        after = named(cursor.after_id)
        bound |= {"after_visitor": after.visitor_id, "after_member": after.member_id}
    return store.rows_of(sql, {**params, **bound})
