"""Locks on files of the data directory: the end of a process, however it comes, lets go of them."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from deploy.errors import UserError
from deploy.settings import Settings


@contextmanager
def hold(settings: Settings, name: str, *, alone: bool, busy: UserError) -> Iterator[None]:
    """Hold the lock `name`, alone or together with others. Raises `busy` if it is taken, `UserError` if it can't be made."""
    lock = -1
    try:
        settings.run_dir.mkdir(parents=True, exist_ok=True)
        lock = os.open(settings.run_dir / f"{name}.lock", os.O_RDWR | os.O_CREAT, 0o644)
        fcntl.flock(lock, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise busy from None
    except OSError as error:
        raise UserError(
            f"{settings.run_dir} cannot be written: {error.strerror}.",
            "Choose another directory: SONNIM_DATA_DIR=other",
        ) from None
    try:
        yield
    finally:
        os.close(lock)
