"""Payloads of records between shards that no shard has sent raise, so that they are rejected."""

import orjson
import pytest

from flows.records import fact_of, order_of, rejection_of

ORDER = {
    "site_id": "s", "visitor_id": "v",
    "order": {"transaction_id": "t", "version": 3, "occurred_at": 5, "counted": True, "units": 1, "revenue": 10, "owner": True,
              "lines": [["i", "", 1]]},
}  # fmt: skip
FACT = {
    "site_id": "s", "visitor_id": "v", "event_id": "e", "name": "purchase", "occurred_at": 5, "transaction_id": "t", "value": 3,
    "items": [{"item_id": "i", "quantity": 0}, {"item_id": "j", "price": 5, "category": "c"}],
}  # fmt: skip
REJECTION = {"reason": "r", "detail": "", "event": ""}


def wrong(good, *changes):
    return [b"{", b"[]", b"5", b"{}", *(orjson.dumps(good | change) for change in changes)]


def test_what_shards_send_is_read():
    record = order_of(orjson.dumps(ORDER).decode(), 9)
    assert (record.key, record.offset, record.order) == ("s/v", 9, ORDER["order"])
    assert fact_of(orjson.dumps(FACT).decode()) == FACT
    assert rejection_of(orjson.dumps(REJECTION).decode()) == ("r", "", "")


@pytest.mark.parametrize(
    "payload",
    wrong(
        ORDER,
        {"site_id": ""},
        {"site_id": "a/b"},
        {"visitor_id": 5},
        {"order": 5},
        *({"order": ORDER["order"] | change} for change in (
            {"lines": [["i", ""]]}, {"lines": 5}, {"lines": [[1, 2, 3]]}, {"version": -1}, {"version": 1 << 63},
            {"units": 1.5}, {"counted": None}, {"revenue": "9"}, {"occurred_at": 1 << 60},
        )),
    ),
)  # fmt: skip
def test_an_order_that_is_none_raises(payload):
    with pytest.raises((ValueError, KeyError, TypeError)):
        order_of(payload.decode(), 1)


@pytest.mark.parametrize(
    "payload",
    wrong(
        FACT, {"name": "page_view"}, {"items": 5}, {"items": [5]}, {"items": [{}]}, {"value": 1 << 62}, {"currency": 5},
        {"items": [{"item_id": "i", "price": 10**12, "quantity": 2}]}, {"event_id": None}, {"items": [{"item_id": "i", "price": -1}]},
    ),
)  # fmt: skip
def test_a_fact_that_is_none_raises(payload):
    with pytest.raises((ValueError, KeyError, TypeError)):
        fact_of(payload.decode())


@pytest.mark.parametrize("payload", wrong(REJECTION, {"reason": 5}, {"detail": None}, {"event": {}}, {"reason": ""}))
def test_a_rejection_that_is_none_raises(payload):
    with pytest.raises((ValueError, KeyError, TypeError)):
        rejection_of(payload.decode())
