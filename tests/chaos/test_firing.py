"""The short form; `python -m tests.chaos --visitors 100000` is the long one."""

from pathlib import Path

import pytest

from tests.chaos.firing import Plan, run


def test_whatever_is_killed_who_enters_and_leaves_is_the_same_and_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outcome = run(Plan(visitors=300, segments=80, kills=5, pause=(0.8, 2.4)), tmp_path)
    with capsys.disabled():
        print("", *outcome.lines(), sep="\n")
    assert outcome.equal, "\n".join(outcome.lines())
