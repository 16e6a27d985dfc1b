"""Format `otto`: sessions of the OTTO recommender dataset, `{"session", "events": [{"aid", "ts", "type"}]}` a line.

A session is a visitor, an `aid` an item; prices are not told. The log has no page views: a click is its view.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ingest.door import Broken, decode_item
from ingest.importers.files import Progress, RawItem, Unreadable, lines, unreadable

_NAMES = {"clicks": "view_item", "carts": "add_to_cart", "orders": "purchase"}


def read(path: Path, currency: str, progress: Progress) -> Iterator[RawItem | Unreadable]:
    """One item an event, with ids made of session and position, so that a repeated import changes nothing.

    Every order event is an order by itself: the log does not tell which were bought together.
    """
    for number, line in lines(path, progress):
        session = decode_item(line)
        if isinstance(session, Broken):
            yield unreadable(number, f"{session.reason}: {session.detail}", line)
        elif not (isinstance(session, dict) and "session" in session and isinstance(session.get("events"), list)):
            yield unreadable(number, "a line is an object with `session` and `events`", line)
        else:
            for position, event in enumerate(session["events"]):
                yield _item(session["session"], position, event) or unreadable(
                    number, f"events[{position}]: `aid`, `ts` and a `type` of clicks, carts or orders are needed", line
                )


def _item(session: Any, position: int, event: Any) -> RawItem | None:
    if not isinstance(event, dict) or event.get("type") not in _NAMES or "aid" not in event or "ts" not in event:
        return None
    name = _NAMES[event["type"]]
    item: RawItem = {
        "event_id": f"otto-{session}-{position}",
        "visitor_id": f"otto-{session}",
        "name": name,
        "occurred_at": event["ts"],
        "items": [{"item_id": event["aid"], "quantity": 1}],
    }
    if name == "view_item":
        item["pageview"] = True
    elif name == "purchase":
        item["transaction_id"] = f"otto-{session}-{position}"
    return item
