"""One attempt: a POST, and what it means for the delivery and the hook."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import h11
import httpx

from api.dispatch.addresses import AddressRefused, Network, checked_url, resolve
from api.dispatch.connections import Connections, Place
from api.dispatch.lookup import Lookup, Resolve

TIMEOUT_SECONDS: Final = 15.0
SLOW_DOWN: Final = frozenset((429, 502, 504))
GONE: Final = 410

Verdict = Literal["delivered", "failed", "slow", "gone"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """`status`: of HTTP, 0 if there was no answer; `error`: what went wrong, '' if nothing did; `retry_after` as the header has it."""

    status: int
    error: str = ""
    retry_after: str = ""

    @property
    def verdict(self) -> Verdict:
        """2xx is delivered, 410 asks for no more, 429, 502 and 504 for less; all else, redirects too, has failed."""
        if 200 <= self.status < 300:
            return "delivered"
        if self.status == GONE:
            return "gone"
        return "slow" if self.status in SLOW_DOWN else "failed"


class Caller:
    """Calls receivers; one event loop."""

    def __init__(
        self,
        allowed: Sequence[Network] = (),
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        resolver: Resolve = resolve,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`allowed`: networks that may be called beside the public internet. `timeout_seconds`: of a whole attempt."""
        self._timeout = timeout_seconds
        self._lookup = Lookup(allowed, resolver)
        self._connections = Connections(self._lookup, tls or httpx.create_ssl_context(trust_env=False))

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        """One attempt. Raises nothing but cancellation."""
        try:
            async with asyncio.timeout(self._timeout):
                return await self._post(url, headers, body)
        except TimeoutError:
            return Outcome(0, f"no answer within {self._timeout:g} s")
        except AddressRefused as error:
            return Outcome(0, str(error))
        except (OSError, h11.ProtocolError) as error:
            return Outcome(0, f"{type(error).__name__}: {error}"[:300])

    async def close(self) -> None:
        """Ends all connections."""
        self._lookup.close()
        await self._connections.close()

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        parsed = checked_url(url)
        secure = parsed.scheme == "https"
        place = Place(secure, parsed.raw_host.decode("ascii").strip("[]"), parsed.port or (443 if secure else 80))
        sent = [(b"host", parsed.netloc), (b"content-length", str(len(body)).encode())]
        sent += [(name.encode(), value.encode()) for name, value in headers.items()]
        answer = await self._connections.post(place, parsed.raw_path, sent, body)
        outcome = Outcome(answer.status, "", answer.headers.get(b"retry-after", b"").decode("latin-1")[:100])
        if outcome.verdict == "delivered":
            return outcome
        says = "redirects are not followed" if 300 <= answer.status < 400 else "not accepted"
        return Outcome(answer.status, f"HTTP {answer.status}: {says}", outcome.retry_after)
