"""Events of one shard as columns: what the engine takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flows.visitors.strings import Interner
from flows.visitors.tables import Array, Ints

Bools = npt.NDArray[np.bool_]

JOINT = "\x1f"
"""Joins the columns of a device or an entry into one string; the door lets no control character in."""

DEVICE = ("environment", "os", "browser", "app_version")
ENTRY = (
    "url", "referrer", "search_keyword", "channel", "utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content",
)  # fmt: skip

VIEW, ADD, REMOVE, PURCHASE, REFUND, SEARCH, LOGOUT, OTHER = range(8)
NAMES = ("view_item", "add_to_cart", "remove_from_cart", "purchase", "refund", "search", "logout")
"""The names that mean something to the state, in the order of their codes; every other one is OTHER."""


@dataclass(frozen=True)
class Words:
    """A string column, dictionary encoded: `words[codes[i]]` is the string of row i."""

    codes: Ints
    words: list[str]

    @staticmethod
    def of(column: pa.Array) -> Words:
        """Of an Arrow string array; null counts as ''."""
        encoded = pc.fill_null(column, "").dictionary_encode()
        return Words(encoded.indices.to_numpy().astype(np.int64), encoded.dictionary.to_pylist())

    def are(self, *wanted: str) -> Ints:
        """Where each of `wanted` stands in it, as codes to compare with; rows of other words get len(wanted)."""
        place = {word: i for i, word in enumerate(wanted)}
        table = np.fromiter((place.get(w, len(wanted)) for w in self.words), np.int64, len(self.words))
        return table[self.codes] if len(self.words) else np.empty(0, np.int64)

    def present(self) -> Bools:
        """Where the string is not ''."""
        there = np.fromiter((word != "" for word in self.words), np.bool_, len(self.words))
        return there[self.codes] if len(self.words) else np.zeros(0, np.bool_)


@dataclass(frozen=True)
class Items:
    """Item lines of the batch, shape (m,) each; lines of one event and item are one line."""

    row: Ints  # the event's row in the batch
    item: Words
    category: Words
    quantity: Ints
    price: Ints  # minor units; -1 where not told


@dataclass(frozen=True)
class Batch:
    """Non-bot events of one shard in log order, shape (n,) each.

    `table` holds the log's columns (Arrow, rows the same) for the few rows whose strings are needed.
    """

    table: pa.Table
    offset: Ints
    occurred_at: Ints
    event_id: Array  # S64
    name: Ints
    pageview: Bools
    visitor: Words  # site_id/visitor_id
    member: Words  # member id
    device: Words
    url: Words
    title: Words
    search: Words
    items: Items

    def __len__(self) -> int:
        return len(self.offset)

    @cached_property
    def first_item(self) -> Ints:
        """Row of the first item line of each event, -1 without, shape (n,)."""
        first = np.full(len(self), -1, np.int64)
        first[self.items.row[::-1]] = np.arange(len(self.items.row))[::-1]
        return first

    def entries(self, rows: Ints) -> Words:
        """Acquisition of some rows, its columns joined."""
        table = self.table.select(ENTRY).take(pa.array(rows))
        return Words.of(joined([column.combine_chunks() for column in table.columns]))

    def records(self, rows: Ints, columns: Sequence[str]) -> list[dict[str, Any]]:
        """Some rows as dictionaries."""
        found: list[dict[str, Any]] = self.table.select(columns).take(pa.array(rows)).to_pylist()
        return found


def column_of(table: pa.Table, name: str) -> pa.Array:
    """A column of a table in one piece; not copied if it is."""
    column = table[name]
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def joined(columns: Sequence[pa.Array]) -> pa.Array:
    """String columns joined into one, by JOINT; '' where all are absent."""
    text = pc.binary_join_element_wise(*(pc.fill_null(column, "") for column in columns), JOINT)
    return pc.if_else(pc.equal(text, JOINT * (len(columns) - 1)), "", text)


def split(words: Sequence[str], columns: Sequence[str]) -> dict[str, pa.Array]:
    """The columns that `joined` made each of `words` of."""
    absent = JOINT * (len(columns) - 1)
    parts = [(word or absent).split(JOINT) for word in words]
    return {name: pa.array([part[i] for part in parts], pa.string()) for i, name in enumerate(columns)}


def intern_used(interner: Interner, words: Words, rows: Ints) -> Ints:
    """Codes of a word column at some rows; only words that occur there are interned."""
    if not len(rows):
        return np.empty(0, np.int64)
    used = np.unique(words.codes[rows])
    table = np.zeros(len(words.words), np.int64)
    table[used] = interner.codes(words.words[i] for i in used.tolist())
    return table[words.codes[rows]]
