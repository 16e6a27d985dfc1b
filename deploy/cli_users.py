"""Commands about people who sign in. They speak to ClickHouse, and leave nothing in the audit."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from api.accounts.passwords import PasswordRefused, check_password, keep, normal_email
from deploy.clock import now_ms
from deploy.errors import UserError
from deploy.settings import Settings, read_settings
from deploy.wiring import open_store, told
from sql.sites import get_site
from sql.store import Store
from sql.users import ROLES, User, add_user, find_user, list_users, remove_user, set_role, update_user
from sql.users import UserError as Refused

user = typer.Typer(help="Users: people who sign in, and what they may do at which site.", no_args_is_help=True)


class GivenRole(StrEnum):
    """Roles, from the least."""

    viewer = "viewer"
    editor = "editor"
    admin = "admin"


class ChangedRole(StrEnum):
    """Roles, and none any more."""

    viewer = "viewer"
    editor = "editor"
    admin = "admin"
    none = "none"


class Tongue(StrEnum):
    """Languages of the pages."""

    ko = "ko"
    en = "en"


Email = Annotated[str, typer.Argument(metavar="EMAIL")]
Site = Annotated[str, typer.Option(help="Site the role is for.")]
FromStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]


@user.command("add")
def user_add(
    email: Email,
    site: Site,
    role: Annotated[GivenRole, typer.Option(help="What he may do there.")] = GivenRole.viewer,
    name: Annotated[str, typer.Option(help="Name for people.")] = "",
    language: Annotated[Tongue, typer.Option(help="Language of the pages.")] = Tongue.ko,
    password_stdin: FromStdin = False,
) -> None:
    """Let somebody sign in. Asks for the password; nothing shows it again."""
    settings, known = read_settings(), _email(email)
    with _store(settings) as store:
        _require_site(store, site)
        if find_user(store, email=known) is not None:
            raise UserError(
                f"There is a user {known} already.", f"Give him a role: sonnim user role {known} --site {site}"
            )
        kept = _new_password(known, password_stdin)
        added = add_user(store, known, name, language.value, kept, now_ms())
        set_role(store, added.user_id, site, role.value, now_ms())
    _say(f"{known} may sign in, as {role.value} of {site}.")


@user.command("list")
def user_list(site: Annotated[str, typer.Option(help="Only those with a role there.")] = "") -> None:
    """Show who may sign in, and where."""
    with _store(read_settings()) as store:
        found = list_users(store, site)
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="bold")
    for column in ("e-mail", "name", "language", "roles"):
        table.add_column(column, no_wrap=True)
    for one in found:
        roles = ", ".join(f"{site_id}: {role}" for site_id, role in sorted(one.roles.items()))
        table.add_row(one.email, one.name, one.language, roles)
    Console(markup=False).print(table if found else "Nobody. Run `sonnim user add EMAIL --site SITE`.")


@user.command("role")
def user_role(
    email: Email, site: Site, role: Annotated[ChangedRole, typer.Option(help="What he may do there.")]
) -> None:
    """Give a user a role at a site, or take it away. It works within two seconds."""
    with _store(read_settings()) as store:
        _require_site(store, site)
        found = _found(store, _email(email))
        given = next((one for one in ROLES if one == role.value), None)
        set_role(store, found.user_id, site, given, now_ms())
    _say(f"{found.email} is {role.value} of {site}." if given else f"{found.email} has no role at {site} any more.")


@user.command("password")
def user_password(email: Email, password_stdin: FromStdin = False) -> None:
    """Give a user another password. All of his sessions end."""
    with _store(read_settings()) as store:
        found = _found(store, _email(email))
        update_user(store, found, now_ms(), password=_new_password(found.email, password_stdin))
    _say(f"{found.email} has another password, and is signed out everywhere.")


@user.command("remove")
def user_remove(email: Email) -> None:
    """Remove a user with all roles and sessions."""
    with _store(read_settings()) as store:
        found = _found(store, _email(email))
        remove_user(store, found, now_ms())
    _say(f"{found.email} is removed.")


@contextmanager
def _store(settings: Settings) -> Iterator[Store]:
    store = open_store(settings)
    try:
        with told(settings):
            yield store
    except Refused as error:
        raise UserError(f"{str(error)[:1].upper()}{str(error)[1:]}.") from None
    finally:
        store.close()


def _email(text: str) -> str:
    email = normal_email(text)
    if email is None:
        raise UserError(f"{text!r} is no e-mail address.")
    return email


def _found(store: Store, email: str) -> User:
    found = find_user(store, email=email)
    if found is None:
        raise UserError(f"There is no user {email}.", "`sonnim user list` shows them.")
    return found


def _require_site(store: Store, site_id: str) -> None:
    if get_site(store, site_id) is None:
        raise UserError(f"There is no site {site_id!r}.", "`sonnim site list` shows them.")


def _new_password(email: str, from_stdin: bool) -> str:
    """A password as it is kept: one line of standard input, or asked for twice on the terminal. Raises `UserError`."""
    if from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    elif sys.stdin.isatty():
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        raise UserError("There is no terminal to ask for the password on.", "Give it with --password-stdin.")
    try:
        check_password(password, email)
    except PasswordRefused as error:
        raise UserError(f"The password is refused: {error}.") from None
    return keep(password)


def _say(text: str) -> None:
    Console(highlight=False, soft_wrap=True).print(text, markup=False)
