"""What the API can be told by whoever starts it. A plain value: reading the environment is the caller's business."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network


@dataclass(frozen=True)
class ApiSettings:
    """`online_minutes`: a visitor is online that long after the last event. `stale_after_ms`: figures older than this say
    so. `key_cache_ms`: how long a key is believed without asking again; a revocation works within it.
    `body_bytes`: the largest request. `retry_after_seconds`: told with every 503.
    `hooks_allowed_networks`: those that hooks may be in beside the public internet.
    `stream_viewers`: so many may watch Live as it happens, in one process; `stream_seconds`: so long, before they have to come again.
    `address_secret`: what addresses of opt-outs are hashed with; empty: none are kept.
    """

    version: str = "0.1.0"
    online_minutes: int = 5
    stale_after_ms: int = 10_000
    key_cache_ms: int = 1_500
    body_bytes: int = 1_000_000
    retry_after_seconds: int = 2
    stream_viewers: int = 200
    stream_seconds: float = 600
    hooks_allowed_networks: tuple[IPv4Network | IPv6Network, ...] = ()
    address_secret: bytes = field(default=b"", repr=False)
