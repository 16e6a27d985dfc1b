"""multipart/form-data (RFC 7578) in memory: query, parameters and external tables of clickhouse-connect and curl -F."""

from __future__ import annotations

import re
from dataclasses import dataclass

from deploy.clickhouse.errors import Code, error

_BOUNDARY = re.compile(r'boundary=(?:"([^"]+)"|([^\s;]+))', re.IGNORECASE)
_PARAMETER = re.compile(r';\s*(name|filename)="((?:[^"\\]|\\.)*)"', re.IGNORECASE)


@dataclass(frozen=True)
class Part:
    """A part of the form; `file` if it came with a file name."""

    name: str
    data: bytes
    file: bool


def read_parts(content_type: str, body: bytes) -> list[Part]:
    """The parts of a form. Raises QueryError if the body is not one."""
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise error(Code.BAD_ARGUMENTS, "Content-Type multipart/form-data names no boundary.")
    delimiter = b"\r\n--" + (found[1] or found[2]).encode("latin-1")
    pieces = (b"\r\n" + body).split(delimiter)
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        raise error(Code.CANNOT_READ_ALL_DATA, "The form of the body has no end.")
    return [_part(piece) for piece in pieces[1:-1]]


def _part(piece: bytes) -> Part:
    head, separator, data = piece.partition(b"\r\n\r\n")
    names: dict[str, str] = {}
    for line in head.decode("utf-8", "replace").split("\r\n"):
        field, _, value = line.partition(":")
        if field.strip().lower() == "content-disposition":
            names = {name.lower(): re.sub(r"\\(.)", r"\1", text) for name, text in _PARAMETER.findall(value)}
    if not separator or "name" not in names:
        raise error(Code.BAD_ARGUMENTS, "A part of the form has no name.")
    return Part(names["name"], data, "filename" in names)
