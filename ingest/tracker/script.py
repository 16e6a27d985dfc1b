"""The files of the snippet -> the script that browsers get: one function, without comments and indentation."""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_NEEDLESS_END = re.compile(r"([;,({\[])\n")


@dataclass(frozen=True, slots=True)
class Script:
    """The script as UTF-8 `text`, the same `gzipped`, and `version`, which changes with the text: 16 hex digits."""

    text: bytes
    gzipped: bytes
    version: str


@cache
def script() -> Script:
    """The script, put together once a process. The same files give the same bytes."""
    text = "(function () {'use strict';" + "\n".join(map(compact, sources())) + "})();\n"
    body = text.encode()
    return Script(body, gzip.compress(body, 9, mtime=0), hashlib.sha256(body).hexdigest()[:16])


def sources() -> list[str]:
    """The readable files, in the order of their names."""
    found = [file for file in files(__package__).iterdir() if file.name.endswith(".js")]
    return [file.read_text(encoding="utf-8") for file in sorted(found, key=lambda file: file.name)]


def compact(source: str) -> str:
    """The source without comment lines, empty lines, indentation, and line ends after a mark that needs none.

    It looks at lines only. So a comment stands on lines of its own, and no text goes over several lines.
    """
    lines = (line.strip() for line in source.splitlines())
    return _NEEDLESS_END.sub(r"\1", "\n".join(line for line in lines if line and not line.startswith("//")))
