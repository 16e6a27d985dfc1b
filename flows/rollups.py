"""Figures of both windows for each site, from a shard's state: rows of table `rollups`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from flows.visitors.limits import ONLINE, WINDOWS
from flows.visitors.people import People
from flows.visitors.shard import Shard
from flows.visitors.stints import NOBODY
from flows.visitors.tables import Ints, walk
from flows.visitors.visits import find_visit


def rollups_of(shard: Shard, people: People, number: int, shards: int, now: int, known: Sequence[str]) -> pa.Table:
    """One row a site and window, for every site of `known` too: the sum over shards is complete when all have told.

    A stint of a member adds its visits here; as a visitor his person counts, where that is kept.
    """
    v, visits, orders = shard.visitors, shard.visits, shard.orders
    slots = np.flatnonzero(v["alive"] & (v["last_seen"] > 0))
    codes, inverse = np.unique(v["site"][slots], return_inverse=True)
    names = [shard.words.strings[code] for code in codes.tolist()]
    spans = {"online": ONLINE, **WINDOWS}
    members = {span: people.seen_since(now - length) for span, length in spans.items()}
    sites = sorted({*names, *(name for counts in members.values() for name in counts if name), *known})
    site = np.array([sites.index(name) for name in names], np.int64)[inverse]
    n = len(sites)
    visit, owner = walk(visits, v["visit"][slots].astype(np.int64))
    start, end = visits["start"][visit], visits["end"][visit]
    order, buyer = walk(orders, v["order"][slots].astype(np.int64))
    keep = orders["counted"][order]
    order, buyer = order[keep], buyer[keep]
    found = find_visit(owner, start, end, buyer, orders["at"][order])
    inside = found >= 0
    order, buyer, found = order[inside], buyer[inside], found[inside]
    bought = np.zeros(len(visit), np.int64)
    np.add.at(bought, found, 1)
    last_seen, nobody = v["last_seen"][slots], v["member"][slots] == NOBODY

    def counted(span: str) -> Ints:
        counts = np.bincount(site[nobody & (last_seen >= now - spans[span])], minlength=n)
        return counts + np.array([members[span].get(name, 0) for name in sites], np.int64)

    def total(where: Ints, values: Ints) -> Ints:
        return np.bincount(where, values, n).astype(np.int64)

    rows = []
    online = counted("online")
    for window, span in WINDOWS.items():
        seen = end >= now - span
        where = site[owner[seen]]
        sold = end[found] >= now - span
        buyers = site[buyer[sold]]
        figures = {
            "online": online,
            "visitors": counted(window),
            "visits": np.bincount(where, minlength=n),
            "pageviews": total(where, visits["pageviews"][visit][seen]),
            "stay_ms": total(where, (end - start)[seen]),
            "converting_visits": np.bincount(site[owner[seen & (bought > 0)]], minlength=n),
            "orders": np.bincount(buyers, minlength=n),
            "units": total(buyers, orders["units"][order][sold]),
            "revenue": total(buyers, orders["revenue"][order][sold]),
        }
        rows.append(
            pa.table(
                {
                    "site_id": pa.array(sites, pa.string()),
                    "window": pa.array([window] * n, pa.string()),
                    "at": pa.array(np.full(n, now, np.int64)).cast(pa.timestamp("ms", "UTC")),
                    "shard": pa.array(np.full(n, number, np.uint16)),
                    "shards": pa.array(np.full(n, shards, np.uint16)),
                }
                | {
                    name: pa.array(values.astype(np.int64 if name in ("units", "revenue") else np.uint64))
                    for name, values in figures.items()
                }
            )
        )
    return pa.concat_tables(rows)
