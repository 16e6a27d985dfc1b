"""Erase records: what is written is read again, and nothing else is."""

from __future__ import annotations

import numpy as np
import orjson
import pytest

from flows.decode import decode
from flows.erasure import (
    OPEN,
    ErasedOrder,
    ErasedPerson,
    ErasedVisitor,
    Range,
    blank,
    order_of,
    person_of,
    records,
    visitor_of,
)

READ = {"erase_visitor": visitor_of, "erase_person": person_of, "erase_order": order_of}


def read(out: list) -> list:
    """What a flow reads of records, each with the key it was sent by."""
    lines = b"".join(record.line + b"\n" for record in out)
    decoded = decode(lines, np.arange(1, len(out) + 1))
    assert not decoded.broken
    assert not len(decoded.events)
    return [(out[i].key, READ[one.kind](one.payload)) for i, one in enumerate(decoded.internal)]


def test_a_member_is_erased_with_stints_person_and_orders() -> None:
    stints = [Range("v/1 é", 0, 500), Range("v2", 7, OPEN)]
    assert read(records("s", "m", stints, {"t": [("v2", "e1"), ("w", "e2")]}, "once")) == [
        ("s/v/1 é", ErasedVisitor("s", "v/1 é", "m", 0, 500)),
        ("s/v2", ErasedVisitor("s", "v2", "m", 7, OPEN)),
        ("s/m", ErasedPerson("s", "m")),
        ("s/t", ErasedOrder("s", "t", frozenset({("v2", "e1"), ("w", "e2")}))),
    ]


def test_who_is_no_member_has_no_person_of_a_member() -> None:
    assert read(records("s", "", [Range("v", 0, OPEN)], {}, "once")) == [
        ("s/v", ErasedVisitor("s", "v", "", 0, OPEN)),
    ]


def test_a_copy_is_concerned_by_visitor_and_event() -> None:
    order = ErasedOrder("s", "t", frozenset({("v", "e")}))
    told = [("v", "e"), ("v", "f"), ("w", "e")]
    assert [order.concerns({"visitor_id": v, "event_id": e}) for v, e in told] == [True, False, False]


def test_a_mark_makes_every_line_another_one() -> None:
    lines = {
        record.line for mark in "ab" for record in records("s", "m", [Range("v", 0, 1)], {"t": [("v", "e")]}, mark)
    }
    assert len(lines) == 6


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        (kind, {name: value})
        for kind, names in {
            "erase_visitor": ("site_id", "visitor_id", "member_id", "from", "until"),
            "erase_person": ("site_id", "member_id"),
            "erase_order": ("site_id", "transaction_id", "copies"),
        }.items()
        for name in names
        for value in (None, 1.5, ["x"], -1, "a/b" if name == "site_id" else True)
    ],
)
def test_what_was_not_written_here_is_refused(kind: str, wrong: dict) -> None:
    good = next(
        orjson.loads(orjson.loads(record.line)["payload"])
        for record in records("s", "m", [Range("v", 5, 6)], {"t": [("v", "e")]}, "x")
        if orjson.loads(record.line)["kind"] == kind
    )
    READ[kind](orjson.dumps(good).decode())
    with pytest.raises((ValueError, KeyError, TypeError)):
        READ[kind](orjson.dumps(good | wrong).decode())
    for name in wrong:
        with pytest.raises((ValueError, KeyError, TypeError)):
            READ[kind](orjson.dumps({key: value for key, value in good.items() if key != name}).decode())


@pytest.mark.parametrize("payload", ["", "null", "[]", "7", '"x"', "{"])
@pytest.mark.parametrize("kind", READ)
def test_other_json_is_refused(kind: str, payload: str) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        READ[kind](payload)


@pytest.mark.parametrize("length", [17, 18, 300, 100_000])
def test_a_blank_line_is_read_as_nothing_and_its_neighbours_stay(length: int) -> None:
    line = blank(length)
    assert len(line) == length
    event = {
        "site_id": "s",
        "visitor_id": "v",
        "event_id": "e",
        "name": "search",
        "occurred_at": 10**12,
        "received_at": 10**12,
    }
    neighbour = orjson.dumps(event) + b"\n"
    decoded = decode(neighbour + line + b"\n" + neighbour + line + b"\n", np.array([3, 5, 8, 9]))
    assert (decoded.internal, decoded.broken) == ([], [])
    assert decoded.offsets.tolist() == [3, 8]
    assert not len(decode(line + b"\n", np.array([3])).events)


@pytest.mark.parametrize("length", range(1, 17))
def test_a_line_too_short_to_say_so_is_json_all_the_same(length: int) -> None:
    assert len(blank(length)) == length
    orjson.loads(blank(length))
