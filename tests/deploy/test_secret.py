"""The installation's secret is made once, for its owner only."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from deploy.errors import UserError
from deploy.secret import installation_secret
from deploy.settings import Settings


def test_a_secret_is_made_once_and_kept_for_its_owner_only(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    made = installation_secret(settings)
    assert len(made) == 64
    assert installation_secret(settings) == made
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["secret"]
    assert (tmp_path / "data" / "secret").stat().st_mode & 0o777 == 0o600
    assert installation_secret(Settings(data_dir=tmp_path / "other")) != made


def test_processes_that_start_at_once_have_the_same(tmp_path: Path) -> None:
    found: list[bytes] = []
    together = threading.Barrier(8)

    def start() -> None:
        together.wait()
        found.append(installation_secret(Settings(data_dir=tmp_path)))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_a_secret_that_is_set_is_the_one(tmp_path: Path) -> None:
    assert installation_secret(Settings(data_dir=tmp_path, secret="of several machines")) == b"of several machines"
    assert list(tmp_path.iterdir()) == []
    assert "of several" not in repr(Settings(secret="of several machines"))


def test_an_empty_or_unreadable_secret_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("\n")
    with pytest.raises(UserError, match="is empty"):
        installation_secret(Settings(data_dir=tmp_path))
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be kept"):
        installation_secret(Settings(data_dir=tmp_path / "file"))
