"""Saved segments: an edit is a new version, a deletion too, and the whole history stays.

This module keeps expressions (JSON) as they are; whether one is valid is the segment language's business.
Writers of one site are expected to take turns: two edits at the same moment would take the same version number, and
one wins.
"""

from __future__ import annotations

import json
import secrets
import string
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from sql.store import Store

_ALPHABET = string.ascii_lowercase + string.digits


@dataclass(frozen=True)
class Segment:
    """One version of a segment. `expression` is JSON as saved; `created_at` (epoch ms) is of this version.

    `fire_for_current`: who matches when the version takes effect enters it like everybody after that.
    """

    segment_id: str
    version: int
    name: str
    expression: Any
    created_at: int
    deleted: bool
    fire_for_current: bool = False


def create_segment(
    store: Store, site_id: str, name: str, expression: Any, now: int, *, fire_for_current: bool = False
) -> Segment:
    """Save a new segment under a random id, as version 1."""
    segment_id = "seg_" + "".join(secrets.choice(_ALPHABET) for _ in range(16))
    return _write(store, site_id, Segment(segment_id, 1, name, expression, now, False, fire_for_current))


def update_segment(
    store: Store, site_id: str, segment_id: str, name: str, expression: Any, now: int, *, fire_for_current: bool = False
) -> Segment | None:
    """Save the next version; None if the site has no such segment."""
    current = get_segment(store, site_id, segment_id)
    if current is None:
        return None
    following = Segment(segment_id, current.version + 1, name, expression, now, False, fire_for_current)
    return _write(store, site_id, following)


def delete_segment(store: Store, site_id: str, segment_id: str, now: int) -> bool:
    """Delete a segment; its history stays. False if the site has no such segment."""
    current = get_segment(store, site_id, segment_id)
    if current is None:
        return False
    _write(store, site_id, Segment(segment_id, current.version + 1, current.name, current.expression, now, True))
    return True


def get_segment(store: Store, site_id: str, segment_id: str) -> Segment | None:
    """The newest version, or None if there is none or it is deleted."""
    versions = segment_history(store, site_id, segment_id)
    return versions[0] if versions and not versions[0].deleted else None


def list_segments(store: Store, site_id: str) -> list[Segment]:
    """The newest version of every segment that is not deleted, by name and id."""
    return [_segment(row) for row in store.rows("segments", {"site_id": site_id})]


def segment_history(store: Store, site_id: str, segment_id: str) -> list[Segment]:
    """All versions, newest first; also of a deleted segment. Empty if the site never had it."""
    rows = store.rows("segment_history", {"site_id": site_id, "segment_id": segment_id})
    return [_segment(row) for row in rows]


def _segment(row: dict[str, Any]) -> Segment:
    return Segment(
        segment_id=row["segment_id"],
        version=row["version"],
        name=row["name"],
        expression=json.loads(row["expression"]),
        created_at=row["created_at"],
        deleted=bool(row["deleted"]),
        fire_for_current=bool(row["fire_for_current"]),
    )


def _write(store: Store, site_id: str, segment: Segment) -> Segment:
    text = pa.string()
    store.insert(
        "segments",
        pa.table(
            {
                "site_id": pa.array([site_id], text),
                "segment_id": pa.array([segment.segment_id], text),
                "version": pa.array([segment.version], pa.uint32()),
                "name": pa.array([segment.name], text),
                "expression": pa.array([json.dumps(segment.expression, ensure_ascii=False)], text),
                "created_at": pa.array([segment.created_at], pa.timestamp("ms", "UTC")),
                "deleted": pa.array([int(segment.deleted)], pa.uint8()),
                "fire_for_current": pa.array([segment.fire_for_current], pa.bool_()),
            }
        ),
    )
    return segment
