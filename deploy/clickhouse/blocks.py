"""ClickHouse's own compressed blocks, `compress=1` and `decompress=1` (`src/Compression/CompressionInfo.h`).

A block: 16 bytes CityHash128 of what follows, 1 byte method, 4 bytes size with these 9, 4 bytes plain size, data. The checksum
is written, but not verified when read: on one machine it guards against nothing, and costs more than everything else.
"""

from __future__ import annotations

import struct

import lz4.block
import zstandard

from deploy.clickhouse.cityhash import city_hash_128
from deploy.clickhouse.errors import Code, error

LZ4, ZSTD, NONE = 0x82, 0x90, 0x02
LARGEST = 1 << 30  # ClickHouse's limit of a block
_HEAD = struct.Struct("<BII")
_CHECKSUM = 16


class BlockDecoder:
    """Blocks to plain bytes."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> bytes:
        """The plain bytes of all blocks that are complete with `data`."""
        self._held += data
        plain = []
        at = 0
        while len(self._held) - at >= _CHECKSUM + _HEAD.size:
            method, size, plain_size = _HEAD.unpack_from(self._held, at + _CHECKSUM)
            if not _HEAD.size <= size <= LARGEST or plain_size > LARGEST:
                raise error(
                    Code.CANNOT_DECOMPRESS, "The body of decompress=1 is not one of ClickHouse's compressed blocks."
                )
            end = at + _CHECKSUM + size
            if len(self._held) < end:
                break
            plain.append(_expand(method, bytes(self._held[at + _CHECKSUM + _HEAD.size : end]), plain_size))
            at = end
        del self._held[:at]
        return b"".join(plain)

    def finish(self) -> bytes:
        """Nothing; an error if a block is cut."""
        if self._held:
            raise error(Code.CANNOT_DECOMPRESS, "The body of decompress=1 ends in the middle of a block.")
        return b""


class BlockEncoder:
    """Plain bytes to LZ4 blocks."""

    def feed(self, data: bytes) -> bytes:
        """One block of `data`."""
        if not data:
            return b""
        packed: bytes = lz4.block.compress(data, store_size=False)
        block = _HEAD.pack(LZ4, len(packed) + _HEAD.size, len(data)) + packed
        return city_hash_128(block) + block

    def finish(self) -> bytes:
        """Nothing: every piece is a block."""
        return b""


def _expand(method: int, data: bytes, plain_size: int) -> bytes:
    try:
        if method == LZ4:
            return bytes(lz4.block.decompress(data, uncompressed_size=plain_size))
        if method == ZSTD:
            return bytes(zstandard.ZstdDecompressor().decompress(data, max_output_size=plain_size))
    except (lz4.block.LZ4BlockError, zstandard.ZstdError) as reason:
        raise error(Code.CANNOT_DECOMPRESS, f"Cannot decompress a block: {reason}.") from None
    if method == NONE:
        return data
    raise error(
        Code.UNKNOWN_COMPRESSION_METHOD, f"Codec {method:#x} is not supported in decompress=1: use LZ4, ZSTD or NONE."
    )
