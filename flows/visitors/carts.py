"""Cart operations -> carts (docs/architecture.md, Definitions)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flows.visitors.batch import Bools
from flows.visitors.tables import Array, Ints, changed, order_by, runs

CHANGE, EMPTY, FOLDED = 0, 1, 2
"""Kinds of operation: add or remove; empty; quantity folded from older ones."""

EVERY_ITEM = 0
"""Item code of an operation on the whole cart (the code of '')."""


@dataclass(frozen=True)
class Lines:
    """What is left of each (slot, item) that has operations, sorted by slot and item, shape (k,) each."""

    slot: Ints
    item: Ints
    quantity: Ints  # never negative
    price: Ints  # last one told since the quantity was last 0, -1 if none
    added_at: Ints  # last add; 0 if none
    last_at: Ints  # last operation
    last_event: Array  # S64


def fold(slot: Ints, item: Ints, at: Ints, event: Array, kind: Ints, delta: Ints, price: Ints) -> Lines:
    """Apply operations, shape (n,) each, in (at, event) order, the quantity never falling below zero.

    A walk that is held at zero ends at `S - min(0, min S)`, S being its free partial sums: no loop is needed.
    """
    order = order_by(slot, at, lambda rows: event[rows])
    slot, item, at, event, kind, delta, price = (c[order] for c in (slot, item, at, event, kind, delta, price))
    starts = runs(changed(slot))
    position = np.arange(len(slot))
    if len(starts):
        emptied = np.maximum.reduceat(np.where(item == EVERY_ITEM, position, -1), starts)
        after = position > np.repeat(emptied, np.diff(np.r_[starts, len(slot)]))
        slot, item, at, event, kind, delta, price = (c[after] for c in (slot, item, at, event, kind, delta, price))
    order = np.lexsort((item, slot))
    slot, item, at, event, kind, delta, price = (c[order] for c in (slot, item, at, event, kind, delta, price))
    line = changed(slot, item)
    starts = runs(line)
    if not len(starts):
        none = np.empty(0, np.int64)
        return Lines(none, none, none, none, none, none, np.empty(0, "S64"))
    ends = np.r_[starts[1:], len(slot)] - 1
    position = np.arange(len(slot))
    segments = runs(line | (kind == EMPTY))
    step = np.where(kind == EMPTY, 0, delta)
    total = np.cumsum(step)
    segment = np.searchsorted(segments, position, "right") - 1
    walk = total - (total[segments] - step[segments])[segment]
    lane = segment << 42  # keeps segments apart in one running minimum
    quantity = walk - np.minimum(0, np.minimum.accumulate(walk - lane) + lane)

    def last(where: Bools) -> Ints:
        return np.maximum.reduceat(np.where(where, position, -1), starts)

    told, added = last(price >= 0), last(delta > 0)
    told = np.where(told > last(quantity == 0), told, -1)  # an item that left the cart is forgotten, its price too
    return Lines(
        slot=slot[starts],
        item=item[starts],
        quantity=quantity[ends],
        price=np.where(told >= 0, price[told], -1),
        added_at=np.where(added >= 0, at[added], 0),
        last_at=at[ends],
        last_event=event[ends],
    )
