"""What a benchmark tells: figures with a name and a unit, some beside a peer's."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """`peer` is the other way's figure in the same unit; `ratio` how many times as good ours is."""

    name: str
    value: float
    unit: str
    peer: float | None = None
    ratio: float | None = None


@dataclass(frozen=True)
class Outcome:
    """Figures of one benchmark, and where ours and the peer's answers differ, as text; empty if all are equal."""

    figures: list[Figure]
    differences: list[str]


def table(figures: Iterable[Figure]) -> str:
    """A plain text table, a line a figure."""
    rows = [("", "figure", "unit", "peer", "ratio")]
    rows += [(f.name, number(f.value), f.unit, number(f.peer), f"{f.ratio:.1f}x" if f.ratio else "") for f in figures]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    left = (0, 2)
    return "\n".join(
        "  ".join(
            c.ljust(w) if i in left else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def number(value: float | None) -> str:
    """Readable: thousands apart, three digits at least."""
    if value is None:
        return ""
    if value == int(value) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.3g}"


def machine() -> str:
    """The machine, in a line."""
    model = platform.processor() or platform.machine()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    with_model = [line.split(":", 1)[1].strip() for line in _cpuinfo() if line.startswith("model name")]
    load = os.getloadavg()[0]
    return (
        f"{with_model[0] if with_model else model}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} "
        f"{platform.release()}, Python {platform.python_version()}, load {load:.1f} at the start"
    )


def _cpuinfo() -> list[str]:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return file.read().splitlines()
    except OSError:
        return []
