"""Parts that many answers have."""

from __future__ import annotations

from typing import Any

from api.asked import Asked
from api.context import Context
from api.schemas import AskedSegment, Sentences
from api.times import iso_or_none


def fresh(context: Context, now: int) -> dict[str, Any]:
    """The fields of `Fresh` at `now`."""
    freshness = context.freshness.read(now)
    return {
        "as_of": iso_or_none(freshness.as_of),
        "age_seconds": None if freshness.age_ms is None else freshness.age_ms / 1000,
        "stale": freshness.stale,
    }


def asked_segment(asked: Asked, currency: str) -> AskedSegment:
    """What was asked for."""
    segment = asked.segment
    return AskedSegment(
        id=segment.segment_id if segment else None,
        version=segment.version if segment else None,
        name=segment.name if segment else None,
        sentence=Sentences(**asked.sentences(currency)),
        by="membership" if asked.by_membership else "expression",
    )
