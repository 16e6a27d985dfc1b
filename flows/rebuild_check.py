"""Live rows against rebuilt ones: where they differ, by column, with the first examples. `version` and `order_version`
are left out: another way to the same state has other offsets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from flows.lookup import AT_ONCE, Commit
from flows.rebuild_replay import TABLES, rebuilt
from sql.store import Store

EXAMPLES = 5
_KEYS = {
    "visitors": ("site_id", "visitor_id", "stint_start", "person"),
    "orders": ("site_id", "transaction_id"),
    "visits": ("site_id", "visitor_id", "start"),
}

Row = dict[str, Any]
Key = tuple[Any, ...]


@dataclass
class Differences:
    """What differs in one table."""

    table: str
    live_only: int = 0
    rebuilt_only: int = 0
    changed: int = 0  # rows in both
    columns: Counter[str] = field(default_factory=Counter)  # rows a column differs in
    examples: list[str] = field(default_factory=list)  # at most EXAMPLES, a line each

    def __bool__(self) -> bool:
        return bool(self.live_only or self.rebuilt_only or self.changed)

    def take(self, key: Key, live: Row | None, again: Row | None) -> None:
        """Compare one row."""
        name = "/".join(str(part) for part in key)
        if live is None or again is None:
            self.live_only += again is None
            self.rebuilt_only += live is None
            self._example(f"{name}: only {'rebuilt' if live is None else 'live'}")
            return
        differing = [column for column in live if live[column] != again[column]]
        self.changed += bool(differing)
        self.columns.update(differing)
        for column in differing:
            self._example(f"{name} {column}: live {_short(live[column])}, rebuilt {_short(again[column])}")

    def _example(self, line: str) -> None:
        if len(self.examples) < EXAMPLES:
            self.examples.append(line)


@dataclass(frozen=True)
class Comparison:
    """Result of a check. `ahead`: rows of visitors and people that are not compared: newer than the commit, because a flush was
    cut short (the flow will apply their last records again), or of people who have parts on their way."""

    visitors: int
    ahead: int
    tables: tuple[Differences, ...]

    @property
    def equal(self) -> bool:
        """Whether nothing differs."""
        return not any(self.tables)


def compare(
    store: Store, targets: Mapping[int, Commit], waiting: Collection[tuple[str, str]] = frozenset()
) -> Comparison:
    """Compare the live tables with those beside them, a shard at a time. `waiting`: people, as (site, member id), whose rows lack
    what stands in the log still; they are left out."""
    found = {name: Differences(name) for name in ("visitors", "orders", "visits")}
    visitors = ahead = 0
    for shard, target in targets.items():
        params = {"shard": shard, "committed": target.to_offset}
        counts = store.rows("rebuild_ahead", params)[0]
        visitors, ahead = visitors + counts["visitors"], ahead + counts["ahead"]
        for name in TABLES:
            keys = [tuple(row.values()) for row in store.rows(f"rebuild_differing_{name}", params)]
            if name == "visitors" and waiting:
                known = [key for key in keys if (key[0], key[3]) not in waiting]
                ahead, keys = ahead + len(keys) - len(known), known
            for key, live, again in _pairs(store, name, keys):
                found[name].take(key, live, again)
    return Comparison(visitors, ahead, tuple(found.values()))


def _pairs(store: Store, name: str, keys: list[Key]) -> Iterator[tuple[Key, Row | None, Row | None]]:
    for first in range(0, len(keys), AT_ONCE):
        page = keys[first : first + AT_ONCE]
        params = {"sites": [key[0] for key in page], "ids": [key[1] for key in page]}
        if name == "visitors":
            params["people"] = [key[3] for key in page]
        live, again = (_rows(store, name, table, params) for table in (name, rebuilt(name)))
        for key in page:
            yield key, live.get(key), again.get(key)


def _rows(store: Store, name: str, table: str, params: Mapping[str, object]) -> dict[Key, Row]:
    rows = store.arrow(f"rebuild_rows_{name}", {**params, "table": table}).to_pylist()
    return {tuple(_milliseconds(row[column]) for column in _KEYS[name]): row for row in rows}


def _milliseconds(value: Any) -> Any:
    return round(value.timestamp() * 1000) if hasattr(value, "timestamp") else value


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 80 else text[:79] + "…"
