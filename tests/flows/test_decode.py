"""Log lines -> columns; what can't be read is told apart and harms no neighbour."""

import numpy as np
import orjson
import pytest

from flows.decode import batch_of, decode, fixed_width, stretches
from flows.visitors.batch import ADD, OTHER, VIEW

EVENT = {
    "site_id": "s", "visitor_id": "v", "event_id": "e1", "name": "view_item", "bot": False,
    "occurred_at": 1_767_225_600_005, "received_at": 1_767_225_600_006,
    "items": [{"item_id": "i", "price": 10, "quantity": 2, "category": "bags"}],
}  # fmt: skip


def lines(*records):
    raw = [r if isinstance(r, bytes) else orjson.dumps(r) for r in records]
    return b"".join(r + b"\n" for r in raw), np.arange(1, len(raw) + 1)


def test_events_become_columns():
    decoded = decode(
        *lines(EVENT, EVENT | {"event_id": "e2", "name": "add_to_cart"}, EVENT | {"event_id": "e3", "name": "x"})
    )
    batch = batch_of(decoded.events, decoded.offsets)
    assert batch.name.tolist() == [VIEW, ADD, OTHER]
    assert batch.event_id.tolist() == [b"e1", b"e2", b"e3"]
    assert batch.visitor.words == ["s/v"]
    assert batch.items.quantity.tolist() == [2, 2, 2]


@pytest.mark.parametrize(
    "bad", [b"{", b"[]", b"null", b'"text"', b'{"site_id": 5}', b'{"items": {"item_id": 1}}', b"\xff\xfe", b"{}", b""]
)
def test_a_bad_line_harms_no_neighbour(bad):
    decoded = decode(*lines(EVENT, bad, EVENT | {"event_id": "e2"}))
    assert decoded.events["event_id"].to_pylist() == ["e1", "e2"]
    assert decoded.offsets.tolist() == [1, 3]
    assert [b.offset for b in decoded.broken] == [2]


def test_records_between_shards_are_no_events():
    decoded = decode(*lines(EVENT, {"kind": "order", "site_id": "s", "payload": "{}"}))
    assert len(decoded.events) == 1
    assert [(r.kind, r.offset, r.site_id, r.payload) for r in decoded.internal] == [("order", 2, "s", "{}")]


def test_lines_of_one_item_are_one():
    items = [
        {"item_id": "a", "quantity": 1, "price": 5, "category": "x"},
        {"item_id": "b", "quantity": 1},
        {"item_id": "a", "quantity": 2, "category": "y"},
        {"item_id": "a", "quantity": 4, "price": 7},
    ]
    batch = batch_of(*(lambda d: (d.events, d.offsets))(decode(*lines(EVENT | {"items": items}))))
    found = batch.items
    assert [found.item.words[c] for c in found.item.codes] == ["a", "b"]
    assert found.quantity.tolist() == [7, 1]
    assert found.price.tolist() == [7, -1]
    assert [found.category.words[c] for c in found.category.codes] == ["y", ""]


def test_ids_are_fixed_width_bytes_whatever_slice_they_come_from():
    import pyarrow as pa

    ids = pa.array(["x", "", "가나", "a" * 64])
    assert fixed_width(ids[1:]).tolist() == [b"", "가나".encode(), b"a" * 64]


def test_a_block_is_cut_into_stretches():
    data, offsets = lines(*(EVENT | {"event_id": str(i)} for i in range(5)))
    cut = list(stretches(data, offsets, 2))
    assert [o.tolist() for _, o in cut] == [[1, 2], [3, 4], [5]]
    assert b"".join(part for part, _ in cut) == data
    assert not list(stretches(b"", offsets[:0], 2))
