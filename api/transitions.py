"""Entries into segments and exits from them: pages of table `transitions`, newest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from api.cursor import cursor_after, question_of, read_after
from api.problems import invalid
from api.segment_shapes import PersonTransitionsQuery, TransitionOut
from api.times import LATEST, epoch_ms, iso
from sql.store import Store

_ANY = 2


def find_transitions(
    store: Store, site_id: str, about: str, segments: Sequence[str], person_id: str, query: PersonTransitionsQuery
) -> tuple[list[TransitionOut], str | None]:
    """A page of those of some segments (ids), of one person or ('') of all, and the cursor of the next page.

    `about` names the listing: of which segment, or of which person. Its pages may be of more segments than the first one was.

    Raises `ProblemError` 400 for a cursor of another listing, 422 for a moment that is none.
    """
    filters = (query.type, query.reason, query.fires, query.since, query.until)
    name = question_of(site_id, "transitions", about, person_id, *filters)
    after, (after_id,) = read_after(query.cursor, name)
    rows = store.rows(
        "transitions",
        {
            "site_id": site_id,
            "segments": list(segments),
            "person_id": person_id,
            "type": query.type or "",
            "reason": query.reason or "",
            "fires": _ANY if query.fires is None else int(query.fires),
            "since": 0 if query.since is None else _moment(query.since, "?since"),
            "until": LATEST if query.until is None else _moment(query.until, "?until"),
            "after": after,
            "after_id": after_id,
            "size": query.limit + 1,
        },
    )
    page = rows[: query.limit]
    more = len(rows) > query.limit
    following = cursor_after(name, page[-1]["happened_at"], page[-1]["transition_id"]) if more else None
    return [_shown(row) for row in page], following


def _shown(row: Mapping[str, Any]) -> TransitionOut:
    return TransitionOut(
        id=row["transition_id"],
        type=row["type"],
        segment_id=row["segment_id"],
        segment_version=row["segment_version"],
        person_id=row["person_id"],
        member_id=row["member_id"] or None,
        visitor_id=row["visitor_id"] or None,
        entry=row["entry"],
        at=iso(row["happened_at"]),
        since=iso(row["entered_at"]),
        reason=row["reason"],
        fires=bool(row["fires"]),
    )


def _moment(text: str, place: str) -> int:
    """Epoch ms of an ISO 8601 moment with its offset."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError
        return epoch_ms(moment)
    except (ValueError, OverflowError):
        raise invalid(place, "Write a moment as 2026-05-04T03:02:01Z.") from None
