"""Who may write the tables of visitors: flows, any number of them, or one rebuild. A lock on one file of the data directory.

It reaches as far as the data directory: flows on other machines are found by what they commit (`flows.rebuild.require_still`).
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from deploy.errors import UserError
from deploy.settings import Settings


@contextmanager
def flow_lock(settings: Settings, *, alone: bool) -> Iterator[None]:
    """Hold the lock, together with others or alone; the end of the process lets go of it. Raises `UserError`."""
    lock = -1
    try:
        settings.run_dir.mkdir(parents=True, exist_ok=True)
        lock = os.open(settings.run_dir / "flow.lock", os.O_RDWR | os.O_CREAT, 0o644)
        fcntl.flock(lock, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        if alone:
            raise UserError(
                f"A flow or another rebuild runs with the data in {settings.data_dir}.",
                "Stop it first, then try again.",
            ) from None
        raise UserError(
            f"A rebuild runs with the data in {settings.data_dir}.", "Start the flow again when it is done."
        ) from None
    except OSError as error:
        raise UserError(
            f"{settings.run_dir} cannot be written: {error.strerror}.",
            "Choose another directory: SONNIM_DATA_DIR=other",
        ) from None
    try:
        yield
    finally:
        os.close(lock)
