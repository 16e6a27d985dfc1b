"""The formats by name."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, Protocol

from ingest.importers import otto, rees46, retailrocket, segment, sonnim
from ingest.importers.files import Progress, RawItem, Unreadable


class Reader(Protocol):
    def __call__(self, path: Path, currency: str, progress: Progress) -> Iterator[RawItem | Unreadable]: ...


FORMATS: Final[dict[str, Reader]] = {
    "sonnim": sonnim.read,
    "segment": segment.read,
    "otto": otto.read,
    "rees46": rees46.read,
    "retailrocket": retailrocket.read,
}


def read(
    format: str, path: Path, *, currency: str, progress: Progress = lambda read_bytes: None
) -> Iterator[RawItem | Unreadable]:
    """Raw items for the door, a visitor's in order of time; `Unreadable` for what no event can be made of.

    `currency` is the site's: the one of prices that name none. A path that ends in .gz is unpacked. `progress` is called
    with the bytes read so far, of `size(path)`. Raises ValueError for an unknown format, OSError, and NotThisFormat.
    """
    if format not in FORMATS:
        raise ValueError(f"format {format!r} is unknown; there are {', '.join(FORMATS)}")
    return FORMATS[format](path, currency, progress)


def size(path: Path) -> int:
    """Bytes of the file as it lies on the disk: what `progress` counts up to."""
    return path.stat().st_size
