"""What a channel told already, so that it tells nothing twice. Pure."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import NamedTuple

from api.stream.position import Position

KEPT_MS = 60_000
"""So long, in milliseconds of commits, it is remembered which state of a row was told."""

ABSENT_MS = 30_000
"""So long somebody who was told as gone is not told as gone again. He may have come back by time alone, which takes minutes."""

MOST = 50_000
"""So many of each are remembered at most."""

Key = tuple[str, str]
"""visitor_id and person of a row of `visitors`, one of which is ''."""


class State(NamedTuple):
    """Of a row: the record applied last, and when it was judged by segments last (epoch ms)."""

    version: int
    judged_at: int


class Memory:
    """States of rows that were told, and people who were told as gone and did not come back since."""

    def __init__(self) -> None:
        self._rows: OrderedDict[Key, tuple[State, Position]] = OrderedDict()
        self._absent: OrderedDict[str, int] = OrderedDict()

    def __len__(self) -> int:
        return len(self._rows) + len(self._absent)

    def told(self, key: Key, state: State, before: Position | None = None) -> bool:
        """Whether this state was told, or a later one; with `before`: at or before that position."""
        found = self._rows.get(key)
        if found is None:
            return False
        known, position = found
        covered = state.version <= known.version and state.judged_at <= known.judged_at
        return covered and (before is None or before.covers(position))

    def absent(self, person_id: str, now: Position) -> bool:
        """Whether this person was told as gone a moment ago."""
        at = self._absent.get(person_id)
        return at is not None and now.at - at < ABSENT_MS

    def note(
        self, rows: Iterable[tuple[Key, State]], present: Iterable[str], gone: Iterable[str], at: Position
    ) -> None:
        """Remember what was told at a position."""
        for key, state in rows:
            self._rows[key] = state, at
            self._rows.move_to_end(key)
        for person_id in present:
            self._absent.pop(person_id, None)
        for person_id in gone:
            self._absent[person_id] = at.at
            self._absent.move_to_end(person_id)
        self._forget(at)

    def forget_absent(self) -> None:
        """Another segment is meant from now on: who is not in it is to be told."""
        self._absent.clear()

    def _forget(self, now: Position) -> None:
        while self._rows:
            _, position = next(iter(self._rows.values()))
            if len(self._rows) <= MOST and now.at - position.at <= KEPT_MS:
                break
            self._rows.popitem(last=False)
        while self._absent:
            at = next(iter(self._absent.values()))
            if len(self._absent) <= MOST and now.at - at < ABSENT_MS:
                break
            self._absent.popitem(last=False)
