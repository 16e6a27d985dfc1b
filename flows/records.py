"""Payloads of records that are no events, read with care: anybody who may write to the log could have written them.

Each function raises ValueError, KeyError or TypeError for what a shard could not have sent.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson

from flows.visitors.shard import OrderRecord
from ingest.vocabulary import LATEST_MS, MONEY_MAX

_INT64 = (1 << 63) - 1


class Outgoing(NamedTuple):
    """A record for the log, for the partition of `key`."""

    key: str
    line: bytes


def outgoing(key: str, kind: str, site_id: str, payload: dict[str, Any], at: int = 0) -> Outgoing:
    """A record between shards; `at`, epoch ms: log time of the shard that sends it, where somebody's tick depends on it."""
    text = orjson.dumps(payload).decode()
    told = {"received_at": at} if at else {}
    return Outgoing(key, orjson.dumps({"kind": kind, "site_id": site_id, **told, "payload": text}))


def order_of(payload: str, offset: int, at: int = 0) -> OrderRecord:
    """An order on its way to a visitor."""
    record = orjson.loads(payload)
    order = record["order"]
    text(order["transaction_id"])
    whole(order["version"], _INT64)
    whole(order["occurred_at"], LATEST_MS)
    for amount in ("units", "revenue"):
        whole(order[amount], _INT64)
    if not isinstance(order["counted"], bool) or not isinstance(order["owner"], bool):
        raise TypeError("counted and owner are true or false")
    for item, category, units in order["lines"]:
        text(item), text(category, empty=True), whole(units, _INT64)
    return OrderRecord(f"{key(record['site_id'])}/{text(record['visitor_id'])}", offset, order, at)


def fact_of(payload: str) -> dict[str, Any]:
    """A purchase or refund on its way to its transaction."""
    fact: dict[str, Any] = orjson.loads(payload)
    key(fact["site_id"])
    for name in ("visitor_id", "event_id", "transaction_id"):
        text(fact[name])
    if fact["name"] not in ("purchase", "refund"):
        raise ValueError(f"a fact of {fact['name']!r}")
    whole(fact["occurred_at"], LATEST_MS)
    text(fact.get("currency") or "", empty=True)
    whole(fact.get("value") or 0, MONEY_MAX)
    worth = 0
    for line in fact["items"]:
        text(line["item_id"])
        text(line.get("category") or "", empty=True)
        quantity = line.get("quantity")
        worth += whole(line.get("price") or 0, MONEY_MAX) * whole(1 if quantity is None else quantity, MONEY_MAX)
    whole(worth, MONEY_MAX)
    return fact


def rejection_of(payload: str) -> tuple[str, str, str]:
    """Reason, detail and text of what was refused."""
    told = orjson.loads(payload)
    return text(told["reason"])[:80], text(told["detail"], empty=True), text(told["event"], empty=True)


def text(value: Any, *, empty: bool = False) -> str:
    if not isinstance(value, str) or not (value or empty):
        raise TypeError(f"a text is needed, not {value!r:.80}")
    return value


def key(value: Any) -> str:
    if "/" in text(value):
        raise ValueError("site_id: holds a slash")
    return str(value)


def whole(value: Any, most: int) -> int:
    if type(value) is not int or not 0 <= value <= most:
        raise ValueError(f"a whole number from 0 to {most:,} is needed, not {value!r:.80}")
    return value
