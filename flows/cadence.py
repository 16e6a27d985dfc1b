"""What is done every so often, and time that passes evenly, whatever is done to the wall clock."""

from __future__ import annotations

from flows.visitors.limits import HOUR, MINUTE


def due(now: int, last: int, every: int) -> bool:
    """Whether what was done at `last` is to be done again; at once where the clock was set back meanwhile."""
    return not 0 <= now - last < every


class Steady:
    """Time of one shard, epoch ms: as the wall clock's at first, then on as it does, without its leaps.

    A step back, or of more than `longest` forward, is the clock being set (or the process standing still): no time passes by it.
    """

    DOUBTED = HOUR
    """For so long after a leap the wall clock is not believed where a mistake would cost something."""

    def __init__(self, longest: int = MINUTE) -> None:
        self._longest = longest
        self._wall: int | None = None
        self._leapt_at: int | None = None
        self.time = 0

    def at(self, now: int) -> int:
        """The time it is when the wall clock says `now`."""
        if self._wall is None:
            self.time = now
        elif 0 <= now - self._wall <= self._longest:
            self.time += now - self._wall
        else:
            self._leapt_at = self.time
        self._wall = now
        return self.time

    @property
    def doubts(self) -> bool:
        """Whether the wall clock leapt lately."""
        return self._leapt_at is not None and self.time - self._leapt_at < self.DOUBTED
