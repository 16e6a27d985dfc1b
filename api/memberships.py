"""How far the flow has judged people by saved segments, and whether who is in one may be looked up instead of computed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from api.asked import Asked
from api.context import Context
from api.segment_shapes import SegmentHealth
from api.times import iso
from flows.membership.definitions import SETTLING
from sql.segments import Segment
from sql.store import Store

RECENT = 60_000
"""Milliseconds. Shards tell every 5 seconds; what one told longer ago is not looked at."""

SILENT = 30_000
"""Milliseconds. Counts that are so far behind are stale."""

Status = Literal["pending", "evaluating", "ready", "failing", "stale"]


@dataclass(frozen=True)
class Counts:
    """What the shards told last of one version of a segment, summed: `told` of `shards` shards have.

    `told_at` and `judged_until` (epoch ms) are the least of them; `problem` is '' if there is none.
    """

    told: int
    shards: int
    members: int
    people: int
    evaluated: int
    told_at: int
    judged_until: int
    problem: str


AllCounts = dict[tuple[str, int], Counts]
"""By segment and version."""


def effective_at(segment: Segment) -> int:
    """When a version begins to count, epoch ms."""
    return segment.created_at + SETTLING


def read_counts(store: Store, site_id: str, now: int, segment_id: str = "") -> AllCounts:
    """The newest counts of one segment, or ('') of all; of none that no shard told of in the last minute."""
    rows = store.rows("segment_counts", {"site_id": site_id, "segment_id": segment_id, "since": now - RECENT})
    return {(row.pop("segment_id"), row.pop("segment_version")): Counts(**row) for row in rows}


def health_of(segment: Segment, counts: AllCounts, flow_at: int | None, now: int) -> SegmentHealth:
    """Health of the newest version of a segment. `flow_at`: everything received until then is in the figures; None: it never ran."""
    found = counts.get((segment.segment_id, segment.version))
    status = _status(segment, found, flow_at, now)
    if found is None or status == "pending":
        return SegmentHealth(
            status=status, members=None, people=None, evaluated=None, progress=None, as_of=None, problem=None
        )
    return SegmentHealth(
        status=status,
        members=found.members,
        people=found.people,
        evaluated=found.evaluated,
        progress=found.evaluated / found.people if found.people else None,
        as_of=iso(found.judged_until),
        problem=found.problem or None,
    )


def looked_up(context: Context, site_id: str, asked: Asked, now: int) -> Asked:
    """The same, by membership if it is a saved segment whose members the flow knows as well as its expression would tell."""
    segment = asked.segment
    if segment is None or not asked.countable or now < effective_at(segment):
        return asked
    counts = read_counts(context.store, site_id, now, segment.segment_id)
    health = health_of(segment, counts, context.freshness.read(now).as_of, now)
    return replace(asked, by_membership=health.status == "ready")


def _status(segment: Segment, counts: Counts | None, flow_at: int | None, now: int) -> Status:
    if now < effective_at(segment):
        return "pending"
    overdue = flow_at is not None and flow_at >= effective_at(segment) + SILENT
    if counts is None:
        return "stale" if overdue else "pending"
    if counts.problem:
        return "failing"
    if now - min(counts.told_at, counts.judged_until) > SILENT:
        return "stale"
    if counts.told < counts.shards or not counts.shards:
        return "stale" if overdue else "evaluating"
    return "ready" if counts.evaluated >= counts.people else "evaluating"
