"""Who may write the tables of visitors: flows, any number of them, or one rebuild. A lock on one file of the data directory.

It reaches as far as the data directory: flows on other machines are found by what they commit (`flows.rebuild.require_still`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from deploy.errors import UserError
from deploy.lock import hold
from deploy.settings import Settings

LAST_FLOW_SECONDS = 15.0
"""How long the flow before this one may take to end."""


def flow_lock(settings: Settings, *, alone: bool) -> AbstractContextManager[None]:
    """Hold the lock, together with others or alone; the end of the process lets go of it. Raises `UserError`."""
    if alone:
        told = f"A flow or another rebuild runs with the data in {settings.data_dir}."
        return hold(settings, "flow", alone=True, busy=UserError(told, "Stop it first, then try again."))
    told = f"A rebuild runs with the data in {settings.data_dir}."
    return hold(settings, "flow", alone=False, busy=UserError(told, "Start the flow again when it is done."))


def wait_for_last_flow(settings: Settings, sleep: Callable[[float], object] = time.sleep) -> None:
    """Wait until the flow before this one has ended: the processes of one that was killed need a moment to see it, and
    two flows would count activity twice. Raises `UserError` after LAST_FLOW_SECONDS."""
    until = time.monotonic() + LAST_FLOW_SECONDS
    while True:
        try:
            with flow_lock(settings, alone=True):
                return
        except UserError:
            if time.monotonic() > until:
                raise
            sleep(0.1)
