"""Runs of events -> visits, whatever the order they arrive in (docs/architecture.md, Definitions)."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from flows.visitors.batch import Bools
from flows.visitors.limits import VISIT_GAP
from flows.visitors.tables import Array, Ints, changed, runs

NEVER = np.int64(1 << 62)
"""`entry_at` of a visit without an entry."""


@dataclass(frozen=True)
class Visits:
    """Visits (or runs of events), shape (n,) each; times are epoch milliseconds."""

    slot: Ints
    start: Ints
    end: Ints
    pageviews: Ints
    cart_adds: Ints
    entry: Ints  # code of the acquisition
    entry_at: Ints
    entry_event: Array  # S64

    def __len__(self) -> int:
        return len(self.slot)

    def take(self, rows: Ints | Bools) -> Visits:
        """Some of them."""
        return Visits(*(getattr(self, f.name)[rows] for f in fields(self)))

    @staticmethod
    def concatenated(a: Visits, b: Visits) -> Visits:
        """Both."""
        return Visits(*(np.concatenate([getattr(a, f.name), getattr(b, f.name)]) for f in fields(Visits)))


def first_in_runs(starts: Ints, time: Ints, tie: Array) -> Ints:
    """Index, one a run, of the least (time, tie); `starts` as for reduceat."""
    least = np.minimum.reduceat(time, starts)
    run = np.repeat(np.arange(len(starts)), np.diff(np.r_[starts, len(time)]))
    candidates = np.flatnonzero(time == least[run])
    if len(candidates) > len(starts):
        candidates = candidates[np.lexsort((tie[candidates], run[candidates]))]
        candidates = candidates[changed(run[candidates])]
    return candidates


def merge(visits: Visits) -> Visits:
    """Join visits of one visitor that overlap or lie within the gap; sorted by (slot, start).

    Associative and commutative: the result depends on the set of events behind `visits` only.
    """
    if not len(visits):
        return visits
    v = visits.take(np.lexsort((visits.start, visits.slot)))
    stranger = changed(v.slot)
    lane = np.cumsum(stranger) << 42  # keeps visitors apart in one running maximum; times stay below 2**42 until 2109
    reach = np.maximum.accumulate(v.end + lane)
    apart = stranger.copy()
    apart[1:] |= v.start[1:] + lane[1:] > reach[:-1] + VISIT_GAP
    starts = runs(apart)
    entry = first_in_runs(starts, v.entry_at, v.entry_event)
    return Visits(
        slot=v.slot[starts],
        start=v.start[starts],
        end=np.maximum.reduceat(v.end, starts),
        pageviews=np.add.reduceat(v.pageviews, starts),
        cart_adds=np.add.reduceat(v.cart_adds, starts),
        entry=v.entry[entry],
        entry_at=v.entry_at[entry],
        entry_event=v.entry_event[entry],
    )


def find_visit(owner: Ints, start: Ints, end: Ints, who: Ints, at: Ints) -> Ints:
    """Index of the visit (of `owner`, from `start` to `end`, in any order) of `who` that contains `at`, -1 without; shape of `at`."""
    if not len(owner) or not len(at):
        return np.full(len(at), -1, np.int64)
    order = np.lexsort((start, owner))
    lane = np.int64(1) << 42
    found = np.searchsorted(owner[order] * lane + start[order], who * lane + at, "right") - 1
    candidate = order[found]
    inside = (found >= 0) & (owner[candidate] == who) & (at <= end[candidate])
    return np.where(inside, candidate, -1)
