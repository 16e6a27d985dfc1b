"""Format `rees46`: the CSV behaviour logs that REES46 publishes for shops.

    event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session

Prices are decimal without a currency: they are taken in the site's, rounded half up to its minor unit. A view is a
pageview, as the log has no page views. Visits are made from the events, not from `user_session`.
"""

import csv
from collections.abc import Iterator
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from hashlib import blake2b
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from ingest.currencies import minor_units
from ingest.importers.files import NotThisFormat, Progress, RawItem, Unreadable, lines, unreadable

_COLUMNS = (
    "event_time",
    "event_type",
    "product_id",
    "category_id",
    "category_code",
    "brand",
    "price",
    "user_id",
    "user_session",
)
_NAMES = {"view": "view_item", "cart": "add_to_cart", "remove_from_cart": "remove_from_cart", "purchase": "purchase"}
_CATEGORY_FIELDS = ("category", "category2", "category3", "category4", "category5")


class _Row(NamedTuple):
    event_id: str
    occurred_at: str
    name: str
    visitor: str
    session: str
    item: dict[str, str | int]


def read(path: Path, currency: str, progress: Progress) -> Iterator[RawItem | Unreadable]:
    """One item a line; purchase lines of one session and second that follow each other are one order."""
    for order, rows in groupby(_rows(path, currency, progress), _order_of):
        if order is None:
            for row in rows:
                yield row if isinstance(row, Unreadable) else _event(row)
        else:
            yield _purchase([row for row in rows if isinstance(row, _Row)])


def _order_of(row: _Row | Unreadable) -> tuple[str, str, str] | None:
    if isinstance(row, Unreadable) or row.name != "purchase":
        return None
    return row.visitor, row.session, row.occurred_at


def _rows(path: Path, currency: str, progress: Progress) -> Iterator[_Row | Unreadable]:
    columns: list[str] = []
    for number, line in lines(path, progress):
        try:
            cells = next(csv.reader([line.decode()]))
            if not columns:
                columns = cells
                if missing := set(_COLUMNS).difference(columns):
                    raise NotThisFormat(f"{path} has no column {', '.join(sorted(missing))}; its first line names them")
                continue
            yield _row(number, line, dict(zip(columns, cells, strict=True)), currency)
        except (ValueError, KeyError, InvalidOperation, csv.Error) as error:
            yield unreadable(number, f"this is not a line of rees46: {error}", line)


def _row(number: int, line: bytes, cells: dict[str, str], currency: str) -> _Row:
    time = datetime.fromisoformat(cells["event_time"].replace(" UTC", "+00:00"))
    if time.tzinfo is None:
        raise ValueError("event_time names no zone")
    item: dict[str, str | int] = {"item_id": cells["product_id"], "quantity": 1}
    if cells["price"]:
        item["price"] = int(minor_units(Decimal(cells["price"]), currency).quantize(Decimal(1), ROUND_HALF_UP))
    if cells["brand"]:
        item["brand"] = cells["brand"]
    if cells["category_code"]:
        item.update(zip(_CATEGORY_FIELDS, cells["category_code"].split("."), strict=False))
    if cells["category_id"]:
        item["category_id"] = cells["category_id"]
    return _Row(
        event_id=blake2b(b"%d %s" % (number, line), digest_size=16).hexdigest(),
        occurred_at=time.isoformat(),
        name=_NAMES[cells["event_type"]],
        visitor=cells["user_id"],
        session=cells["user_session"],
        item=item,
    )


def _event(row: _Row) -> RawItem:
    item: RawItem = {
        "event_id": row.event_id,
        "visitor_id": row.visitor,
        "name": row.name,
        "occurred_at": row.occurred_at,
        "items": [row.item],
    }
    if row.name == "view_item":
        item["pageview"] = True
    return item


def _purchase(rows: list[_Row]) -> RawItem:
    """One order of all the rows; the same product at the same price becomes one item of several units."""
    items: dict[tuple[object, object], dict[str, str | int]] = {}
    for row in rows:
        key = row.item["item_id"], row.item.get("price")
        if key in items:
            items[key]["quantity"] = int(items[key]["quantity"]) + 1
        else:
            items[key] = dict(row.item)
    return {**_event(rows[0]), "transaction_id": rows[0].event_id, "items": list(items.values())}
