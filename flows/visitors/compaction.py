"""Dropping the rows and strings of forgotten visitors from a shard's tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from flows.visitors.seen import child_key
from flows.visitors.tables import NONE, Array, HashIndex, Ints, Table, chain, walk

if TYPE_CHECKING:
    from flows.visitors.shard import Shard


def compact(shard: Shard) -> None:
    """Keep living visitors only; slots, rows and codes move, and every reference to them with them."""
    v = shard.visitors
    slots = np.flatnonzero(v["alive"])
    children = {"visit": shard.visits, "product": shard.products, "search": shard.searches, "op": shard.ops}
    owners = {
        head: _keep_hanging(table, v[head][slots]) for head, table in (*children.items(), ("order", shard.orders))
    }
    line_owner = _keep_hanging(shard.lines, shard.orders["line"])
    moved = np.full(v.size, NONE)
    moved[slots] = np.arange(len(slots))
    v.keep(slots)
    there = v["earlier"] != NONE
    v["earlier"][there] = moved[v["earlier"][there]]
    for head, table in (*children.items(), ("order", shard.orders)):
        table["slot"][:] = owners[head]
        _hang(table, v[head], owners[head])
    _hang(shard.lines, shard.orders["line"], line_owner)
    shard.keys = [shard.keys[slot] for slot in slots.tolist()]
    last = np.ones(len(slots), np.bool_)
    last[v["earlier"][v["earlier"] != NONE]] = False
    shard.slots = {shard.keys[slot]: slot for slot in np.flatnonzero(last).tolist()}
    _keep_strings(shard)
    shard.product_index = _index(shard.products, "item")
    shard.search_index = _index(shard.searches, "item")
    shard.order_index = _index(shard.orders, "id")


def _keep_hanging(table: Table, heads: Array) -> Ints:
    """Keep the rows that hang from `heads`, each chain together and its far end first; the head of each row, by position."""
    rows, position = walk(table, heads.astype(np.int64))
    rows, position = rows[::-1], position[::-1]
    order = np.argsort(position, kind="stable")
    table.keep(rows[order])
    return position[order]


def _hang(table: Table, heads: Array, owners: Ints) -> None:
    heads[:] = NONE
    chain(table, heads, owners, np.arange(table.size))


def _index(table: Table, column: str) -> HashIndex:
    index = HashIndex(table.size)
    places, _ = index.insert(child_key(table["slot"], table[column]))
    index.assign(places, np.arange(table.size))
    return index


def _keep_strings(shard: Shard) -> None:
    v = shard.visitors
    used = (
        (shard.devices, [v["device"]]),
        (shard.entries, [v["first_entry"], shard.visits["entry"]]),
        (
            shard.words,
            [
                v["site"], v["member"], v["url"], v["title"], v["page_item"], shard.products["item"], shard.products["category"],
                shard.searches["item"], shard.ops["item"], shard.orders["id"], shard.lines["item"], shard.lines["category"],
            ],
        ),
    )  # fmt: skip
    for interner, columns in used:
        moved = interner.keep(np.concatenate(columns))
        for column in columns:
            column[:] = moved[column]
