"""Names of products as events tell them: rows of table `products`."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flows.visitors.batch import JOINT, Words
from flows.visitors.rows import TIME
from flows.visitors.tables import changed

REMEMBERED = 200_000
"""Products whose last row is remembered, so that it is not written again and again."""


class Products:
    """What a partition has told about products; `rows` gives what is new or changed."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, str], tuple[str, int]] = {}

    def rows(self, events: pa.Table) -> pa.Table | None:
        """Rows for the products that `events` (as decoded) name for the first time or differently; the last one tells."""
        events = events.filter(pc.invert(pc.fill_null(events["bot"], False)))
        items = events["items"].combine_chunks()
        lines, parent = items.flatten(), pc.list_parent_indices(items)
        named = pc.fill_null(pc.not_equal(lines.field("item_name"), ""), False).to_numpy(zero_copy_only=False)
        if not named.any():
            return None
        at = events["occurred_at"].combine_chunks().take(parent).to_numpy()
        item, site = Words.of(lines.field("item_id")), Words.of(events["site_id"].combine_chunks().take(parent))
        order = np.lexsort((at, item.codes, site.codes))
        order = order[named[order]]
        last = order[np.r_[changed(site.codes[order], item.codes[order])[1:], True]]
        lines = lines.take(pa.array(last))
        columns = {
            "site_id": pa.array([site.words[code] for code in site.codes[last].tolist()], pa.string()),
            **{name: pc.fill_null(lines.field(name), "") for name in ("item_id", "item_name", "category", "brand")},
            "price": lines.field("price"),
            "seen_at": pa.array(at[last]).cast(TIME),
        }
        texts = [columns[name] for name in ("item_name", "category", "brand")]
        price = pc.fill_null(columns["price"].cast(pa.string()), "")
        told = pc.binary_join_element_wise(*texts, price, JOINT).to_pylist()
        keys = zip(columns["site_id"].to_pylist(), columns["item_id"].to_pylist(), strict=True)
        news = [self._is_news(*news) for news in zip(keys, told, at[last].tolist(), strict=True)]
        if len(self._told) > REMEMBERED:
            self._told.clear()
        return pa.table(columns).filter(pa.array(news)) if any(news) else None

    def _is_news(self, key: tuple[str, str], told: str, seen_at: int) -> bool:
        before, last_at = self._told.get(key, ("", 0))
        if seen_at < last_at or told == before:
            return False
        self._told[key] = (told, seen_at)
        return True
