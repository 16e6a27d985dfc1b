"""Bodies by Content-Encoding and Accept-Encoding: gzip, deflate, zstd and lz4 (frames), a piece at a time.

`br`, `xz`, `bz2` and `snappy` are refused in requests and never chosen for answers: no library for them is among the dependencies.
"""

from __future__ import annotations

import zlib
from typing import Protocol

import lz4.frame
import zstandard

from deploy.clickhouse.errors import Code, error

PREFERRED = ("zstd", "lz4", "gzip", "deflate")


class Coder(Protocol):
    """Turns a compressed stream into plain bytes, or the other way round. Errors of what is read are QueryErrors."""

    def feed(self, data: bytes) -> bytes:
        """The next bytes for `data`, which continues what was fed before."""

    def finish(self) -> bytes:
        """The last bytes; an error if what was read is cut."""


class Plain:
    """No compression."""

    def feed(self, data: bytes) -> bytes:
        return data

    def finish(self) -> bytes:
        return b""


class Inflate:
    """gzip, zlib, zstd or lz4 frames, one or several in a row."""

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._stream = self._new()
        self._begun = False

    def feed(self, data: bytes) -> bytes:
        parts = []
        try:
            while data:
                if self._stream.eof:
                    self._stream = self._new()
                self._begun = True
                parts.append(self._stream.decompress(data))
                data = (self._stream.unused_data or b"") if self._stream.eof else b""
        except (zlib.error, zstandard.ZstdError, RuntimeError, ValueError) as reason:
            raise error(Code.CANNOT_DECOMPRESS, f"Cannot read the body as '{self._encoding}': {reason}.") from None
        return b"".join(parts)

    def finish(self) -> bytes:
        if self._begun and not self._stream.eof:
            raise error(Code.CANNOT_DECOMPRESS, f"The '{self._encoding}' body ends in the middle.")
        return b""

    def _new(self) -> _Stream:
        if self._encoding in ("gzip", "deflate"):
            return zlib.decompressobj(47)  # 32: gzip or zlib by its header, 15: largest window
        if self._encoding == "zstd":
            return zstandard.ZstdDecompressor().decompressobj()
        return lz4.frame.LZ4FrameDecompressor()  # type: ignore[no-any-return]


class _Stream(Protocol):
    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes | None: ...

    def decompress(self, data: bytes, /) -> bytes: ...


class _Deflate:
    def __init__(self, window_bits: int) -> None:
        self._stream = zlib.compressobj(3, zlib.DEFLATED, window_bits)

    def feed(self, data: bytes) -> bytes:
        return self._stream.compress(data)

    def finish(self) -> bytes:
        return self._stream.flush()


class _Zstd:
    def __init__(self) -> None:
        self._stream = zstandard.ZstdCompressor(1).compressobj()

    def feed(self, data: bytes) -> bytes:
        return self._stream.compress(data)

    def finish(self) -> bytes:
        return self._stream.flush()


class _Lz4:
    def __init__(self) -> None:
        self._stream = lz4.frame.LZ4FrameCompressor()
        self._head: bytes = self._stream.begin()

    def feed(self, data: bytes) -> bytes:
        head, self._head = self._head, b""
        return head + bytes(self._stream.compress(data))

    def finish(self) -> bytes:
        return self._head + bytes(self._stream.flush())


def decoder(encoding: str) -> Coder:
    """The decoder of a Content-Encoding; a QueryError for one that is not known."""
    if encoding in ("", "identity"):
        return Plain()
    if encoding in ("gzip", "x-gzip", "deflate", "zstd", "lz4"):
        return Inflate("gzip" if encoding == "x-gzip" else encoding)
    raise error(
        Code.UNKNOWN_COMPRESSION_METHOD,
        f"Content-Encoding '{encoding}' is not supported: use one of {', '.join(PREFERRED)}.",
    )


class Chain:
    """Two decoders, or two encoders, one after the other."""

    def __init__(self, first: Coder, second: Coder) -> None:
        self._first = first
        self._second = second

    def feed(self, data: bytes) -> bytes:
        return self._second.feed(self._first.feed(data))

    def finish(self) -> bytes:
        return self._second.feed(self._first.finish()) + self._second.finish()


def choose(accept_encoding: str) -> str:
    """The encoding of an answer for an Accept-Encoding header, in ClickHouse's order of preference; '' for none."""
    accepted = {part.partition(";")[0].strip().lower(): part for part in accept_encoding.split(",")}
    for encoding in PREFERRED:
        if encoding in accepted and "q=0" not in accepted[encoding].replace(" ", "").replace("q=0.", ""):
            return encoding
    return ""


def encoder(encoding: str) -> Coder:
    """The encoder of an encoding from `choose`."""
    if encoding == "gzip":
        return _Deflate(31)
    if encoding == "deflate":
        return _Deflate(15)
    if encoding == "zstd":
        return _Zstd()
    if encoding == "lz4":
        return _Lz4()
    return Plain()
