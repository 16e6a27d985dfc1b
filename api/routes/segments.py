"""Saved segments, their history and members, and everything one needs to write one."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from api.asked import checked, saved
from api.auth import Reader
from api.context import Here
from api.live import Question, find, population, shown
from api.problems import ProblemError, not_found, responses
from api.schemas import (
    FieldList,
    Member,
    MembersOut,
    MembersQuery,
    PresetList,
    PreviewIn,
    PreviewOut,
    SegmentIn,
    SegmentList,
    SegmentOut,
    Sentences,
)
from api.shown import asked_segment, fresh
from api.strict import StrictRoute
from api.times import iso
from flows.segments.catalogue import catalogue
from flows.segments.presets import presets
from sql.segments import (
    Segment,
    create_segment,
    delete_segment,
    get_segment,
    list_segments,
    segment_history,
    update_segment,
)

router = APIRouter(
    prefix="/v1/segments",
    tags=["segments"],
    route_class=StrictRoute,
    responses=responses(400, 401, 403, 404, 413, 422, 503),
)
SegmentId = Annotated[str, Path(min_length=1, max_length=64)]


@router.get("")
def listed(context: Here, holder: Reader) -> SegmentList:
    """All saved segments, by name."""
    found = list_segments(context.store, holder.site_id)
    return SegmentList(segments=[_out(segment, holder.currency) for segment in found])


@router.post("", status_code=201)
def create(context: Here, holder: Reader, body: SegmentIn) -> SegmentOut:
    """Save a segment. Nobody who matches already counts as having entered it."""
    checked(body.expression, "/expression")
    segment = create_segment(context.store, holder.site_id, body.name, body.expression, context.clock())
    return _out(segment, holder.currency)


@router.get("/fields")
def fields(holder: Reader) -> FieldList:
    """The catalogue of fields."""
    return FieldList(fields=catalogue())


@router.get("/presets")
def starters(holder: Reader) -> PresetList:
    """Segments to start from."""
    return PresetList.model_validate({"presets": presets()})


@router.post("/preview")
def preview(context: Here, holder: Reader, body: PreviewIn) -> PreviewOut:
    """What an expression says, and how many people it catches now. Nothing is saved."""
    now, online_minutes = context.clock(), context.settings.online_minutes
    asked = checked(body.expression, "/expression")
    counts = (-1, -1, -1)
    if asked.countable:
        counts = population(context.store, holder.site_id, body.window, asked, now, online_minutes)
    return PreviewOut(
        **fresh(context, now),
        window=body.window,
        sentence=Sentences(**asked.sentences(holder.currency)),
        population=shown(*counts),
        reason=None if asked.countable else "now_condition",
    )


@router.get("/{segment_id}")
def one(context: Here, holder: Reader, segment_id: SegmentId) -> SegmentOut:
    """A saved segment, newest version."""
    segment = get_segment(context.store, holder.site_id, segment_id)
    if segment is None:
        raise not_found("This segment")
    return _out(segment, holder.currency)


@router.put("/{segment_id}")
def update(context: Here, holder: Reader, segment_id: SegmentId, body: SegmentIn) -> SegmentOut:
    """Change a segment: a new version; the old ones stay in its history."""
    checked(body.expression, "/expression")
    with context.editing:
        segment = update_segment(context.store, holder.site_id, segment_id, body.name, body.expression, context.clock())
    if segment is None:
        raise not_found("This segment")
    return _out(segment, holder.currency)


@router.delete("/{segment_id}", status_code=204)
def delete(context: Here, holder: Reader, segment_id: SegmentId) -> Response:
    """Delete a segment; its history stays."""
    with context.editing:
        deleted = delete_segment(context.store, holder.site_id, segment_id, context.clock())
    if not deleted:
        raise not_found("This segment")
    return Response(status_code=204)


@router.get("/{segment_id}/history")
def history(context: Here, holder: Reader, segment_id: SegmentId) -> SegmentList:
    """All versions, newest first, also of a deleted segment."""
    versions = segment_history(context.store, holder.site_id, segment_id)
    if not versions:
        raise not_found("This segment")
    return SegmentList(segments=[_out(segment, holder.currency) for segment in versions])


@router.get("/{segment_id}/members")
def members(
    context: Here, holder: Reader, segment_id: SegmentId, query: Annotated[MembersQuery, Query()]
) -> MembersOut:
    """People of the window in the segment, by person_id: whoever stays in it is listed once."""
    now, online_minutes = context.clock(), context.settings.online_minutes
    asked = saved(context.store, holder.site_id, segment_id, "")
    question = Question(holder.site_id, query.window, asked, "", "person_id", query.limit)
    found = find(context.store, question, query.cursor, now, online_minutes)
    return MembersOut(
        **fresh(context, now),
        window=query.window,
        segment=asked_segment(asked, holder.currency),
        population=found.population,
        reason=None if asked.countable else "now_condition",
        members=[
            Member(
                person_id=one.person_id,
                member_id=one.member_id or None,
                visitor_id=one.visitor_id or None,
                last_seen=iso(one.seen_at),
            )
            for one in found.people
        ],
        next_cursor=found.next_cursor,
    )


def _out(segment: Segment, currency: str) -> SegmentOut:
    return SegmentOut(
        id=segment.segment_id,
        version=segment.version,
        name=segment.name,
        expression=segment.expression,
        sentence=_sentences(segment.expression, currency),
        created_at=iso(segment.created_at),
        deleted=segment.deleted,
    )


def _sentences(expression: Any, currency: str) -> Sentences | None:
    try:
        return Sentences(**checked(expression, "").sentences(currency))
    except ProblemError:
        return None
