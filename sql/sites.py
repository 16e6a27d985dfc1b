"""Sites: the shops this installation serves. One row a change; the newest counts."""

from __future__ import annotations

import re
import zoneinfo
from dataclasses import dataclass, replace

import pyarrow as pa

from sql.store import Store

_SITE_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_CURRENCY = re.compile(r"[A-Z]{3}")


class SiteError(ValueError):
    """A site cannot be written so; the message says why and what to do."""


@dataclass(frozen=True)
class Site:
    """`currency` is the one ISO 4217 currency its revenue is summed in; `timezone` an IANA name; times are epoch ms."""

    site_id: str
    name: str
    currency: str
    timezone: str
    created_at: int


def add_site(store: Store, site_id: str, name: str, currency: str, timezone: str, now: int) -> Site:
    """Add a site. Raises `SiteError` for a malformed value or an id that is taken."""
    site = Site(site_id, name, currency, timezone, now)
    _check(site)
    if get_site(store, site_id) is not None:
        raise SiteError(f"site {site_id!r} exists already")
    _write(store, site, now)
    return site


def list_sites(store: Store) -> list[Site]:
    """All sites, by id."""
    return [Site(**row) for row in store.rows("sites")]


def get_site(store: Store, site_id: str) -> Site | None:
    """One site, or None."""
    rows = store.rows("site", {"site_id": site_id})
    return Site(**rows[0]) if rows else None


def update_site(
    store: Store,
    site_id: str,
    now: int,
    *,
    name: str | None = None,
    currency: str | None = None,
    timezone: str | None = None,
) -> Site:
    """Change what is given. A new currency applies to orders from then on; earlier ones keep theirs.

    Raises `SiteError` for an unknown site or a malformed value.
    """
    site = get_site(store, site_id)
    if site is None:
        raise SiteError(f"there is no site {site_id!r}")
    site = replace(
        site,
        name=site.name if name is None else name,
        currency=site.currency if currency is None else currency,
        timezone=site.timezone if timezone is None else timezone,
    )
    _check(site)
    _write(store, site, now)
    return site


def _check(site: Site) -> None:
    if not _SITE_ID.fullmatch(site.site_id):
        raise SiteError("a site id is 1 to 64 of a-z, 0-9, _ and -, starting with a letter or digit")
    if not 1 <= len(site.name) <= 200:
        raise SiteError("a site's name is 1 to 200 characters")
    if not _CURRENCY.fullmatch(site.currency):
        raise SiteError(f"{site.currency!r} is no ISO 4217 code; write KRW, USD, JPY ...")
    try:
        zoneinfo.ZoneInfo(site.timezone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise SiteError(f"{site.timezone!r} is no IANA time zone; write Asia/Seoul, Europe/Berlin ...") from error


def _write(store: Store, site: Site, now: int) -> None:
    previous = store.rows("site_version", {"site_id": site.site_id})[0]["version"]
    text = pa.string()
    store.insert(
        "sites",
        pa.table(
            {
                "site_id": pa.array([site.site_id], text),
                "name": pa.array([site.name], text),
                "currency": pa.array([site.currency], text),
                "timezone": pa.array([site.timezone], text),
                "created_at": pa.array([site.created_at], pa.timestamp("ms", "UTC")),
                "version": pa.array([max(now * 1000, previous + 1)], pa.uint64()),
            }
        ),
    )
