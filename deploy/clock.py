"""The clock: time enters here and is an argument everywhere else."""

from __future__ import annotations

import time


def now_ms() -> int:
    """Epoch milliseconds, UTC."""
    return time.time_ns() // 1_000_000
