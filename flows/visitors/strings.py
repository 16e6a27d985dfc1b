"""Strings as small integers, within one shard."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import repeat

import numpy as np
import pyarrow as pa

from flows.visitors.tables import Ints


class Interner:
    """A string (or tuple of strings) <-> code table; code 0 is ''."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {"": 0}
        self.strings: list[str] = [""]

    def __len__(self) -> int:
        return len(self.strings)

    def codes(self, strings: Iterable[str]) -> Ints:
        """Codes of many strings, shape (n,)."""
        wanted = list(strings)
        found = np.fromiter(map(self._codes.get, wanted, repeat(-1)), np.int64, len(wanted))
        unknown = np.flatnonzero(found < 0)
        if len(unknown):
            strangers = [wanted[i] for i in unknown.tolist()]
            new = dict.fromkeys(strangers)
            self._codes.update(zip(new, range(len(self.strings), len(self.strings) + len(new)), strict=True))
            self.strings.extend(new)
            found[unknown] = np.fromiter(map(self._codes.__getitem__, strangers), np.int64, len(strangers))
        return found

    def codes_of(self, column: pa.Array | pa.ChunkedArray) -> Ints:
        """Codes of an Arrow string (or dictionary) column without nulls, shape (n,)."""
        if not len(column):
            return np.empty(0, np.int64)
        if isinstance(column, pa.ChunkedArray):
            column = column.combine_chunks()
        if not isinstance(column, pa.DictionaryArray):
            column = column.dictionary_encode()
        found: Ints = self.codes(column.dictionary.to_pylist())[column.indices.to_numpy()]
        return found

    def take(self, codes: Ints) -> pa.Array:
        """The strings of codes, as an Arrow string array."""
        if not len(codes):
            return pa.array([], pa.string())
        used, inverse = np.unique(codes, return_inverse=True)
        words = pa.array([self.strings[c] for c in used], pa.string())
        return words.take(pa.array(inverse))

    def keep(self, used: Ints) -> Ints:
        """Forget all codes but `used`; returns old code -> new code, shape (old length,)."""
        strings = [self.strings[c] for c in np.union1d(used, [0])]
        moved = np.zeros(len(self.strings), np.int64)
        moved[np.union1d(used, [0])] = np.arange(len(strings))
        self.strings, self._codes = strings, {s: i for i, s in enumerate(strings)}
        return moved
