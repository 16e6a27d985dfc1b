"""Parts travel through the log whole, the largest too, and what no shard could have sent is refused."""

import base64
import zlib

import numpy as np
import orjson
import pytest

from flows.decode import decode
from flows.parts import LARGE_BYTES, part_of, parts_of
from flows.visitors.rows import rows_of
from tests.flows.running import AT
from tests.laws.events import CURRENCIES
from tests.laws.machine import Machine

KAFKA_BYTES = 1_000_000


@pytest.mark.parametrize("orders", [1, 6_000])
def test_a_part_arrives_as_it_was_sent(orders):
    machine = Machine(CURRENCIES, 1, now=AT)
    for number in range(orders):
        machine.send(
            {
                "site_id": "alpha", "visitor_id": "v", "event_id": f"e{number}", "name": "purchase", "member_id": "m",
                "occurred_at": AT + number, "received_at": AT + number, "transaction_id": f"order-number-{number:09d}",
                "value": 1_000, "items": [{"item_id": f"item-{number}", "quantity": 1, "price": 1_000}],
            }
        )  # fmt: skip
    machine.drain()
    shard = machine.partitions[0].shard
    rows = rows_of(shard, np.array([shard.slots["alpha/v"]]), 0)
    (record,) = parts_of(rows, {("alpha/v", "m"): 77})
    assert record.key == "alpha/m"
    assert len(record.line) < KAFKA_BYTES
    (sent,) = decode(record.line + b"\n", np.array([5])).internal
    part = part_of(sent.payload, sent.offset)
    assert (part.key, part.offset, part.visitor_id, part.version) == ("alpha/m", 5, "v", 77)
    assert part.rows[0]["order_id"] == rows["order_id"].to_pylist()[0]
    assert len(part.rows[0]["order_id"]) == orders
    assert ("packed" in orjson.loads(sent.payload)) == (orders > 1)
    assert machine.people()["alpha", "m"]["orders"] == orders


def test_nothing_left_is_told_too():
    (record,) = parts_of([], {("s/v", "m"): 3})
    assert part_of(orjson.loads(record.line)["payload"], 1).rows == {}


@pytest.mark.parametrize(
    "packed",
    ["no base64!", base64.b64encode(b"no zlib").decode(), base64.b64encode(zlib.compress(bytes(100 << 20))).decode()],
)
def test_what_cannot_be_unpacked_is_refused(packed):
    told = {"site_id": "s", "member_id": "m", "visitor_id": "v", "version": 1, "packed": packed}
    with pytest.raises(ValueError, match=r"packed|base64|padding"):
        part_of(orjson.dumps(told).decode(), 1)


def test_a_record_is_packed_long_before_a_broker_refuses_it():
    assert LARGE_BYTES * 2 < KAFKA_BYTES
