"""A position in what the flow writes: up to which offset of each partition. It is the id of every event that is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from api.cursor import packed, unpacked

OLDEST_MS = 10 * 60_000
"""So far a position may lie behind the present one, in milliseconds of commits."""

LONGEST = 20_000
"""Characters of a position as text: more than 1,024 partitions need."""

_FORM = 1


class Written(NamedTuple):
    """Of one partition: the offset up to which it is written, and until when (epoch ms) everything received is in it."""

    offset: int
    at: int


@dataclass(frozen=True)
class Position:
    """What was written of each partition; {} before the flow ever ran."""

    partitions: Mapping[int, Written]

    @property
    def at(self) -> int:
        """When something was committed last, epoch ms; 0 for never."""
        return max((one.at for one in self.partitions.values()), default=0)

    def covers(self, other: Position) -> bool:
        """Whether everything up to the other position lies before this one."""
        nothing = Written(0, 0)
        mine = self.partitions
        return all(mine.get(partition, nothing).offset >= one.offset for partition, one in other.partitions.items())

    def reachable_from(self, other: Position) -> bool:
        """Whether what lies between an earlier position and this one can still be told."""
        return self.covers(other) and self.at - other.at <= OLDEST_MS

    def text(self) -> str:
        """As it is handed out: it says nothing of any site."""
        last = self.at
        least = min((one.offset for one in self.partitions.values()), default=0)
        told = [[partition, one.offset - least, last - one.at] for partition, one in sorted(self.partitions.items())]
        return packed([_FORM, last, least, told])


def read_position(text: str) -> Position | None:
    """A position as handed out before; None if it is not one of ours."""
    if len(text) > LONGEST:
        return None
    try:
        form, last, least, told = unpacked(text)
        partitions = {partition: Written(least + offset, last - lag) for partition, offset, lag in told}
    except (ValueError, TypeError):
        return None
    whole = [form, *partitions, *(number for one in partitions.values() for number in one)]
    if form != _FORM or not all(_is_whole(number) for number in whole) or max(partitions, default=0) >= 1 << 16:
        return None
    return Position(partitions)


def _is_whole(number: Any) -> bool:
    return type(number) is int and 0 <= number < 1 << 53
