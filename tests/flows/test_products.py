"""The catalogue of products is what events told last."""

import numpy as np
import orjson

from flows.decode import decode
from flows.products import Products

AT = 1_767_225_600_000


def told(*events: dict) -> list[tuple]:
    lines = b"".join(
        orjson.dumps({"visitor_id": "v", "event_id": str(i), "name": "view_item", "received_at": AT + 9, **event})
        + b"\n"
        for i, event in enumerate(events)
    )
    return decode(lines, np.arange(1, len(events) + 1)).events


def event(at: int, *items: dict, site: str = "s", bot: bool = False) -> dict:
    return {"site_id": site, "occurred_at": AT + at, "bot": bot, "items": list(items)}


def names(table) -> set[tuple]:
    return {(r["site_id"], r["item_id"], r["item_name"], r["price"]) for r in table.to_pylist()} if table else set()


def test_the_last_event_tells_and_what_is_known_is_not_told_again():
    products = Products()
    first = told(
        event(5, {"item_id": "a", "item_name": "old", "price": 1}),
        event(7, {"item_id": "a", "item_name": "new", "price": 2}, {"item_id": "b", "item_name": "bag\x1f가방"}),
        event(9, {"item_id": "a"}),
        event(6, {"item_id": "a", "item_name": "late"}),
        event(8, {"item_id": "a", "item_name": "elsewhere"}, site="t"),
        event(9, {"item_id": "c", "item_name": "robot"}, bot=True),
    )
    assert names(products.rows(first)) == {
        ("s", "a", "new", 2),
        ("s", "b", "bag 가방", None),
        ("t", "a", "elsewhere", None),
    }
    assert products.rows(first) is None
    assert names(products.rows(told(event(6, {"item_id": "a", "item_name": "late"})))) == set()
    assert names(products.rows(told(event(8, {"item_id": "a", "item_name": "newer"})))) == {("s", "a", "newer", None)}


def test_events_without_names_tell_nothing():
    assert Products().rows(told(event(1, {"item_id": "a"}), event(2))) is None
