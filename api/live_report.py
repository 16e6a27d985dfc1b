"""Live Report: reads sums and product lists, and lays segment and site side by side."""

from __future__ import annotations

from dataclasses import dataclass

from api.asked import Asked, with_segment
from api.reports import Sums, sums_of
from api.schemas import Top, TopProduct
from api.times import WINDOW_MS, Window
from sql.store import Store

TOP = 7


@dataclass(frozen=True)
class Read:
    """What was read for a report; the site includes the segment."""

    segment: Sums
    site: Sums
    top: Top


def read_report(store: Store, site_id: str, window: Window, asked: Asked, now: int, online_minutes: int) -> Read:
    """Sums and lists of one window. Orders and revenue are those of the window's visits, net of refunds."""
    bound = {"site_id": site_id, "since": now - WINDOW_MS[window]}
    sql, params = with_segment(store.text("live_report"), asked, now, online_minutes)
    sums = {row["side"]: sums_of(row) for row in store.rows_of(sql, {**params, **bound})}
    segment = sums.get(1, Sums())
    sql, params = with_segment(store.text("live_top"), asked, now, online_minutes)
    lists: dict[str, list[TopProduct]] = {"purchased": [], "carted": [], "in_cart": []}
    for line in store.rows_of(sql, {**params, **bound, "size": TOP}):
        product = TopProduct(
            item_id=line["item_id"], item_name=line["item_name"] or None, units=line["units"], orders=line["orders"]
        )
        lists[line["list"]].append(product)
    return Read(segment, segment.plus(sums.get(0, Sums())), Top(**lists))
