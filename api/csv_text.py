"""CSV that spreadsheets and scripts read alike: RFC 4180 in UTF-8 with a byte order mark, and no cell that is a formula.

Names and ids come from strangers. A spreadsheet takes a cell that begins with `=`, `+`, `-` or `@` for a formula, however it is quoted;
OWASP, "CSV Injection". An apostrophe before it makes it text. Numbers are written as numbers.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

Cell = str | int | float | bool | None

BOM: Final = "\ufeff"
"""What a file begins with, so that a spreadsheet reads it as UTF-8."""

MEDIA_TYPE: Final = "text/csv"

_PART: Final = 65_536
_NOT_IN_NAMES: Final = re.compile(r"[^\w.-]", re.ASCII)
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_FULL_WIDTH: Final = "\uff1d\uff0b\uff0d\uff20"  # = + - @ as Korean and Japanese keyboards write them
_SMALL: Final = "\ufe66\ufe62\ufe63\ufe6b"
_MINUS: Final = "\u2212"
_QUOTES: Final = "\"'`\u2018\u2019\u201c\u201d\uff02\uff07"
_FORMULA: Final = re.compile(rf"(^|;)(?=[\s{_QUOTES}]*[=+\-@{_FULL_WIDTH}{_SMALL}{_MINUS}])")
_NEEDS_QUOTES: Final = re.compile(r'[",;\r\n]|^\s|\s$')


def document(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """A file in parts: the mark, the header, a line a row. Raises `ValueError` for a row that is longer or shorter than the header."""
    yield BOM + line(header)
    for row in rows:
        if len(row) != len(header):
            raise ValueError(f"a row of {len(row)} cells under a header of {len(header)}")
        yield line(row)


def in_parts(lines: Iterable[str]) -> Iterator[str]:
    """Lines put together to parts worth sending."""
    part: list[str] = []
    size = 0
    for one in lines:
        part.append(one)
        size += len(one)
        if size >= _PART:
            yield "".join(part)
            part, size = [], 0
    yield "".join(part)


def headers(name: str, language: str) -> dict[str, str]:
    """What a file is sent with. `name`: of letters, digits, `_`, `.` and `-`; anything else in it becomes `_`."""
    return {
        "Content-Disposition": f'attachment; filename="{_NOT_IN_NAMES.sub("_", name)}.csv"',
        "Content-Language": language,
    }


def line(cells: Sequence[Cell]) -> str:
    """One line with its end."""
    return ",".join(map(cell, cells)) + "\r\n"


def cell(value: Cell) -> str:
    """One cell: text is made harmless, a number is written in full, None (and a number that is none) is empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value) if math.isfinite(value) else ""
    text = harmless(value)
    return f'"{text.replace(chr(34), chr(34) * 2)}"' if _NEEDS_QUOTES.search(text) else text


def harmless(text: str) -> str:
    """Text of a stranger: unseen characters are made visible, and what a spreadsheet would compute gets an apostrophe.

    Also after spaces and quotes, in full-width forms, and after a semicolon, which divides cells where a comma is the decimal point.
    """
    return _FORMULA.sub(r"\1'", visible(text))


def visible(text: str) -> str:
    r"""Control characters, marks of direction and zero widths as `\u0009` or `\U000e0041`; spaces of any kind stay."""
    return "".join(_written_out(one) if unicodedata.category(one) in _UNSEEN else one for one in text)


def _written_out(one: str) -> str:
    return f"\\u{ord(one):04x}" if ord(one) < 0x10000 else f"\\U{ord(one):08x}"
