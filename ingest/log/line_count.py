"""Lines of a growing text between two positions, without counting again what was counted before."""

import threading
from bisect import bisect_right
from collections.abc import Callable

PIECE = 1 << 20
"""Bytes looked at between two remembered positions: so much is looked at again at most for a position in between."""


class LineCount:
    """Remembers counts at the positions it was asked about. Threads may share it."""

    def __init__(self, newlines: Callable[[int, int], int]) -> None:
        """`newlines(begin, end)` looks into the text."""
        self._newlines = newlines
        self._counting = threading.Lock()
        self._marks: list[int] = []  # positions, ascending
        self._counts: list[int] = []  # newlines between the first of them and each

    def between(self, begin: int, end: int) -> int:
        """Newlines from position `begin` up to `end`. What lies before `begin` is forgotten."""
        with self._counting:
            if not self._marks or begin < self._marks[0]:
                self._marks, self._counts = [begin], [0]
            before = self._upto(begin)
            place = bisect_right(self._marks, begin) - 1
            del self._marks[:place], self._counts[:place]
            return self._upto(end) - before

    def _upto(self, position: int) -> int:
        place = bisect_right(self._marks, position) - 1
        if self._marks[place] == position:
            return self._counts[place]
        mark, count = self._marks[place], self._counts[place]
        while mark < position:
            step = min(position, mark + PIECE)
            count += self._newlines(mark, step)
            mark, place = step, place + 1
            self._marks.insert(place, mark)
            self._counts.insert(place, count)
        return count
