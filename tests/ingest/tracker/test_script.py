"""The script that is served is the readable files, small, and of a kind that a strict page allows."""

from __future__ import annotations

import gzip
import re
import tomllib
from fnmatch import fnmatch
from pathlib import Path

from ingest.tracker import script
from ingest.tracker.script import compact, sources

PROJECT = Path(__file__).parents[3]
FILES = sorted((PROJECT / "ingest" / "tracker").glob("*.js"))
GZIPPED_BYTES_MAX = 5_000


def test_a_browser_loads_less_than_five_kilobytes() -> None:
    assert len(script().gzipped) < GZIPPED_BYTES_MAX
    assert gzip.decompress(script().gzipped) == script().text


def test_it_is_the_readable_files_without_what_only_people_read() -> None:
    assert sources() == [file.read_text(encoding="utf-8") for file in FILES]
    code = [line.strip() for source in sources() for line in source.splitlines() if not line.strip().startswith("//")]
    served = script().text.decode().removeprefix("(function () {'use strict';").removesuffix("})();\n")
    assert served.replace("\n", "") == "".join(code)
    assert all(len(source.splitlines()) <= 300 for source in sources())


def test_line_ends_go_only_where_a_mark_ends_the_statement() -> None:
    source = "// a\n\n  const b = [\n    1,\n  ];\n  // c\n\tif (b) {\n    d()\n  }\n  e();\n"
    assert compact(source) == "const b = [1,\n];if (b) {d()\n}\ne();".replace(",\n", ",")


def test_no_text_goes_over_several_lines() -> None:
    code = [line for source in sources() for line in source.splitlines() if not line.strip().startswith("//")]
    assert [line for line in code if "`" in line or "/*" in line or line.endswith("\\")] == []


def test_it_needs_no_eval_no_inline_code_and_no_other_site() -> None:
    text = script().text.decode()
    assert (
        re.findall(r"\beval\b|new Function|innerHTML|outerHTML|document\.write|insertAdjacent|createElement", text)
        == []
    )
    assert "://" not in text


def test_the_package_carries_it() -> None:
    patterns = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]["ingest"]
    assert FILES
    assert all(any(fnmatch(f"tracker/{file.name}", pattern) for pattern in patterns) for file in FILES)


def test_its_version_is_that_of_its_text() -> None:
    assert re.fullmatch("[0-9a-f]{16}", script().version)
    assert script() is script()
