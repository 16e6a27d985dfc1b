"""How long to wait before the next try."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Backoff:
    """Pauses that double from `first` up to `longest` seconds; after a success they begin anew."""

    first: float = 0.5
    longest: float = 30.0
    _next: float = 0.0

    def pause(self) -> float:
        """Seconds to wait now."""
        pause = self._next or self.first
        self._next = min(2 * pause, self.longest)
        return pause

    def succeeded(self) -> None:
        """Begin anew with the next pause."""
        self._next = 0.0
