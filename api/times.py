"""Times as the API writes them, and the windows of Live."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from flows.visitors.limits import WINDOWS

Window = Literal["24h", "7d"]

LATEST: Final = 2**42
"""Epoch ms after everything that happens (year 2109)."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WINDOW_MS: Final[dict[Window, int]] = {"24h": WINDOWS["24h"], "7d": WINDOWS["7d"]}


def iso(at: int) -> str:
    """Epoch milliseconds as ISO 8601, UTC, with milliseconds and Z."""
    return (_EPOCH + timedelta(milliseconds=at)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def iso_or_none(at: int | None) -> str | None:
    """As `iso`; None and 0 (never) are None."""
    return iso(at) if at else None


def epoch_ms(at: datetime) -> int:
    """A moment with its offset in epoch milliseconds, between 0 and `LATEST`."""
    return min(max((at - _EPOCH) // timedelta(milliseconds=1), 0), LATEST)
