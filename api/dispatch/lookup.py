"""Names of receivers to addresses that were judged. A name that does not answer holds up no other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from api.dispatch.addresses import Network, require_allowed, resolve

LOOKUP_THREADS = 16

Resolve = Callable[[str, int], list[str]]


class Lookup:
    """Looks hosts up, each by one thread at a time: one whose name server hangs takes no more. One event loop."""

    def __init__(self, allowed: Sequence[Network], resolver: Resolve = resolve) -> None:
        """`allowed`: networks that may be called beside the public internet."""
        self._allowed, self._resolve = allowed, resolver
        self._threads = ThreadPoolExecutor(LOOKUP_THREADS, "hooks-lookup")
        self._looking: dict[tuple[str, int], asyncio.Future[list[str]]] = {}

    async def addresses(self, host: str, port: int) -> list[str]:
        """The host's addresses, all of which may be called. Raises `AddressRefused`, and `OSError` if it has none."""
        key = (host, port)
        if key not in self._looking:
            found = asyncio.get_running_loop().run_in_executor(self._threads, self._resolve, host, port)
            self._looking[key] = found
            found.add_done_callback(lambda done: self._looked(key, done))
        try:
            addresses = await asyncio.shield(self._looking[key])
        except (OSError, UnicodeError):
            addresses = []
        if not addresses:
            raise OSError("the host's name has no address")
        require_allowed(addresses, self._allowed)
        return addresses

    def close(self) -> None:
        """Ends the threads, when they have an answer."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _looked(self, key: tuple[str, int], done: asyncio.Future[list[str]]) -> None:
        self._looking.pop(key, None)
        if not done.cancelled():
            done.exception()  # whoever waited has it; perhaps nobody did any more
