"""docs/api.md and docs/analysts.md say what is there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from api.memberships import Status
from api.segment_shapes import Reason
from sql.store import Store
from tests.api.conftest import World

DOCS = Path(__file__).parents[2] / "docs"
API = (DOCS / "api.md").read_text(encoding="utf-8")
SEGMENTS = (DOCS / "segments.md").read_text(encoding="utf-8")
ANALYSTS = (DOCS / "analysts.md").read_text(encoding="utf-8")


def test_every_call_is_documented(world: World) -> None:
    for path, methods in world.app.openapi()["paths"].items():
        assert path in API, path
        for method in methods:
            assert method.upper() in API


@pytest.mark.parametrize("word", [*get_args(Reason), *get_args(Status)])
def test_every_reason_and_every_state_of_a_segment_is_documented(word: str) -> None:
    assert f"\n| `{word}` |" in SEGMENTS


def test_every_view_is_documented(store: Store) -> None:
    rows = store.rows_of("SELECT name FROM system.tables WHERE database = currentDatabase() AND engine = 'View'")
    assert rows
    for row in rows:
        assert f"`{row['name']}`" in ANALYSTS


@pytest.mark.parametrize("query", re.findall(r"```sql\n(.*?)```", ANALYSTS, re.DOTALL))
def test_every_sample_query_runs(store: Store, query: str) -> None:
    assert isinstance(store.rows_of(query), list)
