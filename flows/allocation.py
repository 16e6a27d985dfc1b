"""Memory that is freed stays with the process: a batch takes and frees tens of megabytes, and having the kernel clear them
anew for every batch costs more than decoding it."""

from __future__ import annotations

import ctypes
import gc

import pyarrow as pa

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h
_LARGE = 1 << 30


def keep_freed_memory() -> None:
    """Tell glibc to keep what is freed, and Arrow to ask glibc. Elsewhere (musl, macOS) nothing changes."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "gnu_get_libc_version"):
        libc.mallopt(_MMAP_THRESHOLD, _LARGE)
        libc.mallopt(_TRIM_THRESHOLD, _LARGE)
        pa.set_memory_pool(pa.system_memory_pool())


def collect_seldom() -> None:
    """Have Python look for cycles less often: a shard's strings live long, and each look at all of them finds nothing."""
    gc.set_threshold(100_000, 50, 1_000)
