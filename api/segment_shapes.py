"""Shapes of saved segments: themselves, how far they are judged, who is in them, who entered and left."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from api.schemas import AskedSegment, Cursor, Fresh, Moment, Population, Sentences, Shape
from api.times import Window

Expression = Annotated[
    dict[str, Any],
    Field(
        description="an expression of the segment language (docs/segments.md)",
        examples=[{"all": [{"field": "visits", "op": ">=", "value": 3}, {"field": "orders", "op": ">=", "value": 1}]}],
    ),
]
Type = Literal["entered", "exited"]
Reason = Literal["event", "time", "merge", "edit", "current", "created", "late", "deleted"]


# --- a segment -----------------------------------------------------------------------------------------------------


class SegmentIn(Shape):
    """A segment to save."""

    name: str = Field(min_length=1, max_length=200)
    expression: Expression
    fire_for_current: bool = Field(
        False,
        description="whether those who match when this version takes effect enter it, so that hooks are told of them",
    )


class SegmentHealth(Shape):
    """How far the flow has judged people by this version, as it told last."""

    status: Literal["pending", "evaluating", "ready", "failing", "stale"] = Field(
        description="pending: it does not count yet; evaluating: not everybody is judged yet; ready; failing: see `problem`; "
        "stale: the flow has told nothing for 30 seconds, or lags so far behind"
    )
    members: int | None = Field(description="people in it, of those the flow has in memory; null: nothing is told yet")
    people: int | None = Field(description="people in memory: those of the last 8 days, and members told of just now")
    evaluated: int | None = Field(description="of them, those judged by this version")
    progress: float | None = Field(description="evaluated / people; null if there are none")
    as_of: Moment | None = Field(description="changes until then are judged")
    problem: str | None = Field(description="why nobody can be judged by it")


class SegmentOut(Shape):
    """A saved segment, one version of it."""

    id: str
    version: int
    name: str
    expression: Any
    sentence: Sentences | None = Field(description="null if this version of Sonnim cannot read the expression")
    fire_for_current: bool
    created_at: Moment = Field(description="of this version")
    effective_at: Moment = Field(description="people are judged by this version from then on")
    deleted: bool
    health: SegmentHealth | None = Field(description="null in the history")


class SegmentList(Shape):
    """Saved segments, or versions of one."""

    segments: list[SegmentOut]


class PreviewIn(Shape):
    """An expression to try out."""

    window: Window = "7d"
    expression: Expression


class PreviewOut(Fresh):
    """What an expression says, and how many it catches now."""

    window: Window
    sentence: Sentences
    population: Population | None
    reason: Literal["now_condition"] | None = Field(description="why there is no population")


# --- what one is made of -------------------------------------------------------------------------------------------


class Labels(Shape):
    """A name in both languages."""

    ko: str
    en: str


class PresetOut(Shape):
    """A segment to start from."""

    name: str
    labels: Labels
    expression: Any


class PresetList(Shape):
    """Segments to start from."""

    presets: list[PresetOut]


class FieldList(Shape):
    """The catalogue of fields: what each is, its operators, an example."""

    fields: list[dict[str, Any]]


# --- who is in it --------------------------------------------------------------------------------------------------


class MembersQuery(Shape):
    """Query of GET /v1/segments/{segment_id}/members."""

    window: Window = "7d"
    limit: int = Field(200, ge=1, le=1000)
    cursor: Cursor = None


class Member(Shape):
    """A person in a segment."""

    person_id: str
    member_id: str | None
    visitor_id: str | None = Field(description="null of a member, who may have several devices: see the card")
    last_seen: Moment


class MembersOut(Fresh):
    """A page of a segment's members, by person_id."""

    window: Window
    segment: AskedSegment
    population: Population | None
    reason: Literal["now_condition"] | None
    members: list[Member]
    next_cursor: str | None


class SegmentCurveQuery(Shape):
    """Query of GET /v1/segments/{segment_id}/curve."""

    hours: int = Field(24, ge=1, le=720, description="how far back")
    points: int = Field(300, ge=1, le=2000, description="at most so many")


class SegmentCurvePoint(Shape):
    """How many were in the segment at one moment."""

    at: Moment
    version: int
    members: int


class SegmentCurve(Fresh):
    """Members over time, oldest first."""

    segment_id: str
    points: list[SegmentCurvePoint]


# --- who entered and left ------------------------------------------------------------------------------------------


class PersonTransitionsQuery(Shape):
    """Which entries and exits of a person."""

    type: Type | None = None
    reason: Reason | None = None
    fires: bool | None = Field(None, description="only those hooks are told of, or only the others")
    since: str | None = Field(
        None,
        max_length=40,
        description="at or after this moment (ISO 8601 with an offset)",
        examples=["2026-05-04T00:00:00Z"],
    )
    until: str | None = Field(None, max_length=40, description="before this moment", examples=["2026-05-05T00:00:00Z"])
    limit: int = Field(100, ge=1, le=1000)
    cursor: Cursor = None


class TransitionsQuery(PersonTransitionsQuery):
    """Which entries into a segment and exits from it."""

    person_id: str | None = Field(None, max_length=2_100, description="member:<member_id> or visitor:<visitor_id>")


class TransitionOut(Shape):
    """A person entered a segment or left it."""

    id: str
    type: Type
    segment_id: str
    segment_version: int
    person_id: str
    member_id: str | None
    visitor_id: str | None
    entry: int = Field(
        description="number of this entry of the person into the segment, from 1; 0: a merge brought him in"
    )
    at: Moment
    since: Moment = Field(description="of an exit: when he had entered")
    reason: Reason
    fires: bool = Field(description="whether hooks are told")


class TransitionList(Fresh):
    """Entries and exits, newest first."""

    transitions: list[TransitionOut]
    next_cursor: str | None


# --- why somebody is in it -----------------------------------------------------------------------------------------


class Explained(Shape):
    """A part of an expression and whether it holds for the person."""

    place: str = Field(description="JSON pointer into the expression")
    sentence: Sentences
    value: Any = Field(
        description="what it is about: number (durations in seconds), text, list (at most 20), time, of records how many; null: absent"
    )
    unit: str | None = Field(description="what a number counts, as the catalogue of fields says; null: nothing")
    matches: bool


class WhyOut(Shape):
    """A saved segment, whether the person is in it, and which of its conditions hold."""

    id: str
    version: int
    name: str
    matches: bool | None = Field(description="computed now; null if this version of Sonnim cannot read the expression")
    member: bool = Field(description="whether the flow has the person in it, as it judged last")
    since: Moment | None = Field(description="since when; null: it has not")
    entries: int = Field(description="how often the person entered it")
    conditions: list[Explained]


class PersonSegments(Fresh):
    """Why a person is in which segments."""

    person_id: str
    segments: list[WhyOut]


class VisitorSegments(PersonSegments):
    """The same for the person a visitor belongs to now."""

    visitor_id: str = Field(description="as asked for")
