"""What a person's row says of saved segments: which he is in and since when, as the flow judged him last. Pure but for `segment_names`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from api.people import Row, in_parts
from api.schemas import Held
from api.times import iso
from sql.store import Store

SegmentNames = Mapping[str, str]
"""Names by id, in the order in which they are shown."""


@dataclass(frozen=True)
class Membership:
    """One person and one segment. `since`: epoch ms, 0 if he is not in it; `entries`: how often he entered it."""

    since: int = 0
    entries: int = 0
    inside: bool = False


def memberships_of(row: Row) -> dict[str, Membership]:
    """By segment id, of those he is or was in. `row`: of `cards.sql`."""
    inside = set(row["in_segments"])
    return {
        segment_id: Membership(since if segment_id in inside else 0, entries, segment_id in inside)
        for segment_id, since, entries in row["memberships"]
    }


def held_of(row: Row, names: SegmentNames) -> list[Held]:
    """The segments he is in, in the order of `names`; what has no name is deleted."""
    held = memberships_of(row)
    return [
        Held(id=segment_id, name=name, since=iso(held[segment_id].since))
        for segment_id, name in names.items()
        if segment_id in held and held[segment_id].inside
    ]


def segment_names(store: Store, site_id: str, segment_ids: Iterable[str]) -> dict[str, str]:
    """Names of segments by id, by name and id; of those that are not deleted."""
    found: list[tuple[str, str]] = []
    for part in in_parts(sorted(set(segment_ids))):
        rows = store.rows("segment_names", {"site_id": site_id, "segments": part})
        found += [(row["newest_name"], row["segment_id"]) for row in rows]
    return {segment_id: name for name, segment_id in sorted(found)}
