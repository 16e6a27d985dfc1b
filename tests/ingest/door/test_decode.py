"""Bodies as they come over the wire, whole, packed, broken in places."""

import gzip
import zlib

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.door import BodyRefused, Broken, decode_body
from ingest.vocabulary import BODY_BYTES_MAX, Reason

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def reasons(items: list[object]) -> list[str | None]:
    return [item.reason if isinstance(item, Broken) else None for item in items]


def refused(body: bytes, encoding: str = "") -> Reason:
    with pytest.raises(BodyRefused) as caught:
        decode_body(body, "application/json", encoding)
    return caught.value.reason


def test_an_array_an_object_and_lines_are_understood_by_their_looks() -> None:
    assert decode_body(b'[{"a":1},{"b":2}]') == [{"a": 1}, {"b": 2}]
    assert decode_body(b'  {"a":1}\n') == [{"a": 1}]
    assert decode_body(b'{"a":1}\n\r\n{"b":2}\r\n') == [{"a": 1}, {"b": 2}]
    assert decode_body(b"[]") == []
    assert decode_body(b'\xef\xbb\xbf{"a":1}') == [{"a": 1}]


def test_lines_are_lines_when_their_type_says_so() -> None:
    assert decode_body(b'[1]\n{"a":2}', "application/x-ndjson; charset=utf-8") == [[1], {"a": 2}]


def test_packed_bodies_are_unpacked() -> None:
    body = b'[{"a":1}]'
    assert decode_body(gzip.compress(body), "", "gzip") == [{"a": 1}]
    assert decode_body(gzip.compress(body[:4]) + gzip.compress(body[4:]), "", "GZIP ") == [{"a": 1}]
    assert decode_body(zlib.compress(body), "", "deflate") == [{"a": 1}]
    assert decode_body(body, "", "identity") == [{"a": 1}]


def test_bodies_that_are_not_what_their_encoding_says_are_refused() -> None:
    packed = gzip.compress(b'[{"a":1}]')
    assert refused(b"[]", "gzip") is Reason.BAD_COMPRESSION
    assert refused(packed[:-3], "gzip") is Reason.BAD_COMPRESSION
    assert refused(packed + b"rest", "gzip") is Reason.BAD_COMPRESSION
    assert refused(b"[]", "br") is Reason.UNSUPPORTED_ENCODING


def test_an_empty_body_is_refused() -> None:
    assert refused(b"") is refused(b" \r\n ") is refused(gzip.compress(b""), "gzip") is Reason.EMPTY_BODY


def test_a_body_over_the_limit_is_refused_also_when_it_is_packed_small() -> None:
    assert refused(b"[" + b" " * BODY_BYTES_MAX + b"]") is Reason.BODY_TOO_LARGE
    assert refused(gzip.compress(b" " * 200_000_000, 1), "gzip") is Reason.BODY_TOO_LARGE
    members = gzip.compress(b" " * 600_000) * 2
    assert refused(members, "gzip") is Reason.BODY_TOO_LARGE
    assert decode_body(b"[" + b" " * (BODY_BYTES_MAX - 2) + b"]") == []


@pytest.mark.parametrize("body", [b"[" + b"1," * 2_000 + b"1]", b"[" + b"," * 900_000 + b"]", b"1\n" * 2_001])
def test_a_body_of_thousands_of_items_is_refused_as_a_whole(body: bytes) -> None:
    assert refused(body) is Reason.FAR_TOO_MANY_ITEMS
    assert len(decode_body(b"1\n" * 2_000)) == 2_000


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (b'{"a": }', Reason.BROKEN_JSON),
        (b"{", Reason.BROKEN_JSON),
        (b"", Reason.BROKEN_JSON),
        (b"nonsense", Reason.BROKEN_JSON),
        (b'{"a":1}}', Reason.BROKEN_JSON),
        (b'{"value": NaN}', Reason.NOT_A_NUMBER),
        (b'{"value": -Infinity}', Reason.NOT_A_NUMBER),
        (b'{"title": "\xff\xfe"}', Reason.INVALID_TEXT),
        (b'{"title": "\\ud800"}', Reason.INVALID_TEXT),
        (b'{"a":' * 2_000 + b"1" + b"}" * 2_000, Reason.TOO_DEEP),
        (b"[" * 100_000 + b"]" * 100_000, Reason.TOO_DEEP),
    ],
)
def test_a_broken_item_leaves_its_neighbours_unharmed(broken: bytes, reason: Reason) -> None:
    before, after = b'{"note": "a, ]} \\" [b"}', b'{"c": [1, {"d": "}"}]}'
    good = [orjson.loads(before), orjson.loads(after)]
    lines = decode_body(before + b"\n" + (broken or b"?") + b"\n" + after, "application/x-ndjson")
    assert reasons(lines) == [None, reason, None]
    if broken in (b"{", b'{"a":1}}'):
        return  # in an array these change what the commas after them mean
    array = decode_body(b"[" + before + b" , " + broken + b"," + after + b"]")
    assert reasons(array) == [None, reason, None]
    assert [array[0], array[2]] == good == [lines[0], lines[2]]


def test_an_array_cut_off_in_the_middle_keeps_what_came_whole() -> None:
    items = decode_body(b'[{"a":1},{"b":2},{"c":"unfinis')
    assert items[:2] == [{"a": 1}, {"b": 2}]
    assert reasons(items[2:]) == [Reason.BROKEN_JSON]
    assert reasons(decode_body(b'[{"a":1}] trailing')) == [None, Reason.BROKEN_JSON]


def test_a_single_broken_item_says_what_is_wrong() -> None:
    (item,) = decode_body(b'{"a": tru}')
    assert isinstance(item, Broken)
    assert item.text == '{"a": tru}'
    assert "column" in item.detail


def test_a_broken_text_is_kept_in_part_only() -> None:
    (item,) = decode_body(b'{"a": "' + b"x" * 900_000)
    assert isinstance(item, Broken)
    assert len(item.text) <= 40_000


@given(st.lists(JSON))
def test_arrays_and_lines_give_back_what_was_written(values: list[object]) -> None:
    if values:
        assert decode_body(orjson.dumps(values)) == values
        lines = b"\n".join(orjson.dumps(value) for value in values)
        assert decode_body(lines, "application/x-ndjson") == values


@given(st.lists(JSON, min_size=1, max_size=5), st.integers(0, 5))
def test_cutting_a_broken_array_finds_every_sound_item(values: list[object], position: int) -> None:
    pieces: list[bytes] = [orjson.dumps(value) for value in values]
    pieces.insert(position, b"NaN")
    items = decode_body(b"[" + b",".join(pieces) + b"]")
    position = min(position, len(values))
    assert reasons(items)[position] is Reason.NOT_A_NUMBER
    assert items[:position] + items[position + 1 :] == values


@given(
    st.binary(max_size=300) | st.text(alphabet='[]{}",:\\ \n1aN').map(str.encode),
    st.sampled_from(["", "gzip", "deflate"]),
)
def test_any_bytes_are_either_refused_or_read(body: bytes, encoding: str) -> None:
    try:
        items = decode_body(body, "", encoding)
    except BodyRefused:
        return
    assert isinstance(items, list)
