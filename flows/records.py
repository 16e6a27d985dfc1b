"""Payloads of records that are no events, read with care: anybody who may write to the log could have written them.

Each function raises ValueError, KeyError or TypeError for what a shard could not have sent.
"""

from __future__ import annotations

from typing import Any

import orjson

from flows.visitors.shard import OrderRecord
from ingest.vocabulary import LATEST_MS, MONEY_MAX

_INT64 = (1 << 63) - 1


def order_of(payload: str, offset: int) -> OrderRecord:
    """An order on its way to a visitor."""
    record = orjson.loads(payload)
    order = record["order"]
    _text(order["transaction_id"])
    _whole(order["version"], _INT64)
    _whole(order["occurred_at"], LATEST_MS)
    for amount in ("units", "revenue"):
        _whole(order[amount], _INT64)
    if not isinstance(order["counted"], bool) or not isinstance(order["owner"], bool):
        raise TypeError("counted and owner are true or false")
    for item, category, units in order["lines"]:
        _text(item), _text(category, empty=True), _whole(units, _INT64)
    return OrderRecord(f"{_key(record['site_id'])}/{_text(record['visitor_id'])}", offset, order)


def fact_of(payload: str) -> dict[str, Any]:
    """A purchase or refund on its way to its transaction."""
    fact: dict[str, Any] = orjson.loads(payload)
    _key(fact["site_id"])
    for name in ("visitor_id", "event_id", "transaction_id"):
        _text(fact[name])
    if fact["name"] not in ("purchase", "refund"):
        raise ValueError(f"a fact of {fact['name']!r}")
    _whole(fact["occurred_at"], LATEST_MS)
    _text(fact.get("currency") or "", empty=True)
    _whole(fact.get("value") or 0, MONEY_MAX)
    worth = 0
    for line in fact["items"]:
        _text(line["item_id"])
        _text(line.get("category") or "", empty=True)
        quantity = line.get("quantity")
        worth += _whole(line.get("price") or 0, MONEY_MAX) * _whole(1 if quantity is None else quantity, MONEY_MAX)
    _whole(worth, MONEY_MAX)
    return fact


def rejection_of(payload: str) -> tuple[str, str, str]:
    """Reason, detail and text of what was refused."""
    told = orjson.loads(payload)
    return _text(told["reason"])[:80], _text(told["detail"], empty=True), _text(told["event"], empty=True)


def _text(value: Any, *, empty: bool = False) -> str:
    if not isinstance(value, str) or not (value or empty):
        raise TypeError(f"a text is needed, not {value!r:.80}")
    return value


def _key(value: Any) -> str:
    if "/" in _text(value):
        raise ValueError("site_id: holds a slash")
    return str(value)


def _whole(value: Any, most: int) -> int:
    if type(value) is not int or not 0 <= value <= most:
        raise ValueError(f"a whole number from 0 to {most:,} is needed, not {value!r:.80}")
    return value
