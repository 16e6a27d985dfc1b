"""Step 1, decode: the body of a request -> its items, each readable or broken by itself.

One broken item must not take its neighbours along. So a body that is not JSON as a whole is cut at its top-level
commas, and each piece is read alone.
"""

import json
import re
import zlib
from collections.abc import Iterator
from itertools import islice
from typing import NoReturn

import orjson

from ingest.door.draft import Broken
from ingest.vocabulary import BODY_BYTES_MAX, BODY_ITEMS_MAX, DEPTH_MAX, EXPLANATIONS, REJECTED_TEXT_CHARACTERS, Reason

_LINES = frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"})
_BLANK = b" \t\r\n"
_BOM = b"\xef\xbb\xbf"
#: A whole string, the opening quote of one that never ends, or one character that shapes the nesting.
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|["\[\]{},]', re.DOTALL)
_HALF_PAIR = re.compile(rb"\\u[dD][89a-fA-F]")


class BodyRefused(Exception):
    """The body as a whole can't be taken: `reason` is empty_body, body_too_large, bad_compression, unsupported_encoding
    or far_too_many_items."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(EXPLANATIONS[reason])
        self.reason = reason


def decode_body(body: bytes, content_type: str = "", content_encoding: str = "") -> list[object | Broken]:
    """The items of a body: a JSON array's, one object, or one a line (NDJSON, by its type or its looks).

    `content_encoding` may be gzip or deflate. Raises BodyRefused; what is broken inside comes as `Broken` in its place.
    """
    text = _unpacked(body, content_encoding).removeprefix(_BOM).strip(_BLANK)
    if not text:
        raise BodyRefused(Reason.EMPTY_BODY)
    items = list(islice(_items(text, content_type), BODY_ITEMS_MAX + 1))
    if len(items) > BODY_ITEMS_MAX:
        raise BodyRefused(Reason.FAR_TOO_MANY_ITEMS)
    return items


def _items(text: bytes, content_type: str) -> Iterator[object | Broken]:
    if content_type.partition(";")[0].strip().lower() in _LINES:
        yield from _lines(text)
        return
    try:
        value: object = orjson.loads(text)
    except orjson.JSONDecodeError:
        if text.startswith(b"["):
            yield from (_item(piece, depth) for piece, depth in _pieces(text))
        elif b"\n" in text:
            yield from _lines(text)
        else:
            yield _item(text, None)
    else:
        yield from value if isinstance(value, list) else [value]


def decode_item(text: bytes) -> object | Broken:
    """One JSON text -> its value, or what is wrong with it."""
    return _item(text, None)


def _unpacked(body: bytes, content_encoding: str) -> bytes:
    encoding = content_encoding.strip().lower()
    if encoding in ("", "identity"):
        unpacked = body
    elif encoding in ("gzip", "x-gzip"):
        unpacked = _inflated(body, 16 + zlib.MAX_WBITS)
    elif encoding == "deflate":
        unpacked = _inflated(body, zlib.MAX_WBITS)
    else:
        raise BodyRefused(Reason.UNSUPPORTED_ENCODING)
    if len(unpacked) > BODY_BYTES_MAX:
        raise BodyRefused(Reason.BODY_TOO_LARGE)
    return unpacked


def _inflated(body: bytes, window_bits: int) -> bytes:
    """The stream unpacked, a gzip file of several members too; never more than a byte over the limit is unpacked."""
    unpacked = b""
    rest = body
    while rest:
        stream = zlib.decompressobj(window_bits)
        try:
            unpacked += stream.decompress(rest, BODY_BYTES_MAX + 1 - len(unpacked))
        except zlib.error:
            raise BodyRefused(Reason.BAD_COMPRESSION) from None
        if len(unpacked) > BODY_BYTES_MAX:
            raise BodyRefused(Reason.BODY_TOO_LARGE)
        if not stream.eof:
            raise BodyRefused(Reason.BAD_COMPRESSION)
        rest = stream.unused_data
    return unpacked


def _lines(text: bytes) -> Iterator[object | Broken]:
    return (decode_item(line) for line in text.split(b"\n") if line.strip(_BLANK))


def _pieces(array: bytes) -> Iterator[tuple[bytes, int]]:
    """The texts between the top-level commas of an array that is broken somewhere, each with its greatest depth."""
    depth, deepest, begin, end = 0, 0, 1, len(array)
    for token in _TOKEN.finditer(array, 1):
        mark = token[0]
        if mark == b"," and depth == 0:
            yield array[begin : token.start()].strip(_BLANK), deepest
            begin, deepest = token.end(), 0
        elif mark in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif mark in b"]}":
            if depth == 0 and mark == b"]":
                end = token.start()
                break
            depth = max(depth - 1, 0)
        elif mark == b'"':
            break  # a string that never ends takes the rest of the body
    last = array[begin:end].strip(_BLANK)
    if last or begin > 1:
        yield last, deepest
    if rest := array[end + 1 :].strip(_BLANK):
        yield rest, _depth(rest)


def _depth(text: bytes) -> int:
    depth = deepest = 0
    for token in _TOKEN.finditer(text):
        if token[0] in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif token[0] in b"]}":
            depth -= 1
    return deepest


def _item(text: bytes, depth: int | None) -> object | Broken:
    try:
        value: object = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        levels = _depth(text) if depth is None else depth
        if levels > DEPTH_MAX:
            return _broken(Reason.TOO_DEEP, f"nested {levels:,} levels deep", text)
        return _diagnosed(text, str(error))
    return value


class _NotANumber(Exception):
    pass


def _not_a_number(constant: str) -> NoReturn:
    raise _NotANumber(constant)


def _diagnosed(text: bytes, complaint: str) -> Broken:
    """What is wrong with a text that orjson refuses: it speaks of everything as bad JSON."""
    try:
        json.loads(text.decode(), parse_constant=_not_a_number)
    except UnicodeDecodeError as error:
        return _broken(Reason.INVALID_TEXT, f"byte {error.start} is not UTF-8", text)
    except _NotANumber as error:
        return _broken(Reason.NOT_A_NUMBER, f"{error} found", text)
    except ValueError:
        return _broken(Reason.BROKEN_JSON, complaint, text)
    if _HALF_PAIR.search(text):
        return _broken(Reason.INVALID_TEXT, "half a surrogate pair", text)
    return _broken(Reason.BROKEN_JSON, complaint, text)


def _broken(reason: Reason, detail: str, text: bytes) -> Broken:
    return Broken(reason, detail, text[: 4 * REJECTED_TEXT_CHARACTERS].decode("utf-8", "replace"))
