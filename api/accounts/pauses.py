"""Pauses between attempts to sign in: after some failures each further one costs twice the time. Pure; time is an argument."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import Final

FORGOTTEN_MS: Final = 3_600_000
"""So long after the last failure nothing is held against anybody."""

LONGEST_MS: Final = 15 * 60_000
_FIRST_MS: Final = 2_000
_KNOWN_MOST: Final = 50_000


@dataclass
class _Failures:
    count: int
    at: int
    until: int


class Pauses:
    """Failures of somebody. The first `free` ones cost nothing, then 2 s, 4 s ... up to `longest_ms` each. Not thread-safe."""

    def __init__(self, free: int, longest_ms: int = LONGEST_MS) -> None:
        self._free, self._longest_ms = free, longest_ms
        self._known: OrderedDict[str, _Failures] = OrderedDict()

    def wait_ms(self, who: str, now: int) -> int:
        """How long `who` has to wait still; 0: he may try. `now`: epoch ms."""
        failures = self._of(who, now)
        return max(0, failures.until - now) if failures else 0

    def failed(self, who: str, now: int) -> None:
        """Count a failure. Attempts are counted before they are looked at, so that many at once gain nothing."""
        failures = self._of(who, now) or _Failures(0, now, 0)
        failures.count += 1
        failures.at = now
        over = failures.count - self._free
        if over > 0:
            failures.until = now + min(self._longest_ms, _FIRST_MS << min(over - 1, 20))
        self._known[who] = failures
        self._known.move_to_end(who)
        while len(self._known) > _KNOWN_MOST:
            self._known.popitem(last=False)

    def forgive(self, who: str, *, one: bool = False) -> None:
        """Forget all failures, or take back one: an attempt that was counted and succeeded."""
        failures = self._known.get(who)
        if failures is None:
            return
        failures.count -= 1
        failures.until = 0
        if not one or failures.count <= 0:
            del self._known[who]

    def _of(self, who: str, now: int) -> _Failures | None:
        failures = self._known.get(who)
        if failures is not None and now - failures.at >= FORGOTTEN_MS:
            del self._known[who]
            return None
        return failures


def network_of(address: str) -> str:
    """Whose failures those from an address are: of an IPv6 address its /64, which one customer has whole (RFC 6177)."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return f"{IPv6Address(int(found) >> 64 << 64)}/64"
    return str(found)
