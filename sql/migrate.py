"""The migration runner: applies `sql/migrations/*.sql` in order, once, and remembers the checksum of each.

One statement a file. A file that has landed never changes: a change or a lost file is refused with the file's name.
Two runners may start at once, and a runner may die between a statement and its record: what a migration creates is then
found to exist already and is recorded (a migration that alters says IF NOT EXISTS, so that it may be repeated).
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from sql.store import Store, StoreError

MIGRATIONS = Path(__file__).parent / "migrations"

_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")
_ALREADY_EXISTS = 57
_UNKNOWN_DATABASE = 81


class MigrationError(Exception):
    """The migrations on disk and those applied do not fit together; the message names the file and what to do."""


@dataclass(frozen=True)
class Migration:
    """One file: `name` like `0001_sites`, its statement, and the SHA-256 of its bytes in hex."""

    name: str
    statement: str
    checksum: str


@dataclass(frozen=True)
class MigrationStatus:
    """`state` is applied, pending, changed (file differs from what was applied) or missing (applied, file gone)."""

    name: str
    state: str
    applied_at: int | None  # epoch ms


def migrations(folder: Path = MIGRATIONS) -> list[Migration]:
    """All migrations on disk, in order. Raises `MigrationError` for a badly named file or a number used twice."""
    found: list[Migration] = []
    numbers: dict[str, str] = {}
    for path in sorted(folder.glob("*.sql")):
        match = _NAME.fullmatch(path.name)
        if match is None:
            raise MigrationError(f"{path.name}: a migration is named like 0001_sites.sql")
        if match[1] in numbers:
            raise MigrationError(f"{path.name}: number {match[1]} is taken by {numbers[match[1]]}; take the next")
        numbers[match[1]] = path.name
        data = path.read_bytes()
        found.append(Migration(path.stem, data.decode("utf-8"), hashlib.sha256(data).hexdigest()))
    return found


def status(store: Store, folder: Path = MIGRATIONS) -> list[MigrationStatus]:
    """State of every migration, on disk or applied, in order. A database that is not there has all pending."""
    applied = _applied(store)
    on_disk = {migration.name: migration for migration in migrations(folder)}
    result = []
    for name in sorted(on_disk.keys() | applied.keys()):
        if name not in applied:
            result.append(MigrationStatus(name, "pending", None))
            continue
        checksum, at = applied[name]
        result.append(MigrationStatus(name, _state(on_disk.get(name), checksum), at))
    return result


def plan(store: Store, folder: Path = MIGRATIONS) -> list[Migration]:
    """What `migrate` would apply, in order. Raises `MigrationError` when a landed file is changed, lost or late."""
    states = {entry.name: entry.state for entry in status(store, folder)}
    for name, state in states.items():
        if state == "changed":
            raise MigrationError(f"{name}.sql was changed after it was applied. Restore it; write a new migration.")
        if state == "missing":
            raise MigrationError(f"{name}.sql was applied but is not in {folder.name}/. Run a version that has it.")
    last = max((name for name, state in states.items() if state == "applied"), default="")
    pending = [migration for migration in migrations(folder) if states[migration.name] == "pending"]
    for migration in pending:
        if migration.name < last:
            raise MigrationError(f"{migration.name}.sql comes before {last}.sql, which is applied. Renumber it.")
    return pending


def migrate(store: Store, now: int, *, dry_run: bool = False, folder: Path = MIGRATIONS) -> list[str]:
    """Create the database, apply what is pending, and return the names applied (with `dry_run`: those that would be).

    `now` (epoch ms) is recorded as the time of application.
    """
    if dry_run:
        return [migration.name for migration in plan(store, folder)]
    store.create_database()
    store.command(store.text("schema_migrations"))
    pending = plan(store, folder)
    for migration in pending:
        try:
            store.command(migration.statement)
        except StoreError as error:
            if error.code != _ALREADY_EXISTS:
                raise MigrationError(f"{migration.name}.sql failed: {error}") from error
        store.insert("schema_migrations", _record(migration, now))
    return [migration.name for migration in pending]


def _state(migration: Migration | None, applied_checksum: str) -> str:
    if migration is None:
        return "missing"
    return "applied" if migration.checksum == applied_checksum else "changed"


def _applied(store: Store) -> dict[str, tuple[str, int]]:
    try:
        if not store.rows("schema_migrations_exists"):
            return {}
        rows = store.rows("schema_migrations_applied")
    except StoreError as error:
        if error.code == _UNKNOWN_DATABASE:
            return {}
        raise
    return {row["name"]: (row["checksum"], row["applied_at"]) for row in rows}


def _record(migration: Migration, now: int) -> pa.Table:
    return pa.table(
        {
            "name": pa.array([migration.name], pa.string()),
            "checksum": pa.array([migration.checksum], pa.string()),
            "applied_at": pa.array([now], pa.timestamp("ms", "UTC")),
        }
    )
