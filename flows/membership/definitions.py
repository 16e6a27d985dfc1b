"""Saved segments as the flow knows them: versions, each with the time from which it counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import orjson

from flows.segments.expression import Tree
from flows.segments.meaning import columns_of
from flows.segments.parse import parse
from flows.segments.predicate import ONLINE_MINUTES
from flows.segments.problems import InvalidExpression
from flows.segments.timing import comparisons_with_time
from flows.segments.traits import Trait
from flows.visitors.limits import DAY, SECOND
from flows.visitors.tables import Ints

SETTLING = 2 * SECOND
"""A definition counts from so long after it was saved: by then every flow knows it, so that all judge alike, also after a crash."""

REMEMBERED = DAY
"""How long a version is kept after the next one replaced it: a flow that is behind judges by what counted then."""

NEVER = 1 << 62


@dataclass(frozen=True)
class Definition:
    """One version of a segment: it counts from `effective_at` until `until` (epoch ms). Without a tree nobody is judged by it:
    it is deleted, or `problem` says why it cannot be read."""

    segment_id: str
    version: int
    tree: Tree | None
    effective_at: int
    until: int = NEVER
    fire_for_current: bool = False
    deleted: bool = False
    problem: str = ""


@dataclass(frozen=True)
class SiteDefinitions:
    """The definitions of one site, by the time they count from; and its time zone, for calendar days."""

    zone: str
    definitions: tuple[Definition, ...]

    @cached_property
    def moments(self) -> Ints:
        """When a definition begins to count, ascending, shape (n,)."""
        return np.unique(np.array([one.effective_at for one in self.definitions], np.int64))

    @cached_property
    def trees(self) -> tuple[Tree, ...]:
        """All there are."""
        return tuple(one.tree for one in self.definitions if one.tree is not None)

    @cached_property
    def columns(self) -> frozenset[str]:
        """The columns of `visitors` that they are about."""
        return frozenset().union(*(columns_of(tree) for tree in self.trees))

    def sweep_from(self, now: int) -> int:
        """When the last definition began to count that may concern people whom nothing happens to; 0 if there is none."""
        return max(
            (
                one.effective_at
                for one in self.definitions
                if one.tree is not None
                and one.effective_at <= now < one.until
                and (one.fire_for_current or comparisons_with_time((one.tree,)))
            ),
            default=0,
        )

    def basis(self, now: Ints) -> Ints:
        """The last of `moments` at or before each time, 0 if there is none, shape of `now`."""
        padded = np.r_[0, self.moments]
        found: Ints = padded[np.searchsorted(self.moments, now, side="right")]
        return found

    def next_moment(self, now: Ints) -> Ints:
        """The first of `moments` after each time, NEVER if there is none, shape of `now`."""
        padded = np.r_[self.moments, NEVER]
        found: Ints = padded[np.searchsorted(self.moments, now, side="right")]
        return found


@dataclass(frozen=True)
class Registry:
    """The definitions of all sites that have some; `number` grows with every change. `online_minutes`: so long after his last event
    somebody is online."""

    number: int = 0
    sites: Mapping[str, SiteDefinitions] = field(default_factory=dict)
    online_minutes: int = ONLINE_MINUTES

    def __bool__(self) -> bool:
        return bool(self.sites)


def registry_of(
    number: int, rows: Iterable[Mapping[str, Any]], now: int, online_minutes: int = ONLINE_MINUTES
) -> Registry:
    """A registry from rows of `sql/queries/definitions.sql`: all versions of each segment."""
    by_segment: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    zones: dict[str, str] = {}
    for row in rows:
        by_segment.setdefault((row["site_id"], row["segment_id"]), []).append(row)
        zones[row["site_id"]] = row["timezone"]
    sites: dict[str, list[Definition]] = {}
    for (site_id, _), versions in by_segment.items():
        versions.sort(key=lambda row: row["version"])
        for row, later in zip(versions, [*versions[1:], None], strict=True):
            until = NEVER if later is None else later["created_at"] + SETTLING
            if until > now - REMEMBERED and not (row["deleted"] and row["created_at"] + SETTLING < now - REMEMBERED):
                sites.setdefault(site_id, []).append(_definition(row, until))
    return Registry(
        number,
        {
            site_id: SiteDefinitions(zones[site_id], tuple(sorted(found, key=lambda one: one.effective_at)))
            for site_id, found in sites.items()
        },
        online_minutes,
    )


def _definition(row: Mapping[str, Any], until: int) -> Definition:
    tree, problem = None, ""
    declared = zip(row["trait_name"], row["trait_type"], strict=True)
    traits = tuple(Trait(name, kind) for name, kind in sorted(declared))
    if not row["deleted"]:
        try:
            tree = parse(orjson.loads(row["expression"]), traits)
        except (InvalidExpression, ValueError) as error:
            problem = f"This version of Sonnim cannot read it: {error}"[:500]
    return Definition(
        segment_id=row["segment_id"],
        version=row["version"],
        tree=tree,
        effective_at=row["created_at"] + SETTLING,
        until=until,
        fire_for_current=bool(row["fire_for_current"]),
        deleted=bool(row["deleted"]),
        problem=problem,
    )
