"""Files of the pages, under an address that changes when any of them does: `/assets/<version>/<path>`.

The version is in the folder, not in each name, so that modules import each other by relative names.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

_HERE: Final = Path(__file__).parent
_FOLDERS: Final = {"": _HERE / "static", "vendor/": _HERE / "vendor"}
_TYPES: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".woff2": "font/woff2"}


@dataclass(frozen=True)
class Asset:
    """A file as it is sent. `gzipped` None: it is compressed by itself."""

    media_type: str
    content: bytes
    gzipped: bytes | None


@dataclass(frozen=True)
class Assets:
    """All of them by path, and their version: 16 hex digits of a hash over names and contents."""

    version: str
    files: dict[str, Asset]

    def url(self, path: str) -> str:
        """Where a file is. Raises `KeyError` for one that is not there."""
        if path not in self.files:
            raise KeyError(path)
        return f"/assets/{self.version}/{path}"


@cache
def assets() -> Assets:
    """The files, read once."""
    hashed = hashlib.sha256()
    files: dict[str, Asset] = {}
    for prefix, folder in _FOLDERS.items():
        for path in sorted(folder.rglob("*")):
            if path.suffix not in _TYPES:
                continue
            content = path.read_bytes()
            name = prefix + path.relative_to(folder).as_posix()
            hashed.update(f"{name}\n{len(content)}\n".encode() + content)
            gzipped = None if path.suffix == ".woff2" else gzip.compress(content, 9, mtime=0)
            files[name] = Asset(_TYPES[path.suffix], content, gzipped)
    return Assets(hashed.hexdigest()[:16], files)
