"""Migrations: all of them make the declared schema, once, and nothing that landed may change."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sql.migrate import MIGRATIONS, MigrationError, migrate, migrations, plan, status
from sql.store import Store

NOW = 1_767_225_600_000
GOLDEN = Path(__file__).parent / "schema.golden"


@pytest.fixture
def store(clickhouse_url: str, database: str) -> Iterator[Store]:
    store = Store(clickhouse_url, database)
    yield store
    store.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "0001_one.sql").write_text("CREATE TABLE one (a String) ENGINE = MergeTree ORDER BY a")
    (tmp_path / "0002_two.sql").write_text("CREATE TABLE two (a String) ENGINE = MergeTree ORDER BY a")
    return tmp_path


def declared(store: Store) -> str:
    """Every table and view with its columns, as text."""
    rows = store.rows_of(
        "SELECT table, name, type, is_in_sorting_key AS key FROM system.columns "
        "WHERE database = currentDatabase() ORDER BY table, position"
    )
    engines = store.rows_of(
        "SELECT name, engine, sorting_key FROM system.tables WHERE database = currentDatabase() ORDER BY name"
    )
    lines = []
    for table in engines:
        lines.append(f"{table['name']} {table['engine']} ({table['sorting_key']})")
        lines += [f"    {row['name']} {row['type']}" for row in rows if row["table"] == table["name"]]
    return "\n".join(lines) + "\n"


def test_all_migrations_make_the_declared_schema(store: Store) -> None:
    migrate(store, NOW)
    found = declared(store)
    assert found == GOLDEN.read_text(encoding="utf-8"), f"if this is meant, write it to {GOLDEN.name}:\n{found}"


def test_every_migration_is_one_statement_with_a_number_of_its_own() -> None:
    found = migrations(MIGRATIONS)
    assert [migration.name[:4] for migration in found] == [f"{number:04}" for number in range(1, len(found) + 1)]
    for migration in found:
        code = "\n".join(line.partition("--")[0] for line in migration.statement.splitlines())
        assert ";" not in code, migration.name


def test_every_migration_that_alters_may_be_repeated() -> None:
    for migration in migrations(MIGRATIONS):
        if "ALTER TABLE" in migration.statement:
            assert "IF NOT EXISTS" in migration.statement or "IF EXISTS" in migration.statement, migration.name


def test_migrating_again_does_nothing(store: Store) -> None:
    assert migrate(store, NOW) == [migration.name for migration in migrations(MIGRATIONS)]
    assert migrate(store, NOW + 1) == []
    assert {(entry.state, entry.applied_at) for entry in status(store)} == {("applied", NOW)}


def test_the_database_is_created(clickhouse_url: str, database: str, folder: Path) -> None:
    store = Store(clickhouse_url, f"{database}_new")
    assert [entry.state for entry in status(store, folder)] == ["pending", "pending"]
    assert migrate(store, NOW, folder=folder) == ["0001_one", "0002_two"]
    store.command(f"DROP DATABASE {store.database} SYNC")
    store.close()


def test_a_dry_run_changes_nothing(store: Store, folder: Path) -> None:
    assert migrate(store, NOW, dry_run=True, folder=folder) == ["0001_one", "0002_two"]
    assert [entry.state for entry in status(store, folder)] == ["pending", "pending"]
    assert store.rows_of("SELECT name FROM system.tables WHERE database = currentDatabase()") == []


def test_only_what_is_new_is_applied(store: Store, folder: Path) -> None:
    migrate(store, NOW, folder=folder)
    (folder / "0003_three.sql").write_text("ALTER TABLE one ADD COLUMN IF NOT EXISTS b String")
    assert [migration.name for migration in plan(store, folder)] == ["0003_three"]
    assert migrate(store, NOW, folder=folder) == ["0003_three"]


def test_a_changed_file_is_refused_by_name(store: Store, folder: Path) -> None:
    migrate(store, NOW, folder=folder)
    (folder / "0001_one.sql").write_text("CREATE TABLE one (b String) ENGINE = MergeTree ORDER BY b")
    with pytest.raises(MigrationError, match=r"0001_one\.sql was changed"):
        migrate(store, NOW, folder=folder)
    assert [entry.state for entry in status(store, folder)] == ["changed", "applied"]


def test_a_lost_file_is_refused_by_name(store: Store, folder: Path) -> None:
    migrate(store, NOW, folder=folder)
    (folder / "0002_two.sql").unlink()
    with pytest.raises(MigrationError, match=r"0002_two\.sql was applied"):
        plan(store, folder)
    assert [entry.state for entry in status(store, folder)] == ["applied", "missing"]


def test_a_file_that_comes_late_is_refused_by_name(store: Store, folder: Path) -> None:
    (folder / "0002_two.sql").rename(folder / "0003_three.sql")
    migrate(store, NOW, folder=folder)
    (folder / "0002_late.sql").write_text("SELECT 1")
    with pytest.raises(MigrationError, match=r"0002_late\.sql comes before"):
        plan(store, folder)


@pytest.mark.parametrize("name", ["1_one.sql", "0003.sql", "0003-three.sql", "0002_again.sql"])
def test_bad_names_and_numbers_used_twice_are_refused(folder: Path, name: str) -> None:
    (folder / name).write_text("SELECT 1")
    with pytest.raises(MigrationError, match=name):
        migrations(folder)


def test_a_statement_that_fails_names_its_file_and_leaves_it_pending(store: Store, folder: Path) -> None:
    (folder / "0002_two.sql").write_text("CREATE TABLE two (nonsense)")
    with pytest.raises(MigrationError, match=r"0002_two\.sql failed"):
        migrate(store, NOW, folder=folder)
    assert [entry.state for entry in status(store, folder)] == ["applied", "pending"]


def test_a_runner_that_died_before_its_record_is_continued(store: Store, folder: Path) -> None:
    store.command((folder / "0001_one.sql").read_text())
    assert migrate(store, NOW, folder=folder) == ["0001_one", "0002_two"]
    assert {entry.state for entry in status(store, folder)} == {"applied"}


def test_two_runners_at_once_do_no_harm(clickhouse_url: str, database: str) -> None:
    failures: list[BaseException] = []
    together = threading.Barrier(3)

    def run() -> None:
        store = Store(clickhouse_url, database)
        together.wait()
        try:
            migrate(store, NOW)
        except BaseException as error:
            failures.append(error)
        store.close()

    runners = [threading.Thread(target=run) for _ in range(3)]
    for runner in runners:
        runner.start()
    for runner in runners:
        runner.join()
    assert failures == []
    store = Store(clickhouse_url, database)
    assert declared(store) == GOLDEN.read_text(encoding="utf-8")
    store.close()
