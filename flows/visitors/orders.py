"""Copies of a purchase and its refunds -> one order (docs/architecture.md, Definitions)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

FACT_COLUMNS = (
    "site_id",
    "visitor_id",
    "event_id",
    "name",
    "occurred_at",
    "transaction_id",
    "value",
    "currency",
    "items",
)
"""What of a purchase or refund event an order is made from."""


class Line(NamedTuple):
    """One item of an order."""

    item_id: str
    category: str
    units: int  # net of refunds


class Order(NamedTuple):
    """An order as it stands; money in minor units of `currency`."""

    visitor_id: str  # owner; '' while only refunds are known
    occurred_at: int  # epoch milliseconds, 0 while only refunds are known
    currency: str
    value: int  # before refunds
    refunded: int
    units: int  # net of refunds
    counted: bool
    lines: tuple[Line, ...]  # by item_id, net of refunds


@dataclass
class Transaction:
    """All that is known of one transaction id, and the log offset of the last fact."""

    version: int = 0
    facts: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)  # by (visitor_id, event_id)
    _order: Order | None = None

    def add(self, fact: dict[str, Any], offset: int) -> bool:
        """Take a fact in; False if it is known (nothing changes then)."""
        key = (fact["visitor_id"], fact["event_id"])
        if offset <= self.version or key in self.facts:
            return False
        self.facts[key] = fact
        self.version = offset
        self._order = None
        return True

    def forget(self, concerned: Callable[[Mapping[str, Any]], bool], offset: int) -> bool:
        """Drop facts that were known before an offset; False if there are none (nothing changes then)."""
        if offset <= self.version:
            return False
        kept = {key: fact for key, fact in self.facts.items() if not concerned(fact)}
        if len(kept) == len(self.facts):
            return False
        self.facts, self.version, self._order = kept, offset, None
        return True

    @property
    def visitors(self) -> set[str]:
        """Everyone who sent a copy of the purchase."""
        return {f["visitor_id"] for f in self.facts.values() if f["name"] == "purchase"}

    def order(self) -> Order:
        """The order these facts make."""
        if self._order is None:
            self._order = merge(self.facts.values())
        return self._order


def merge(facts: Iterable[Mapping[str, Any]]) -> Order:
    """The order that purchases and refunds of one transaction id make, in whatever order they are given.

    The first copy by (time, event id) owns it; the last copy that tells a value or items decides them.
    """
    facts = list(facts)
    if len(facts) == 1 and facts[0]["name"] == "purchase":
        return _sole(facts[0])
    by_time = sorted(facts, key=lambda f: (f["occurred_at"], f["event_id"].encode(), f["visitor_id"]))
    copies = [f for f in by_time if f["name"] == "purchase"]
    refunds = [f for f in by_time if f["name"] == "refund"]
    if not copies:
        return Order("", 0, refunds[-1].get("currency") or "" if refunds else "", 0, 0, 0, False, ())
    items: list[Mapping[str, Any]] = next((c["items"] for c in reversed(copies) if c.get("items")), [])
    bought = _lines(items)
    valued = next((c for c in reversed(copies) if c.get("value") is not None), None)
    value = valued["value"] if valued else sum((line.get("price") or 0) * _units(line) for line in items)
    currency = (valued or next((c for c in reversed(copies) if c.get("items")), copies[-1])).get("currency") or ""
    units = {item: units for item, (units, _, _) in bought.items()}
    refunded, whole = 0, False
    for refund in refunds:
        if not refund.get("items"):
            whole = True
            continue
        worth = 0
        for line in refund["items"]:
            item, price = line["item_id"], line.get("price")
            if item in units:
                units[item] = max(0, units[item] - _units(line))
            worth += _units(line) * (price if price is not None else bought.get(item, (0, 0, ""))[1])
        refunded += refund["value"] if refund.get("value") is not None else worth
    whole = whole or (bool(refunds) and any(n for n, _, _ in bought.values()) and not any(units.values()))
    if whole:
        units, refunded = {}, value
    return Order(
        visitor_id=copies[0]["visitor_id"],
        occurred_at=copies[0]["occurred_at"],
        currency=currency,
        value=value,
        refunded=min(refunded, value),
        units=sum(units.values()),
        counted=not whole,
        lines=tuple(Line(item, bought[item][2], n) for item, n in sorted(units.items())),
    )


def _sole(copy: Mapping[str, Any]) -> Order:
    """As `merge` of one purchase: most orders are just that."""
    items: Sequence[Mapping[str, Any]] = copy.get("items") or []
    value = copy.get("value")
    if value is None:
        value = sum((line.get("price") or 0) * _units(line) for line in items)
    if len(items) == 1:
        line = items[0]
        lines: tuple[Line, ...] = (Line(line["item_id"], line.get("category") or "", _units(line)),)
    else:
        lines = tuple(Line(item, category, units) for item, (units, _, category) in sorted(_lines(items).items()))
    return Order(
        visitor_id=copy["visitor_id"],
        occurred_at=copy["occurred_at"],
        currency=copy.get("currency") or "",
        value=value,
        refunded=0,
        units=sum(line.units for line in lines),
        counted=True,
        lines=lines,
    )


def _lines(items: Iterable[Mapping[str, Any]]) -> dict[str, tuple[int, int, str]]:
    """Item -> (units, price of one or 0, category), lines of one item together."""
    lines: dict[str, tuple[int, int, str]] = {}
    for line in items:
        units, price, category = lines.get(line["item_id"], (0, 0, ""))
        lines[line["item_id"]] = (
            units + _units(line),
            line["price"] if line.get("price") is not None else price,
            max(category, line.get("category") or ""),
        )
    return lines


def _units(line: Mapping[str, Any]) -> int:
    quantity = line.get("quantity")
    return 1 if quantity is None else int(quantity)
