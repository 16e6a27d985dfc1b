"""Which addresses may be called: those of the public internet, and networks that the installation allows. Pure, but for `resolve`.

A hook is an address that somebody else gave: without this it could make Sonnim call what only Sonnim can reach (SSRF).
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import httpx

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NAT64 = IPv6Network("64:ff9b::/96")
_REFUSED = (
    IPv4Network("192.0.0.0/24"),  # of protocols
    IPv4Network("192.88.99.0/24"),  # relays of 6to4
    IPv6Network("64:ff9b:1::/48"),  # NAT64 of a local network
    IPv6Network("fec0::/10"),  # site-local, of old
    IPv6Network("::/96"),  # IPv4-compatible, of old
)

MOST_CHARACTERS = 2_000


class AddressRefused(Exception):
    """It is not called; the message says why and what to do."""


def networks(text: str) -> tuple[Network, ...]:
    """Networks as `127.0.0.0/8, fd00::/8`. Raises `ValueError`."""
    return tuple(ip_network(one.strip(), strict=False) for one in text.split(",") if one.strip())


def checked_url(url: str) -> httpx.URL:
    """A URL that a hook may have, its host not looked up yet. Raises `AddressRefused`."""
    if len(url) > MOST_CHARACTERS:
        raise AddressRefused(f"A URL has at most {MOST_CHARACTERS:,} characters.")
    try:
        parsed = httpx.URL(url)
        host, port = parsed.host, parsed.port
    except (httpx.InvalidURL, ValueError, UnicodeError):
        raise AddressRefused("This is no URL; write one like https://shop.example/hooks.") from None
    if parsed.scheme not in ("http", "https"):
        raise AddressRefused("The URL begins with https:// or http://.")
    if parsed.userinfo:
        raise AddressRefused("No user or password in the URL: deliveries are signed, verify that.")
    if parsed.fragment:
        raise AddressRefused("No # in the URL: it would not be sent.")
    if not host or host.startswith(".") or any(character.isspace() for character in url):
        raise AddressRefused("The URL needs a host, like https://shop.example/hooks.")
    if port is not None and not 1 <= port <= 65_535:
        raise AddressRefused("A port is a number from 1 to 65535.")
    return parsed


def require_allowed(addresses: Sequence[str], allowed: Sequence[Network]) -> None:
    """All addresses of a name may be called. Raises `AddressRefused` for the first that may not."""
    for text in addresses:
        address = ip_address(text)
        if not any(address in network for network in allowed) and not _public(address, allowed):
            raise AddressRefused(
                "The host's address is not on the public internet. SONNIM_HOOKS_ALLOWED_NETWORKS can allow its network."
            )


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host. Raises `OSError`, and `UnicodeError` for what can be no name."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def _public(address: Address, allowed: Sequence[Network]) -> bool:
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:
            return False
        inner = [one for one in (address.ipv4_mapped, address.sixtofour, *(address.teredo or ())) if one is not None]
        if address in _NAT64:
            inner.append(IPv4Address(int(address) & 0xFFFFFFFF))
        if any(not any(one in network for network in allowed) and not _public(one, ()) for one in inner):
            return False
        if address.ipv4_mapped is not None or address in _NAT64:
            return True  # as good as what it carries
    if any(address in network for network in _REFUSED):
        return False
    return address.is_global and not (
        address.is_multicast
        or address.is_reserved
        or address.is_private
        or address.is_loopback
        or address.is_link_local
        or address.is_unspecified
    )
