"""Commands of whoever administers: sites, keys, migrations. They speak to ClickHouse."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from deploy.clock import now_ms
from deploy.errors import UserError
from deploy.settings import read_settings
from deploy.wiring import open_store, told
from sql import migrate as migrations
from sql.keys import create_key, list_keys, revoke_key
from sql.sites import add_site, get_site, list_sites
from sql.store import Store

site = typer.Typer(help="Sites: the shops served here.", no_args_is_help=True)
key = typer.Typer(
    help="Keys of a site: a write key may only send events, a secret key reads and administers.", no_args_is_help=True
)


class Kind(StrEnum):
    """Kinds of keys."""

    write = "write"
    secret = "secret"


@site.command("add")
def site_add(
    site_id: Annotated[str, typer.Argument(help="a-z, 0-9, _ and -; it never changes.")],
    name: Annotated[str, typer.Option(help="Name for people; the id if left out.")] = "",
    currency: Annotated[str, typer.Option(help="ISO 4217 code of the one currency revenue is summed in.")] = "KRW",
    timezone: Annotated[str, typer.Option(help="IANA name.")] = "Asia/Seoul",
) -> None:
    """Add a site and show its first keys, once."""
    settings = read_settings()
    store = open_store(settings)
    with told(settings):
        added = add_site(store, site_id, name or site_id, currency, timezone, now_ms())
        keys = {kind: create_key(store, site_id, kind.value, now_ms())[0] for kind in Kind}
    console = Console(soft_wrap=True, highlight=False)
    console.print(f"Site {added.site_id} is added ({added.currency}, {added.timezone}). Its keys, shown only now:\n")
    for kind, text in keys.items():
        console.print(f"  {kind.value:<6}  {text}")


@site.command("list")
def site_list() -> None:
    """Show all sites."""
    settings = read_settings()
    with told(settings):
        sites = list_sites(open_store(settings))
    table = _table("site", "name", "currency", "time zone", "added")
    for one in sites:
        table.add_row(one.site_id, one.name, one.currency, one.timezone, _moment(one.created_at))
    Console().print(table if sites else "There is no site yet. Run `sonnim site add ID --name NAME`.")


@key.command("add")
def key_add(
    site_id: Annotated[str, typer.Argument(metavar="SITE")],
    kind: Annotated[Kind, typer.Option(help="What it may do.")] = Kind.secret,
) -> None:
    """Make a key and show it, once."""
    settings = read_settings()
    store = open_store(settings)
    with told(settings):
        _require(store, site_id)
        text, entry = create_key(store, site_id, kind.value, now_ms())
    Console(soft_wrap=True, highlight=False).print(
        f"{text}\n\nThis is {entry.key_id}, shown only now: only its hash is kept."
    )


@key.command("list")
def key_list(site_id: Annotated[str, typer.Argument(metavar="SITE")]) -> None:
    """Show a site's keys, revoked ones too; never the key itself."""
    settings = read_settings()
    store = open_store(settings)
    with told(settings):
        _require(store, site_id)
        keys = list_keys(store, site_id)
    table = _table("key", "kind", "made", "revoked")
    for one in keys:
        table.add_row(one.key_id, one.kind, _moment(one.created_at), _moment(one.revoked_at))
    Console().print(table if keys else f"Site {site_id} has no key. Run `sonnim key add {site_id}`.")


@key.command("revoke")
def key_revoke(
    site_id: Annotated[str, typer.Argument(metavar="SITE")],
    key_id: Annotated[str, typer.Argument(help="As `sonnim key list` shows it: key_...")],
) -> None:
    """Take a key out of force, for good. It works within two seconds."""
    settings = read_settings()
    store = open_store(settings)
    with told(settings):
        _require(store, site_id)
        if not revoke_key(store, site_id, key_id, now_ms()):
            raise UserError(f"Site {site_id} has no key {key_id}.", f"`sonnim key list {site_id}` shows them.")
    Console(highlight=False).print(f"Key {key_id} is revoked.")


def migrate(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be applied.")] = False,
    status: Annotated[bool, typer.Option("--status", help="Only show the state of each.")] = False,
) -> None:
    """Bring the tables up to this version."""
    settings = read_settings()
    store = open_store(settings)
    console = Console(highlight=False)
    with told(settings):
        if status:
            table = _table("migration", "state", "applied")
            for one in migrations.status(store):
                table.add_row(one.name, one.state, _moment(one.applied_at))
            console.print(table)
            return
        names = migrations.migrate(store, now_ms(), dry_run=dry_run)
    for name in names:
        console.print(name)
    verb = "would be applied" if dry_run else "applied"
    console.print(
        f"{len(names)} migrations {verb}." if names else "Nothing to do: the tables are as this version needs them."
    )


def _require(store: Store, site_id: str) -> None:
    if get_site(store, site_id) is None:
        raise UserError(f"There is no site {site_id!r}.", "`sonnim site list` shows them.")


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="bold")
    for column in columns:
        table.add_column(column, no_wrap=True)
    return table


def _moment(at: int | None) -> str:
    return "" if at is None else datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
