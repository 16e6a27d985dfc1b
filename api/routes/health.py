"""How a site's work goes, for its people: how far the log is applied, and what became of what its hooks are told."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import Field

from api.auth import Reader
from api.context import Context, Here
from api.problems import responses
from api.schemas import Fresh, Moment, Shape
from api.shown import fresh
from api.strict import StrictRoute
from api.times import iso
from ingest.log import EventLog, LogUnavailable, OffsetOutOfRange

RECENT_MS = 24 * 3_600_000
"""Settled deliveries are counted so far back."""

router = APIRouter(
    prefix="/v1", tags=["operations"], route_class=StrictRoute, responses=responses(400, 401, 403, 422, 503)
)


class PartitionHealth(Shape):
    """A partition of the event log, of all sites together."""

    partition: int
    waiting_events: int | None = Field(
        description="records that are in the log and not in the figures yet; null if they were deleted before they were read"
    )


class HookHealth(Shape):
    """What became of what a hook was told of in the last 24 hours, and what waits, however old."""

    hook_id: str
    delivered: int
    failed: int
    skipped: int
    waiting: int
    waiting_since: Moment | None = Field(description="when the oldest that waits was made")
    next_attempt_at: Moment | None = Field(description="of those that wait the first one that is due")
    last_delivered_at: Moment | None = Field(description="in the last 24 hours")


class HealthOut(Fresh):
    """How it goes."""

    partitions: list[PartitionHealth] | None = Field(description="null while the log does not answer")
    hooks: list[HookHealth] = Field(description="those that were told of anything, or have something that waits")


@router.get("/health")
def health(context: Here, holder: Reader) -> HealthOut:
    """How fresh the figures are, what the log holds beyond them, and how the site's hooks fare."""
    now = context.clock()
    rows = context.store.rows("health_deliveries", {"site_id": holder.site_id, "since": now - RECENT_MS})
    return HealthOut(**fresh(context, now), partitions=_partitions(context), hooks=[_hook(row) for row in rows])


def _partitions(context: Context) -> list[PartitionHealth] | None:
    applied = {row["partition"]: row["to_offset"] for row in context.store.rows("checkpoints")}
    try:
        return [
            PartitionHealth(partition=number, waiting_events=_waiting(context.log, number, applied.get(number, 0), end))
            for number, end in enumerate(context.log.ends())
        ]
    except LogUnavailable:
        return None


def _waiting(log: EventLog, partition: int, applied: int, end: int) -> int | None:
    try:
        return log.count(partition, applied, end) if end > applied else 0
    except OffsetOutOfRange:
        return None


def _hook(row: dict[str, int | str]) -> HookHealth:
    moments = ("waiting_since", "next_attempt_at", "last_delivered_at")
    told = {name: iso(int(row[name])) if row[name] else None for name in moments}
    return HookHealth.model_validate({**row, **told})
