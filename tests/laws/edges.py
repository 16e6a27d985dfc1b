"""The plainest evaluator of transitions: the model's row and the language in plain Python, at each moment at which anything could
change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flows.judge import TICK
from tests.flows.segments.brute_force import matches
from tests.laws.model import Event, visitor_rows

ZONE = "Asia/Seoul"
MINUTE = 60_000

Edge = tuple[str, str, str, int, int]
"""Type, segment, person, number of the entry, at."""


def expected(
    events: Iterable[Event], segments: Mapping[str, Any], spans: Sequence[int], until: int, currencies: dict[str, str]
) -> set[Edge]:
    """What has to happen to visitors nobody knows, of one site. `spans`: of all times in the segments, in minutes."""
    by_visitor: dict[str, list[Event]] = {}
    for event in events:
        by_visitor.setdefault(event["visitor_id"], []).append(event)
    found: set[Edge] = set()
    for visitor, own in by_visitor.items():
        ticks = {event["event_id"]: (event["received_at"] // TICK + 1) * TICK for event in own}
        moments = set(ticks.values())
        for event in own:
            for minutes in spans:
                moments |= {event["occurred_at"] + minutes * MINUTE, event["occurred_at"] + minutes * MINUTE + 1}
        moments -= {moment for moment in moments for tick in ticks.values() if tick - TICK < moment < tick}
        inside = dict.fromkeys(segments, False)
        entries = dict.fromkeys(segments, 0)
        first = min(ticks.values())
        for moment in sorted(moment for moment in moments if first <= moment <= until):
            told = [event for event in own if ticks[event["event_id"]] - TICK < moment]
            row = visitor_rows(told, currencies=currencies)[own[0]["site_id"], visitor, 0]
            for segment, expression in segments.items():
                truth = matches(expression, row, moment, ZONE)
                if truth != inside[segment]:
                    entries[segment] += truth
                    inside[segment] = truth
                    kind = "entered" if truth else "exited"
                    found.add((kind, segment, f"visitor:{visitor}", entries[segment], rounded(moment)))
    return found


def rounded(at: int) -> int:
    """Where an event and time make a difference within one tick, either may be the moment."""
    return -(-at // TICK) * TICK
