"""Rows of `visitors` as numpy columns: one conversion a column, kept for the next segment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Integers:
    """numbers: int64, 0 where NULL; valid: False where NULL, or None when there is no NULL."""

    numbers: Ints
    valid: Bools | None


class Words:
    """Strings as numbers of the different ones among them: codes int64, `words[code]` is the string."""

    def __init__(self, codes: Ints, words: list[bytes]) -> None:
        self.codes = codes
        self.words = words
        self._index: dict[bytes, int] | None = None

    def code(self, word: bytes) -> int:
        """The code of a string, -1 if none is it."""
        if self._index is None:
            self._index = {known: code for code, known in enumerate(self.words)}
        return self._index.get(word, -1)

    def at(self, places: Ints) -> Words:
        """The strings at some places."""
        return Words(self.codes[places], self.words)

    def where(self, holds: Callable[[bytes], bool]) -> Bools:
        """Of which strings something holds; it is asked once for each different one."""
        found = np.fromiter(map(holds, self.words), dtype=np.bool_, count=len(self.words))
        return found[self.codes]

    def positions(self, wanted: Sequence[bytes]) -> Ints:
        """The place of each string among the wanted, -1 where it is none of them."""
        found = np.full(len(self.words), -1, dtype=np.int64)
        for place, word in enumerate(wanted):
            code = self.code(word)
            if code >= 0:
                found[code] = place
        return found[self.codes]


class Column:
    """A flat Arrow array of `size` values, read as integers (times: epoch milliseconds), as doubles or as strings."""

    def __init__(self, array: pa.Array) -> None:
        self.array = array
        self.size = len(array)
        self._integers: Integers | None = None
        self._reals: Reals | None = None
        self._words: Words | None = None

    def integers(self) -> Integers:
        """int64 values, wrapping above 2^63."""
        if self._integers is None:
            array = self.array
            valid = np.asarray(array.is_valid()) if array.null_count else None
            if pa.types.is_timestamp(array.type):
                array = array.cast(pa.timestamp("ms", array.type.tz), safe=False)
            array = array.cast(pa.int64(), safe=False)
            numbers = np.asarray(array.fill_null(0) if valid is not None else array)
            self._integers = Integers(numbers, valid)
        return self._integers

    def reals(self) -> Reals:
        """float64 values, 0 where NULL."""
        if self._reals is None:
            array = self.array.cast(pa.float64())
            self._reals = np.asarray(array.fill_null(0.0) if array.null_count else array)
        return self._reals

    def words(self) -> Words:
        """Strings as bytes (they need not be UTF-8), b'' where NULL."""
        if self._words is None:
            array = self.array
            if pa.types.is_dictionary(array.type):
                array = array.dictionary_decode()
            array = array.cast(pa.large_binary())
            encoded = (array.fill_null(b"") if array.null_count else array).dictionary_encode()
            self._words = Words(np.asarray(encoded.indices, dtype=np.int64), encoded.dictionary.to_pylist())
        return self._words


class Rows:
    """n rows with the columns of `visitors` (not all are needed: `meaning.columns_of` tells which).

    Times may be timestamps of any unit or integers in milliseconds, strings also dictionaries or binary.
    """

    def __init__(self, table: pa.Table | pa.RecordBatch) -> None:
        self.table = table
        self.size: int = table.num_rows
        self._columns: dict[str, Column] = {}
        self._elements: dict[str, tuple[Ints, Column]] = {}

    def column(self, name: str) -> Column:
        """A column with one value a row. Raises KeyError when the table has no such column."""
        if name not in self._columns:
            self._columns[name] = Column(self._whole(name))
        return self._columns[name]

    def elements(self, name: str) -> tuple[Ints, Column]:
        """An array column: (offsets of shape (n + 1,), the values of all rows one after the other)."""
        if name not in self._elements:
            array = self._whole(name)
            lengths = np.asarray(pc.list_value_length(array).fill_null(0), dtype=np.int64)
            offsets = np.zeros(self.size + 1, dtype=np.int64)
            np.cumsum(lengths, out=offsets[1:])
            self._elements[name] = (offsets, Column(array.flatten()))
        return self._elements[name]

    def _whole(self, name: str) -> pa.Array:
        column = self.table.column(name)
        return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
