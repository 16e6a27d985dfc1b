"""People's rows against the definitions of their site: who enters, who leaves, and when to look again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import pyarrow as pa

from flows.membership.definitions import NEVER, Definition, SiteDefinitions
from flows.membership.memberships import Memberships
from flows.membership.transitions import Reason, Transition, transition_id
from flows.segments.mask import Judged
from flows.segments.rows import Rows
from flows.visitors.batch import Bools
from flows.visitors.tables import NONE, Ints, walk


class Person(NamedTuple):
    """How a person is called in transitions; one of the ids is ''. `begin`: of the stint, where it is a visitor's later one."""

    member_id: str
    visitor_id: str
    begin: int = 0

    @property
    def person_id(self) -> str:
        """As the API knows him."""
        return f"member:{self.member_id}" if self.member_id else f"visitor:{self.visitor_id}"


@dataclass(frozen=True)
class Asked:
    """Some people of one site, to be judged: their places in `memberships`, their rows of `visitors`, the moment for each (epoch ms,
    shape (n,)), and whether that is one of time alone, of a change, or of nothing but late events."""

    site_id: str
    memberships: Memberships
    places: Ints
    people: list[Person]
    rows: pa.Table
    now: Ints
    reasons: list[Reason]


Problems = dict[tuple[str, str, int], str]
"""Why nobody can be judged by a definition, by site, segment and version."""


def judge(asked: Asked, site: SiteDefinitions, online_minutes: int, problems: Problems) -> list[Transition]:
    """Bring memberships up to date; returns what changed, and leaves in `due` when each has to be judged again. A definition that fails
    is noted in `problems`; memberships stay as they are."""
    state, places, now = asked.memberships, asked.places, asked.now
    p = state.people
    basis = p["basis"][places]
    judged = Judged(Rows(asked.rows), now, zone=site.zone, online_minutes=online_minutes)
    rows, there = _held_in(state, places, [one.segment_id for one in site.definitions])
    brought = bool((state.held["version"][rows[there]] < 0).any())
    first, last = int(now.min()), int(now.max())
    found: list[Transition] = []
    for k, one in enumerate(site.definitions):
        if one.problem or last < one.effective_at or first >= one.until:
            continue
        try:
            truth = judged.holds(one.tree) if one.tree is not None else np.zeros(len(places), np.bool_)
        except Exception as error:
            problems[asked.site_id, one.segment_id, one.version] = f"{type(error).__name__}: {error}"[:500]
            continue
        if brought:
            there[k, there[k]] = state.settle_brought(rows[k, there[k]], truth[there[k]])
        crossed = truth != there[k]
        if not crossed.any():
            continue
        crossed &= (now >= one.effective_at) & (now < one.until)
        for i in np.flatnonzero(crossed).tolist():
            is_new = bool(basis[i] < one.effective_at)
            found.append(_cross(asked, one, i, int(rows[k, i]), entering=bool(truth[i]), is_new=is_new))
    p["due"][places] = np.minimum(_next_change(judged, site, len(places)), site.next_moment(now))
    p["at"][places] = np.maximum(p["at"][places], now)
    p["basis"][places] = np.maximum(basis, site.basis(now))
    return found


def _next_change(judged: Judged, site: SiteDefinitions, n: int) -> Ints:
    try:
        return judged.next_change(site.trees)
    except Exception:  # one of them fails: the others go on
        found = np.full(n, NEVER, np.int64)
        for tree in site.trees:
            with suppress(Exception):
                found = np.minimum(found, judged.next_change((tree,)))
        return found


def ended(
    state: Memberships, place: int, site_id: str, person: Person, at: int, *, fires: bool
) -> Iterator[Transition]:
    """The exits of a visitor who is no person any more: he logged in. His list stays, for the member to take over. `fires`: whether that
    was not late."""
    rows, _ = walk(state.held, state.people["head"][[place]].astype(np.int64))
    held = state.held
    for row in rows[held["since"][rows] > 0].tolist():
        segment_id, version = state.segments.strings[held["segment"][row]], abs(int(held["version"][row]))
        entry, since = int(held["entries"][row]), int(held["since"][row])
        yield _transition("exited", site_id, segment_id, version, person, entry, at, since, "merge", fires)


def _held_in(state: Memberships, places: Ints, segment_ids: Sequence[str]) -> tuple[Ints, Bools]:
    """The row of `held` of each person for each segment (NONE where he never was in it), and whether he is in it, shape (segments, people).
    A segment may be named more than once."""
    codes = state.segments.codes(segment_ids)
    which = np.full(len(state.segments), NONE, np.int64)
    names, inverse = np.unique(codes, return_inverse=True)
    which[names] = np.arange(len(names))
    rows, position = walk(state.held, state.people["head"][places].astype(np.int64))
    segment = which[state.held["segment"][rows]]
    rows, position, segment = rows[segment != NONE], position[segment != NONE], segment[segment != NONE]
    held = np.full((len(names), len(places)), NONE, np.int64)
    held[segment, position] = rows
    there = np.zeros(held.shape, np.bool_)
    there[segment, position] = state.held["since"][rows] > 0
    return held[inverse], there[inverse]


def _cross(asked: Asked, one: Definition, i: int, row: int, *, entering: bool, is_new: bool) -> Transition:
    reason, fires = _reason(one, asked.reasons[i], entering=entering, is_new=is_new)
    state, at, person = asked.memberships, int(asked.now[i]), asked.people[i]
    if not entering:
        since, state.held["since"][row] = int(state.held["since"][row]), 0
        entry = int(state.held["entries"][row])
        return _transition(
            "exited", asked.site_id, one.segment_id, one.version, person, entry, at, since, reason, fires
        )
    if row == NONE:
        row = state.add(int(asked.places[i]), one.segment_id)
    state.held["entries"][row] += 1
    state.held["since"][row], state.held["version"][row] = at, one.version
    entry = int(state.held["entries"][row])
    return _transition("entered", asked.site_id, one.segment_id, one.version, person, entry, at, at, reason, fires)


def _reason(one: Definition, reason: Reason, *, entering: bool, is_new: bool) -> tuple[Reason, bool]:
    """Why, and whether hooks are told."""
    if one.deleted:
        return "deleted", False
    if not is_new:
        return reason, reason != "late"
    if not entering:
        return "edit", True
    if one.fire_for_current:
        return "current", True
    return ("created" if one.version == 1 else "edit"), False


def _transition(
    kind: Literal["entered", "exited"],
    site_id: str,
    segment_id: str,
    version: int,
    person: Person,
    entry: int,
    at: int,
    since: int,
    reason: Reason,
    fires: bool,
) -> Transition:
    """Entries are told apart by their number; exits also by when he had entered, because a merge brings people in without a number."""
    said = (site_id, segment_id, version, person.person_id, person.begin, entry)
    return Transition(
        id=transition_id(*said, kind) if kind == "entered" else transition_id(*said, since, kind),
        type=kind,
        site_id=site_id,
        segment_id=segment_id,
        segment_version=version,
        person_id=person.person_id,
        member_id=person.member_id,
        visitor_id=person.visitor_id,
        entry=entry,
        at=at,
        since=since,
        reason=reason,
        fires=fires,
    )
