"""The short form; `make chaos` is the long one."""

from pathlib import Path

import pytest

from tests.chaos.chaos import KINDS, Plan, run


def test_whatever_is_killed_the_tables_and_reports_are_those_of_a_calm_run(
    tmp_path: Path, breakable_kafka: object, capsys: pytest.CaptureFixture[str]
) -> None:
    outcome = run(Plan(events=6_000, seconds=8, pause=(0.3, 1.2), rebuilds=("events",)), tmp_path)
    with capsys.disabled():
        print("", *outcome.lines(), sep="\n")
    assert outcome.equal, "\n".join(outcome.lines())
    assert outcome.kills.keys() == set(KINDS)
    assert all(table.rows for table in outcome.tables)
