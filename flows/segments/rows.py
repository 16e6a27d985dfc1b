"""Rows of `visitors` as numpy columns: one conversion a column, kept for the next segment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Integers:
    """numbers: int64, 0 where NULL; valid: False where NULL, or None when there is no NULL."""

    numbers: Ints
    valid: Bools | None


class Column:
    """A flat Arrow array of `size` values, read as integers (times: epoch milliseconds) or as bytes."""

    def __init__(self, array: pa.Array) -> None:
        self.array = array
        self.size = len(array)
        self._integers: Integers | None = None
        self._texts: pa.Array | None = None

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

    def texts(self) -> pa.Array:
        """large_binary values, b'' where NULL: bytes need not be UTF-8."""
        if self._texts is None:
            array = self.array
            if pa.types.is_dictionary(array.type):
                array = array.dictionary_decode()
            array = array.cast(pa.large_binary())
            self._texts = array.fill_null(b"") if array.null_count else array
        return self._texts


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
