"""Who may write the tables of visitors: flows, any number of them, or one rebuild. A lock on one file of the data directory.

It reaches as far as the data directory: flows on other machines are found by what they commit (`flows.rebuild.require_still`).
"""

from __future__ import annotations

from contextlib import AbstractContextManager

from deploy.errors import UserError
from deploy.lock import hold
from deploy.settings import Settings


def flow_lock(settings: Settings, *, alone: bool) -> AbstractContextManager[None]:
    """Hold the lock, together with others or alone; the end of the process lets go of it. Raises `UserError`."""
    if alone:
        told = f"A flow or another rebuild runs with the data in {settings.data_dir}."
        return hold(settings, "flow", alone=True, busy=UserError(told, "Stop it first, then try again."))
    told = f"A rebuild runs with the data in {settings.data_dir}."
    return hold(settings, "flow", alone=False, busy=UserError(told, "Start the flow again when it is done."))
