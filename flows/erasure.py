"""Erase records: what the log carries when a person is to be forgotten, written here and read with care.

There are three kinds, each in the partition of the shard that has to forget something:

    erase_visitor   site/visitor       the stints of a visitor that belong to one person
    erase_person    site/member        the row of a member's person
    erase_order     site/transaction   the person's copies of a purchase and its refunds

A range holds the times `begin <= occurred_at < until`; OPEN as `until` is a stint that still goes on. A record may be repeated: the
second time there is nothing left to forget. What comes after it in its partition is not concerned.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from flows.records import Outgoing, key, outgoing, text
from ingest.vocabulary import LATEST_MS

VISITOR, PERSON, ORDER = "erase_visitor", "erase_person", "erase_order"
KINDS = (VISITOR, PERSON, ORDER)

OPEN = LATEST_MS + 1
"""Greater than any time an event may have."""


ERASED = "erased"
"""The kind of a line that was erased: nobody takes any notice of it."""

_BLANK = orjson.dumps({"kind": ERASED})


class Range(NamedTuple):
    """A stretch of a visitor's time line, epoch ms."""

    visitor_id: str
    begin: int
    until: int

    def holds(self, visitor_id: str, at: int) -> bool:
        """Whether what a visitor did at a time lies in it."""
        return visitor_id == self.visitor_id and self.begin <= at < self.until


Copy = tuple[str, str]
"""A purchase or refund: visitor_id and event_id."""


class ErasedVisitor(NamedTuple):
    """The stints of a visitor that belong to `member_id` ('' is nobody) and begin in the range, at the record's place in the log.

    Another member's stint may have begun in the range since it was asked for: it stays.
    """

    site_id: str
    visitor_id: str
    member_id: str
    begin: int
    until: int


class ErasedPerson(NamedTuple):
    """A member's person, with all its parts."""

    site_id: str
    member_id: str


class ErasedOrder(NamedTuple):
    """Copies and refunds of a transaction, by visitor and event."""

    site_id: str
    transaction_id: str
    copies: frozenset[Copy]

    def concerns(self, fact: Mapping[str, Any]) -> bool:
        """Whether an order fact is one of them."""
        return (fact["visitor_id"], fact["event_id"]) in self.copies


def visitor_of(payload: str) -> ErasedVisitor:
    """Reads an `erase_visitor`. Raises ValueError, KeyError or TypeError for what was not written here; so do the others."""
    told = orjson.loads(payload)
    begin, until = _range(told["from"], told["until"])
    return ErasedVisitor(
        key(told["site_id"]), text(told["visitor_id"]), text(told["member_id"], empty=True), begin, until
    )


def person_of(payload: str) -> ErasedPerson:
    """Reads an `erase_person`."""
    told = orjson.loads(payload)
    return ErasedPerson(key(told["site_id"]), text(told["member_id"]))


def order_of(payload: str) -> ErasedOrder:
    """Reads an `erase_order`."""
    told = orjson.loads(payload)
    copies = frozenset((text(visitor), text(event)) for visitor, event in told["copies"])
    return ErasedOrder(key(told["site_id"]), text(told["transaction_id"]), copies)


def records(
    site_id: str, member_id: str, stints: Iterable[Range], orders: Mapping[str, Iterable[Copy]], mark: str
) -> list[Outgoing]:
    """The records that erase a person: a member ('' is a visitor nobody knows), the stints, and copies by transaction.

    In this order: one for each stint, that of the member, one for each transaction. `mark` makes their lines unlike any other, so that
    they can be found in the log again.
    """
    out = [
        outgoing(
            f"{site_id}/{stint.visitor_id}",
            VISITOR,
            site_id,
            {
                "site_id": site_id, "visitor_id": stint.visitor_id, "member_id": member_id,
                "from": stint.begin, "until": stint.until, "mark": mark,
            },
        )
        for stint in stints
    ]  # fmt: skip
    if member_id:
        person = {"site_id": site_id, "member_id": member_id, "mark": mark}
        out.append(outgoing(f"{site_id}/{member_id}", PERSON, site_id, person))
    for transaction_id, copies in orders.items():
        order = {
            "site_id": site_id, "transaction_id": transaction_id, "copies": [list(copy) for copy in copies], "mark": mark
        }  # fmt: skip
        out.append(outgoing(f"{site_id}/{transaction_id}", ORDER, site_id, order))
    return out


def blank(length: int) -> bytes:
    """A line that says nothing, of so many bytes (without its newline), to stand where an erased one stood."""
    return (_BLANK if length >= len(_BLANK) else b"{}" if length > 1 else b"0").ljust(length)


def _range(begin: Any, until: Any) -> Sequence[int]:
    if type(begin) is not int or type(until) is not int or not 0 <= begin < until <= OPEN:
        raise ValueError("from and until are times, the first before the second")
    return begin, until
