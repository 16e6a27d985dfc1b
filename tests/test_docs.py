"""The documentation is true: it has every setting, command, option and route, and what it points at is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
from prometheus_client.metrics import MetricWrapperBase

from api.app import create_app
from api.metrics import Metrics
from deploy.cli import app
from deploy.settings import PREFIX, Settings
from flows import metrics
from ingest.importers.formats import FORMATS
from sql.store import Store
from tests.api.memory_log import MemoryLog

PROJECT = Path(__file__).parents[1]
PAGES = sorted([PROJECT / "README.md", *(PROJECT / "docs").glob("*.md")])
FLOW_METRICS = sorted(metric._name for metric in vars(metrics).values() if isinstance(metric, MetricWrapperBase))
API_METRICS = sorted(metric.name for metric in Metrics().registry.collect())
TEXT = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)


def commands(group: Any = None, names: tuple[str, ...] = ("sonnim",)) -> Iterator[tuple[str, Any]]:
    """Every command with its words, and itself."""
    group = group or typer.main.get_command(app)
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*names, name))
        else:
            yield " ".join((*names, name)), command


def routes() -> list[str]:
    schema = create_app(Store("http://127.0.0.1:1"), MemoryLog(), lambda: 0).openapi()
    return sorted(f"{method.upper()} {path}" for path, methods in schema["paths"].items() for method in methods)


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_documented_as_it_is(name: str) -> None:
    operations = (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8")
    row = next((line for line in operations.splitlines() if line.startswith(f"| `{PREFIX}{name.upper()}` |")), "")
    field = Settings.model_fields[name]
    default = (
        ""
        if field.default is None
        else field.default
        if not isinstance(field.default, bool)
        else str(field.default).lower()
    )
    assert (f"`{default}`" if default != "" else "empty") in row
    assert field.description in row


@pytest.mark.parametrize("name", [*FLOW_METRICS, *API_METRICS])
def test_every_metric_is_documented(name: str) -> None:
    assert re.search(rf"`{name}(_total)?`", (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8"))


@pytest.mark.parametrize("words", [words for words, _ in commands()])
def test_every_command_is_documented(words: str) -> None:
    assert re.search(rf"`{words}[` ]", (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8"))


def test_every_option_of_replay_is_documented() -> None:
    page = (PROJECT / "docs" / "import.md").read_text(encoding="utf-8")
    replay = dict(commands())["sonnim replay"]
    options = [option for parameter in replay.params for option in (*parameter.opts, *parameter.secondary_opts)]
    assert [option for option in options if option.startswith("--") and f"`{option}" not in page] == []


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_documented(name: str) -> None:
    assert f"| `{name}` |" in (PROJECT / "docs" / "import.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("route", routes())
def test_every_route_is_documented(route: str) -> None:
    path = route.partition(" ")[2]
    assert re.search(rf"{re.escape(path)}(?![\w/{{])", TEXT), f"{route} is in no page of docs/"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)[^)]*\)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_the_readme_begins_with_the_two_commands() -> None:
    top = (PROJECT / "README.md").read_text(encoding="utf-8").splitlines()[:8]
    assert any(line.startswith("make run") for line in top)
    assert any(line.startswith("make test") for line in top)


def test_every_target_of_the_readme_is_in_the_makefile() -> None:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"(?:^|`)make ([a-z]+)", TEXT, re.MULTILINE))
    assert [name for name in sorted(named) if not re.search(rf"^{name}:", makefile, re.MULTILINE)] == []


def test_no_lock_names_an_address() -> None:
    locks = sorted(PROJECT.glob("requirements*.lock"))
    assert len(locks) == 2
    for lock in locks:
        text = lock.read_text(encoding="utf-8")
        assert "://" not in text
        assert "--index" not in text
        assert "--hash=sha256:" in text
