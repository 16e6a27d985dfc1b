"""Whatever another program writes into the log, the flow goes on: what the engine can't hold is refused, with its reason."""

import random

import numpy as np
import orjson
import pytest

from flows.decode import batch_of, decode
from ingest.vocabulary import EARLIEST_MS, LATEST_MS, MONEY_MAX, QUANTITY_MAX

AT = 1_767_225_600_000
LINE = {"item_id": "i", "price": 10, "quantity": 2, "category": "bags"}
EVENT = {
    "site_id": "shop", "visitor_id": "v", "event_id": "e1", "name": "view_item", "occurred_at": AT, "received_at": AT,
    "items": [LINE],
}  # fmt: skip


def decoded(*records):
    raw = [r if isinstance(r, bytes) else orjson.dumps(r) for r in records]
    return decode(b"".join(r + b"\n" for r in raw), np.arange(1, len(raw) + 1))


def items(**fields):
    return {"items": [LINE, LINE | fields]}


REFUSED = [
    ({"site_id": ""}, "bad_site_id"),
    ({"site_id": "a/b"}, "bad_site_id"),
    ({"site_id": "s" * 65}, "bad_site_id"),
    ({"visitor_id": ""}, "missing_visitor_id"),
    ({"visitor_id": "가" * 43}, "id_too_long"),
    ({"event_id": ""}, "missing_event_id"),
    ({"event_id": "e" * 65}, "id_too_long"),
    ({"event_id": "e\0"}, "control_character_in_id"),
    ({"visitor_id": "a\nb"}, "control_character_in_id"),
    ({"transaction_id": "t\x1e"}, "control_character_in_id"),
    ({"name": ""}, "missing_name"),
    ({"name": "n" * 65}, "bad_name"),
    ({"occurred_at": 0}, "bad_time"),
    ({"occurred_at": AT // 1000}, "bad_time"),
    ({"received_at": LATEST_MS + 1}, "bad_time"),
    ({"received_at": -(1 << 63)}, "bad_time"),
    ({"sent_at": 1 << 62}, "bad_time"),
    ({"occurred_at": AT + 86_400_001}, "in_the_future"),
    ({"value": -1}, "negative_money"),
    ({"value": MONEY_MAX + 1}, "out_of_range"),
    ({"title": "t" * 8_001}, "text_too_long"),
    ({"properties": "{" + " " * 40_000 + "}"}, "properties_too_large"),
    ({"items": [LINE] * 201}, "too_many_items"),
    (items(price=-5), "negative_money"),
    (items(price=MONEY_MAX + 1), "out_of_range"),
    (items(quantity=-5), "negative_quantity"),
    (items(quantity=QUANTITY_MAX + 1), "out_of_range"),
    (items(price=MONEY_MAX, quantity=QUANTITY_MAX), "out_of_range"),
    (items(item_id=""), "missing_item_id"),
    (items(item_id=None), "missing_item_id"),
    ({"items": [None]}, "missing_item_id"),
    (items(brand="b" * 8_001), "text_too_long"),
]


@pytest.mark.parametrize(("changes", "reason"), REFUSED)
def test_what_the_engine_cannot_hold_is_refused_and_harms_no_neighbour(changes, reason):
    found = decoded(EVENT, EVENT | changes, EVENT | {"event_id": "e3"})
    assert found.events["event_id"].to_pylist() == ["e1", "e3"]
    assert found.offsets.tolist() == [1, 3]
    assert len(batch_of(found.events, found.offsets)) == 2
    (rejected,) = found.internal
    told = orjson.loads(rejected.payload)
    assert (rejected.kind, rejected.offset) == ("rejected", 2)
    assert told["reason"] == reason.replace("negative_quantity", "out_of_range")
    assert told["detail"]
    assert orjson.loads(told["event"]) if len(told["event"]) < 10_000 else told["event"]
    assert rejected.received_at == 0 or EARLIEST_MS <= rejected.received_at <= LATEST_MS


AT_THE_LIMIT = EVENT | {
    "visitor_id": "v" * 128, "event_id": "e" * 64, "value": MONEY_MAX, "occurred_at": EARLIEST_MS, "received_at": LATEST_MS,
    "title": "가" * 2_000, "sent_at": LATEST_MS, "transaction_id": "주문/1",
    "items": [LINE | {"price": MONEY_MAX, "quantity": 1}, {"item_id": "b", "quantity": QUANTITY_MAX}] + [{"item_id": "c"}] * 198,
}  # fmt: skip


def test_what_is_just_within_the_limits_is_taken():
    found = decoded(EVENT, AT_THE_LIMIT, EVENT | {"items": []}, {k: v for k, v in EVENT.items() if k != "items"})
    assert len(found.events) == 4
    assert not found.internal


def test_several_things_wrong_make_one_rejection():
    found = decoded(EVENT | {"value": -1, "site_id": "", "event_id": ""}, EVENT | {"value": -1})
    assert [r.offset for r in found.internal] == [1, 2]
    assert not len(found.events)


@pytest.mark.parametrize(
    "line",
    [
        orjson.dumps(EVENT).replace(b'"v"', b'"\xff\xfe"'),
        orjson.dumps(EVENT).replace(b'"shop"', b'"\\ud800"'),
        orjson.dumps(EVENT | {"title": "x"}).replace(b'"x"', b'"\xed\xa0\x80"'),
        orjson.dumps(EVENT | {"received_at": 1}).replace(b'"received_at":1', b'"received_at":1e400'),
        orjson.dumps(EVENT | {"value": 1}).replace(b'"value":1', b'"value":99999999999999999999'),
    ],
)
def test_bytes_that_are_no_text_and_numbers_that_are_none_are_broken_lines(line):
    found = decoded(EVENT, line, EVENT | {"event_id": "e3"})
    assert found.events["event_id"].to_pylist() == ["e1", "e3"]
    assert [b.offset for b in found.broken] == [2]


def test_the_character_columns_are_joined_with_is_a_space_however_it_is_written():
    line = orjson.dumps(EVENT | {"title": "a?b", "url": "c\x1fd"}).replace(b"?", b"\x1f")
    found = decoded(line)
    for broken in found.broken:
        assert broken.offset == 1
    if len(found.events):
        assert found.events["title"].to_pylist() == ["a b"]
        assert found.events["url"].to_pylist() == ["c d"]


@pytest.mark.parametrize("seed", range(20))
def test_no_mixture_of_good_and_bad_raises(seed):
    chance = random.Random(seed)
    records, bad = [], 0
    for number in range(60):
        record = EVENT | {"event_id": f"e{number}"}
        for changes, _ in chance.sample(REFUSED, chance.choice([0, 0, 0, 1, 3])):
            record = record | changes
            bad += 1
        records.append(record)
    found = decoded(*records)
    assert len(found.events) + len(found.internal) + len(found.broken) == 60
    assert sorted([*found.offsets.tolist(), *(r.offset for r in found.internal)]) == list(range(1, 61))
    batch_of(found.events, found.offsets)
