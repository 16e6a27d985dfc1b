"""How far all partitions are together. Time makes a difference to a member only when everything that came before has reached his person:
his devices lie in other partitions, maybe of other processes."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping


class Progress:
    """For many threads. Times are epoch ms.

    Partitions of this process say themselves how far they are; of the others `elsewhere` tells it, from what they committed.
    """

    def __init__(self, partitions: int, elsewhere: Callable[[int], Mapping[int, int]]) -> None:
        """`elsewhere(now)`: until when everything received is applied and committed, by partition."""
        self._partitions, self._elsewhere = partitions, elsewhere
        self._lock = threading.Lock()
        self._here: dict[int, int] = {}
        self._steps: dict[int, deque[tuple[int, int]]] = {}
        self._settled: dict[int, int] = {}

    def note(self, partition: int, until: int) -> None:
        """Everything that a partition received until then is applied, and what it tells others is in the log."""
        with self._lock:
            self._here[partition] = max(until, self._here.get(partition, 0))

    def settled(self, partition: int, as_of: int, now: int) -> int:
        """Until when everything that any partition received has reached this one, which has read all it was sent until `as_of`.

        What the others are known to have sent by now is read when `as_of` has come to be now.
        """
        with self._lock:
            here = dict(self._here)
        if len(here) < self._partitions:
            here = {**self._elsewhere(now), **here}
        low = min(here.values()) if len(here) == self._partitions else 0
        with self._lock:
            steps = self._steps.setdefault(partition, deque())
            if not steps or low > steps[-1][1]:
                steps.append((now, low))
            while len(steps) > 1 and steps[0][0] <= as_of:
                self._settled[partition] = max(steps.popleft()[1], self._settled.get(partition, 0))
            if steps[0][0] <= as_of:
                self._settled[partition] = max(steps[0][1], self._settled.get(partition, 0))
            return self._settled.get(partition, 0)
