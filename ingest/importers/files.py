"""Files line by line, plain or gzip, with their progress."""

import gzip
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.vocabulary import REJECTED_TEXT_CHARACTERS

#: Called now and then with the bytes of the file read so far (of the packed file, if it is packed).
Progress = Callable[[int], None]
#: What an importer yields for the door.
RawItem = dict[str, Any]

_LINES_A_REPORT = 1_000


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A line, counted from 1, that no event could be made of."""

    line_number: int
    reason: str
    text: str


class NotThisFormat(Exception):
    """The file as a whole is not of the format it was said to have."""


def lines(path: Path, progress: Progress) -> Iterator[tuple[int, bytes]]:
    """(line number from 1, line without its end) of every line that is not blank."""
    with path.open("rb") as file:
        unpacked = gzip.GzipFile(fileobj=file) if path.suffix == ".gz" else file
        for number, line in enumerate(unpacked, 1):
            stripped = line.strip(b" \t\r\n")
            if stripped:
                yield number, stripped.removeprefix(b"\xef\xbb\xbf") if number == 1 else stripped
            if number % _LINES_A_REPORT == 0:
                progress(file.tell())
        progress(file.tell())


def unreadable(line_number: int, reason: str, line: bytes) -> Unreadable:
    return Unreadable(line_number, reason, line.decode("utf-8", "replace")[:REJECTED_TEXT_CHARACTERS])
