"""Format `retailrocket`: the CSV of the Retailrocket recommender dataset.

    timestamp,visitorid,event,itemid,transactionid

Times are epoch milliseconds, prices are not told, a view is a pageview. The file is in no order: it is read whole and
brought into order of time. Lines with one transaction id, wherever they stand, are one order, at the time of its first.
"""

from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from ingest.importers.files import NotThisFormat, Progress, RawItem, Unreadable, lines, unreadable

_HEADER = b"timestamp,visitorid,event,itemid,transactionid"
_NAMES = {"view": "view_item", "addtocart": "add_to_cart", "transaction": "purchase"}


class _Row(NamedTuple):
    occurred_at: int
    number: int
    line: bytes


def read(path: Path, currency: str, progress: Progress) -> Iterator[RawItem | Unreadable]:
    rows: list[_Row] = []
    orders: dict[str, list[_Row]] = {}
    headed = False
    for number, line in lines(path, progress):
        if not headed:
            if line != _HEADER:
                raise NotThisFormat(f"{path} must begin with the line {_HEADER.decode()}")
            headed = True
            continue
        complaint = _complaint(line)
        if complaint:
            yield unreadable(number, complaint, line)
            continue
        time, _, event, _, transaction = line.decode().split(",")
        row = _Row(int(time), number, line)
        if event == "transaction":
            orders.setdefault(transaction, []).append(row)
        else:
            rows.append(row)
    rows.extend(min(of_order) for of_order in orders.values())
    rows.sort()
    for row in rows:
        yield _item(row, orders)


def _complaint(line: bytes) -> str:
    cells = line.split(b",")
    if len(cells) != 5 or not line.isascii():
        return "five values are needed"
    time, visitor, event, item, transaction = (cell.decode() for cell in cells)
    if not (time.isdigit() and len(time) < 16):
        return f"timestamp {time!r} is no time"
    if event not in _NAMES:
        return f"event {event!r} is none of {', '.join(_NAMES)}"
    if not visitor or not item or (event == "transaction" and not transaction):
        return "visitor, item or transaction is missing"
    return ""


def _item(row: _Row, orders: dict[str, list[_Row]]) -> RawItem:
    _, visitor, event, item, transaction = row.line.decode().split(",")
    raw: RawItem = {
        "event_id": blake2b(b"%d %s" % (row.number, row.line), digest_size=16).hexdigest(),
        "visitor_id": visitor,
        "name": _NAMES[event],
        "occurred_at": row.occurred_at,
        "items": [{"item_id": item, "quantity": 1}],
    }
    if event == "view":
        raw["pageview"] = True
    elif event == "transaction":
        units: dict[str, int] = {}
        for line in sorted(orders[transaction]):
            bought = line.line.decode().split(",")[3]
            units[bought] = units.get(bought, 0) + 1
        raw["transaction_id"] = transaction
        raw["items"] = [{"item_id": item_id, "quantity": quantity} for item_id, quantity in units.items()]
    return raw
