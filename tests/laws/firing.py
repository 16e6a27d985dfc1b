"""Partitions in memory whose people enter and leave segments: a clock that goes on in steps, and the log of transitions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from flows.membership.definitions import SETTLING, registry_of
from flows.membership.transitions import Transition
from tests.laws.machine import Machine, Row

SITE = "s"


def definitions(segments: Mapping[str, Any], created_at: int, **more: Any) -> list[dict[str, Any]]:
    """Rows of `definitions.sql`: segments by id, all saved at one time."""
    return [version_of(segment_id, expression, created_at, **more) for segment_id, expression in segments.items()]


def version_of(segment_id: str, expression: Any, created_at: int, **more: Any) -> dict[str, Any]:
    """One row of `definitions.sql`."""
    told = {"site_id": SITE, "version": 1, "deleted": False, "fire_for_current": False, "timezone": "Asia/Seoul"}
    text = orjson.dumps(expression).decode()
    row = {"segment_id": segment_id, "expression": text, "created_at": created_at, "trait_name": [], "trait_type": []}
    return told | row | more


class Firing(Machine):
    """A machine that also judges. `fired` is the log of transitions."""

    def __init__(self, partitions: int = 3, now: int = 0) -> None:
        super().__init__({SITE: "KRW"}, partitions, now)
        self.defined: list[dict[str, Any]] = []
        self.fired: list[Transition] = []

    def define(self, rows: Sequence[dict[str, Any]]) -> None:
        """Save versions of segments."""
        self.defined += rows
        self.store.definitions = registry_of(self.store.definitions.number + 1, self.defined, self.now)

    def settle(self, now: int) -> None:
        """Let the clock be `now` and everything sent so far be read, told and judged."""
        self.now = now
        self._read()
        for number in range(self.count):
            self.partitions[number].advance(now, 0, now)
            self.hand_over(number)
        self._read()
        for number in range(self.count):
            self.partitions[number].advance(now, now, now)
            self.take(number)

    def _read(self) -> None:
        while max([self.step(number, 1_000) for number in range(self.count)]):
            pass

    def take(self, number: int) -> None:
        """Take what a partition has to say of transitions into their log."""
        self.fire(self.partitions[number].take_transitions())

    def fire(self, transitions: Sequence[Transition]) -> None:
        """Append to the log of transitions."""
        self.fired += transitions

    def play(self, events: Sequence[Row], until: int, step: int = 100) -> None:
        """Send events when they are received, and let time pass in between, in steps, until a time."""
        waiting = sorted(events, key=lambda event: event["received_at"])
        while self.now < until:
            now = min(self.now + step, until, *(event["received_at"] for event in waiting[:1]))
            while waiting and waiting[0]["received_at"] <= now:
                self.send(waiting.pop(0))
            self.settle(now)

    def told(self) -> list[tuple[str, str, str, str, int]]:
        """What happened, ids once: (type, segment, person, reason, at), in order of time."""
        once = {one.id: one for one in reversed(self.fired)}
        found = [(one.type, one.segment_id, one.person_id, one.reason, one.at) for one in once.values()]
        return sorted(found, key=lambda one: (one[4], one))


def settled(created_at: int) -> int:
    """When a definition counts from."""
    return created_at + SETTLING
