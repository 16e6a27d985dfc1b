"""Shapes of what a stream tells, and a message: one of them made ready once for all who watch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from api.schemas import AskedSegment, Card, Fresh, Moment, Population, Shape
from api.stream.position import Position
from api.times import Window

Kind = Literal["counters", "people", "reset"]


class WindowCounters(Shape):
    """People of one window."""

    site: int = Field(description="everyone")
    population: Population | None = Field(description="those in the segment; null if none can be counted")


class Counters(Fresh):
    """Event `counters`: how many there are."""

    window: Window
    currency: str
    segment: AskedSegment
    reason: Literal["now_condition"] | None = Field(description="why no population can be counted")
    online: int = Field(description="of the site, active in the last minutes")
    windows: dict[Window, WindowCounters]


class Changes(Shape):
    """Event `people`: who is to be shown anew, and who no more."""

    as_of: Moment | None
    changed: list[Card] = Field(description="newest activity first")
    gone: list[str] = Field(description="person_id of those who changed and are not in the window or the segment")
    more: int = Field(description="how many changed besides and are not told")


@dataclass(frozen=True)
class Message:
    """An event: `data` is JSON on one line; `position` is where it goes on after it, None before the first is known."""

    kind: Kind
    data: str
    position: Position | None

    @property
    def id(self) -> str | None:
        """The id as it is sent."""
        return self.position.text() if self.position is not None else None


def reset(position: Position | None) -> Message:
    """Event `reset`: not everything can be told; ask for the list again."""
    return Message("reset", "{}", position)
