"""Names of products as events tell them: rows of table `products`."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flows.visitors.batch import JOINT, Words
from flows.visitors.rows import TIME

REMEMBERED = 200_000
"""Products whose last row is remembered, so that it is not written again and again."""


class Products:
    """What a partition has told about products; `rows` gives what is new or changed."""

    def __init__(self) -> None:
        self._told: dict[str, tuple[str, int]] = {}

    def rows(self, events: pa.Table) -> pa.Table | None:
        """Rows for the products that `events` (of table `events`, as decoded) name for the first time or differently."""
        events = events.filter(pc.invert(pc.fill_null(events["bot"], False)))
        items = events["items"].combine_chunks()
        lines = items.flatten()
        named = pc.fill_null(pc.not_equal(lines.field("item_name"), ""), False)
        parent = pc.list_parent_indices(items)
        if not pc.any(named).as_py():
            return None
        lines, parent = lines.filter(named), parent.filter(named)
        price = pc.fill_null(lines.field("price"), -1).cast(pa.string())
        text = [pc.fill_null(lines.field(name), "") for name in ("item_id", "item_name", "category", "brand")]
        told = Words.of(
            pc.binary_join_element_wise(events["site_id"].combine_chunks().take(parent), *text, price, JOINT)
        )
        at = events["occurred_at"].combine_chunks().take(parent).to_numpy()
        latest = np.zeros(len(told.words), np.int64)
        np.maximum.at(latest, told.codes, at)
        changed: dict[str, tuple[str, int]] = {}
        for word, seen_at in sorted(zip(told.words, latest.tolist(), strict=True), key=lambda pair: pair[1]):
            site_id, item_id, rest = word.split(JOINT, 2)
            key = site_id + JOINT + item_id
            before = self._told.get(key)
            if before is None or (seen_at >= before[1] and rest != before[0]):
                self._told[key] = changed[key] = (rest, seen_at)
        if len(self._told) > REMEMBERED:
            self._told.clear()
        return _table(changed) if changed else None


def _table(changed: dict[str, tuple[str, int]]) -> pa.Table:
    keys = [key.split(JOINT) for key in changed]
    parts = [rest.split(JOINT) for rest, _ in changed.values()]
    return pa.table(
        {
            "site_id": pa.array([key[0] for key in keys], pa.string()),
            "item_id": pa.array([key[1] for key in keys], pa.string()),
            "item_name": pa.array([part[0] for part in parts], pa.string()),
            "category": pa.array([part[1] for part in parts], pa.string()),
            "brand": pa.array([part[2] for part in parts], pa.string()),
            "price": pa.array([None if part[3] == "-1" else int(part[3]) for part in parts], pa.int64()),
            "seen_at": pa.array([seen_at for _, seen_at in changed.values()], pa.int64()).cast(TIME),
        }
    )
