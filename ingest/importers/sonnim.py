"""Format `sonnim`: our own events as `POST /v1/events` takes them; one a line, or one JSON array."""

from collections.abc import Iterator
from pathlib import Path

import orjson

from ingest.door import Broken, decode_item
from ingest.importers.files import NotThisFormat, Progress, RawItem, Unreadable, lines, unreadable


def read(path: Path, currency: str, progress: Progress) -> Iterator[RawItem | Unreadable]:
    """Each event as it is. An array is read as a whole, and must be JSON as a whole."""
    for number, line in lines(path, progress):
        if number == 1 and line.startswith(b"["):
            yield from _array(path)
            progress(path.stat().st_size)
            return
        value = decode_item(line)
        if isinstance(value, Broken):
            yield unreadable(number, f"{value.reason}: {value.detail}", line)
        elif isinstance(value, dict):
            yield value
        else:
            yield unreadable(number, "an event is a JSON object", line)


def _array(path: Path) -> Iterator[RawItem | Unreadable]:
    text = b"\n".join(line for _, line in lines(path, lambda read_bytes: None))
    try:
        values = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise NotThisFormat(f"{path} begins like a JSON array, but: {error}") from None
    for position, value in enumerate(values, 1):
        if isinstance(value, dict):
            yield value
        else:
            yield unreadable(position, "an event is a JSON object", orjson.dumps(value))
