import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.clickhouse.blocks import BlockDecoder, BlockEncoder
from deploy.clickhouse.cityhash import city_hash_128
from deploy.clickhouse.compression import PREFERRED, Coder, choose, decoder, encoder
from deploy.clickhouse.errors import QueryError

PIECES = st.lists(st.binary(max_size=2000), max_size=5)


def through(coder: Coder, pieces: list[bytes]) -> bytes:
    return b"".join([coder.feed(piece) for piece in pieces]) + coder.finish()


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


@pytest.mark.parametrize("encoding", PREFERRED)
@given(pieces=PIECES, size=st.integers(1, 500))
def test_every_encoding_gives_back_what_went_in(encoding: str, pieces: list[bytes], size: int) -> None:
    packed = through(encoder(encoding), pieces)
    assert through(decoder(encoding), cut(packed, size)) == b"".join(pieces)


@pytest.mark.parametrize("encoding", PREFERRED)
def test_streams_in_a_row_are_one_body(encoding: str) -> None:
    packed = through(encoder(encoding), [b"one"]) + through(encoder(encoding), [b"two"])
    assert through(decoder(encoding), [packed]) == b"onetwo"


@pytest.mark.parametrize("encoding", PREFERRED)
def test_a_cut_or_broken_stream_is_an_error(encoding: str) -> None:
    packed = through(encoder(encoding), [b"x" * 10_000])
    with pytest.raises(QueryError):
        through(decoder(encoding), [packed[:-5]])
    with pytest.raises(QueryError):
        through(decoder(encoding), [b"this is not compressed"])


def test_an_encoding_without_a_library_is_named_in_the_error() -> None:
    with pytest.raises(QueryError, match="'br' is not supported: use one of zstd, lz4, gzip, deflate"):
        decoder("br")


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [("gzip, deflate, br", "gzip"), ("lz4,zstd,gzip", "zstd"), ("br", ""), ("", ""), ("gzip;q=0, lz4;q=0.5", "lz4")],
)
def test_the_answer_takes_the_best_encoding_that_is_accepted(accepted: str, chosen: str) -> None:
    assert choose(accepted) == chosen


@given(pieces=PIECES, size=st.integers(1, 500))
def test_blocks_give_back_what_went_in(pieces: list[bytes], size: int) -> None:
    packed = through(BlockEncoder(), pieces)
    assert through(BlockDecoder(), cut(packed, size)) == b"".join(pieces)


def test_a_cut_or_broken_block_is_an_error() -> None:
    packed = through(BlockEncoder(), [b"x" * 10_000])
    for broken in (packed[:-1], b"x" * 100, packed[:16] + b"\x77" + packed[17:]):
        with pytest.raises(QueryError):
            through(BlockDecoder(), [broken])


# Blocks as ClickHouse 26.9 wrote them into the files of a table: checksum, block.
BLOCKS = [
    (
        "607b5b8eabf9a065e092e6ac8c8e8027",
        "820b000000010000001078",
    ),
    (
        "70357a85fa534f0bde8c3b2523ad2cfc",
        "82130000000900000090818080808080808040",
    ),
    (
        "d084aabf8120fed7e4ea9216e93ab50d",
        "821b00000013000000310005000100b00300000000000000010203",
    ),
    (
        "d63933d5e077ffb1f013a48f1c678a2a",
        "82240000001f000000220100010012080700f00100000130013101320133013401350136",
    ),
    (
        "3cd7db48ec8cb69012354ac172f82cff",
        "823e0000003f00000031000500010011010600000800030a00101e0e004000000001010010020100f0050303030304040405"
        "050506060707080901020304",
    ),
    (
        "b3d3efa80af56a7d516ac499a6fc34de",
        "82ae000000400100001300010013010800130208001303080013040800130508001306080013070800130808001309080013"
        "0a0800130b0800130c0800130d0800130e0800130f0800131008001311080013120800131308001314080013150800131608"
        "00131708001318080013190800131a0800131b0800131c0800131d0800131e0800131f080013200800132108001322080013"
        "230800132408001325080013260800802700000000000000",
    ),
]


@pytest.mark.parametrize(("checksum", "block"), BLOCKS)
def test_the_checksum_is_the_one_clickhouse_writes(checksum: str, block: str) -> None:
    assert city_hash_128(bytes.fromhex(block)).hex() == checksum
