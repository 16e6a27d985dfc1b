"""Saved segments, their history and members, and everything one needs to write one."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from api.asked import checked, declared, saved, traits_in, understood
from api.auth import Reader
from api.context import Context, Here
from api.live import Question, find, population, shown
from api.memberships import effective_at, health_of, looked_up, read_counts
from api.problems import ProblemError, not_found, responses
from api.schemas import Sentences
from api.segment_shapes import (
    FieldList,
    Member,
    MembersOut,
    MembersQuery,
    PresetList,
    PreviewIn,
    PreviewOut,
    SegmentCurve,
    SegmentCurvePoint,
    SegmentCurveQuery,
    SegmentHealth,
    SegmentIn,
    SegmentList,
    SegmentOut,
    TransitionList,
    TransitionsQuery,
)
from api.shown import asked_segment, fresh
from api.strict import StrictRoute
from api.times import iso
from api.transitions import find_transitions
from flows.segments.catalogue import catalogue
from flows.segments.presets import presets
from flows.segments.traits import Trait
from sql.keys import KeyHolder
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
    return _listed(context, holder, found, _health(context, holder, found))


@router.post("", status_code=201)
def create(context: Here, holder: Reader, body: SegmentIn) -> SegmentOut:
    """Save a segment. Who matches already is in it without having entered it, unless `fire_for_current`."""
    checked(context.store, holder, body.expression, "/expression")
    told = (body.name, body.expression, context.clock())
    segment = create_segment(context.store, holder.site_id, *told, fire_for_current=body.fire_for_current)
    return _out(context, holder, segment)


@router.get("/fields")
def fields(context: Here, holder: Reader) -> FieldList:
    """The catalogue of fields, with those that the site declares of its own."""
    return FieldList(fields=catalogue(declared(context.store, holder)))


@router.get("/presets")
def starters(holder: Reader) -> PresetList:
    """Segments to start from."""
    return PresetList.model_validate({"presets": presets()})


@router.post("/preview")
def preview(context: Here, holder: Reader, body: PreviewIn) -> PreviewOut:
    """What an expression says, and how many people it catches now. Nothing is saved."""
    now, online_minutes = context.clock(), context.settings.online_minutes
    told = fresh(context, now)
    asked = checked(context.store, holder, body.expression, "/expression")
    counts = (-1, -1, -1)
    if asked.countable:
        counts = population(context.store, holder.site_id, body.window, asked, now, online_minutes)
    return PreviewOut(
        **told,
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
    return _out(context, holder, segment)


@router.put("/{segment_id}")
def update(context: Here, holder: Reader, segment_id: SegmentId, body: SegmentIn) -> SegmentOut:
    """Change a segment: a new version; the old ones stay in its history."""
    checked(context.store, holder, body.expression, "/expression")
    with context.editing:
        told = (body.name, body.expression, context.clock())
        segment = update_segment(
            context.store, holder.site_id, segment_id, *told, fire_for_current=body.fire_for_current
        )
    if segment is None:
        raise not_found("This segment")
    return _out(context, holder, segment)


@router.delete("/{segment_id}", status_code=204)
def delete(context: Here, holder: Reader, segment_id: SegmentId) -> Response:
    """Delete a segment, whether hooks name it or not; its history stays. Everybody leaves it, and nobody is told."""
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
    return _listed(context, holder, versions, {})


@router.get("/{segment_id}/members")
def members(
    context: Here, holder: Reader, segment_id: SegmentId, query: Annotated[MembersQuery, Query()]
) -> MembersOut:
    """People of the window in the segment, by person_id: whoever stays in it is listed once."""
    now, online_minutes = context.clock(), context.settings.online_minutes
    told = fresh(context, now)
    asked = looked_up(context, holder.site_id, saved(context.store, holder, segment_id, ""), now)
    question = Question(holder.site_id, query.window, asked, "", "person_id", query.limit)
    found = find(context.store, question, query.cursor, now, online_minutes)
    return MembersOut(
        **told,
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


@router.get("/{segment_id}/transitions")
def transitions(
    context: Here, holder: Reader, segment_id: SegmentId, query: Annotated[TransitionsQuery, Query()]
) -> TransitionList:
    """Who entered the segment and who left it, newest first, also of a deleted segment."""
    told = fresh(context, context.clock())
    _ever(context, holder, segment_id)
    person_id = query.person_id or ""
    found, following = find_transitions(context.store, holder.site_id, segment_id, [segment_id], person_id, query)
    return TransitionList(**told, transitions=found, next_cursor=following)


@router.get("/{segment_id}/curve")
def curve(
    context: Here, holder: Reader, segment_id: SegmentId, query: Annotated[SegmentCurveQuery, Query()]
) -> SegmentCurve:
    """How many people were in the segment over time, as the flow wrote it down every few seconds, for 30 days."""
    now = context.clock()
    told = fresh(context, now)
    _ever(context, holder, segment_id)
    span = query.hours * 3_600_000
    about = {"site_id": holder.site_id, "segment_id": segment_id}
    rows = context.store.rows(
        "segment_curve", {**about, "since": now - span, "until": now, "step": -(-span // query.points)}
    )
    return SegmentCurve(
        **told,
        segment_id=segment_id,
        points=[
            SegmentCurvePoint(at=iso(row["moment"]), version=row["version"], members=row["members"]) for row in rows
        ],
    )


def _ever(context: Context, holder: KeyHolder, segment_id: str) -> None:
    if not segment_history(context.store, holder.site_id, segment_id):
        raise not_found("This segment")


def _health(context: Context, holder: KeyHolder, segments: list[Segment]) -> dict[str, SegmentHealth]:
    """Health of the newest versions, by id."""
    now = context.clock()
    only = segments[0].segment_id if len(segments) == 1 else ""
    settled = any(now >= effective_at(segment) for segment in segments)
    counts = read_counts(context.store, holder.site_id, now, only) if settled else {}
    flow_at = context.freshness.read(now).as_of if settled else None
    return {segment.segment_id: health_of(segment, counts, flow_at, now) for segment in segments}


def _listed(
    context: Context, holder: KeyHolder, segments: list[Segment], health: dict[str, SegmentHealth]
) -> SegmentList:
    traits = traits_in(context.store, holder, [segment.expression for segment in segments])
    return SegmentList(segments=[_shown(one, holder, traits, health.get(one.segment_id)) for one in segments])


def _out(context: Context, holder: KeyHolder, segment: Segment) -> SegmentOut:
    traits = traits_in(context.store, holder, [segment.expression])
    return _shown(segment, holder, traits, _health(context, holder, [segment])[segment.segment_id])


def _shown(segment: Segment, holder: KeyHolder, traits: tuple[Trait, ...], health: SegmentHealth | None) -> SegmentOut:
    return SegmentOut(
        id=segment.segment_id,
        version=segment.version,
        name=segment.name,
        expression=segment.expression,
        sentence=_sentences(segment.expression, holder, traits),
        fire_for_current=segment.fire_for_current,
        created_at=iso(segment.created_at),
        effective_at=iso(effective_at(segment)),
        deleted=segment.deleted,
        health=health,
    )


def _sentences(expression: Any, holder: KeyHolder, traits: tuple[Trait, ...]) -> Sentences | None:
    try:
        return Sentences(**understood(holder, expression, "", traits).sentences(holder.currency))
    except ProblemError:
        return None
