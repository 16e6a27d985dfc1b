"""Which key a command uses: the one given, one made for its while (`--site`), or the demo's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from deploy.clock import now_ms
from deploy.demo_site import read_keys
from deploy.errors import UserError
from deploy.settings import Settings
from deploy.wiring import open_store, told
from sql.keys import create_key, revoke_key
from sql.sites import get_site
from sql.store import StoreError, StoreUnavailable


@contextmanager
def secret_key(settings: Settings, key: str, site: str, *, or_demo: bool = False) -> Iterator[str]:
    """A secret key. With `site` one is made, and revoked at the end: whoever reaches ClickHouse may do that.

    `or_demo`: without either, the keys of the demo that runs here serve. Raises `UserError`.
    """
    if key and site:
        raise UserError("--key and --site were both given.", "A key names its site: give one of them.")
    if site:
        with _made_for(settings, site) as made:
            yield made
        return
    demo = read_keys(settings.data_dir) if or_demo else None
    found = key or settings.key or (demo.secret_key if demo else "")
    if not found:
        raise UserError(
            "Which site? Neither a key nor a site was given.",
            "Give --key KEY (or SONNIM_KEY), or on the machine Sonnim runs on --site SITE.",
        )
    yield found


@contextmanager
def _made_for(settings: Settings, site: str) -> Iterator[str]:
    store = open_store(settings)
    with told(settings):
        if get_site(store, site) is None:
            raise UserError(
                f"There is no site {site!r}.", f"`sonnim site list` shows them; `sonnim site add {site}` adds it."
            )
        made, entry = create_key(store, site, "secret", now_ms())
    try:
        yield made
    finally:
        try:
            revoke_key(store, site, entry.key_id, now_ms())
        except (StoreUnavailable, StoreError):
            raise UserError(
                f"Key {entry.key_id}, made for this command, could not be revoked.",
                f"Run `sonnim key revoke {site} {entry.key_id}` when ClickHouse is back.",
            ) from None
