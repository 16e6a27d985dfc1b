"""The peer: the same question as an idiomatic Bytewax flow, one key and one Python object a visitor, Bytewax's own recovery.

    log -> orjson -> key_on visitor -> op.stateful (Visitor) -> sink; snapshots to SQLite every second, one worker

It keeps what a row of `visitors` keeps and the visitor's membership of 20 segments (segments20.py), evaluated after each event:
an operator with one item at a time has no other moment at which an entry is seen within a second. It is given what helps it:
orjson, tuples, totals kept up to date instead of summed, order of arrival as the fast path, sums shared by card and segments.
Three kinds, told by their name:

    documented  snapshots by `copy.deepcopy`, as Bytewax's documentation (and its `stateful_map`) does; cards collected in memory
    tuned       snapshots by one `pickle.dumps`, no copy; cards collected in memory
    stored      as documented, and raw events and visitors are written to ClickHouse, as ours are (peer_store.py)

`python -m benchmarks.peer KIND LOG END RESULT URL` prints the seconds it took and those of CPU, from its first read to the last
snapshot, and writes a JSON object: cards (visitor -> Card), members (visitor -> bits), entries, exits.
"""

from __future__ import annotations

import copy
import pickle
import sys
import tempfile
from bisect import insort
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

import bytewax.operators as op
import orjson
from bytewax.dataflow import Dataflow
from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition
from bytewax.operators import StatefulLogic
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.run import cli_main

from benchmarks.peer_store import StoreSink
from benchmarks.segments20 import members_by_hand
from benchmarks.stopwatch import TimedLog
from ingest.log.log import EventLog
from sql.store import Store

GAP = 30 * 60_000
DAY = 86_400_000
HORIZON = 8 * DAY
SNAPSHOT_EVERY = timedelta(seconds=1)
BLOCK_BYTES = 1 << 20

ITEM_EVENTS = frozenset(("view_item", "add_to_cart", "remove_from_cart", "purchase"))
DEVICE = ("environment", "os", "browser", "app_version")
ACQUISITION = (
    "referrer", "search_keyword", "channel", "utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content",
)  # fmt: skip
NO_ENTRY = (0, "", "", *[None] * len(ACQUISITION))

Event = dict[str, Any]
Visit = tuple[int, int, int, int, tuple[Any, ...] | None]  # start, end, pageviews, adds to the cart, entry
CartOp = tuple[int, str, str, str, int, int]  # time, event id, name, item ('' is all), quantity, price (-1 not told)


class Card(NamedTuple):
    """What is told of a visitor after each event: lifetime, cart, device, page and acquisition now, both windows; stay in
    ms, money in minor units."""

    visits: int
    pageviews: int
    stay_ms: int
    cart_adds: int
    orders: int
    units: int
    revenue: int
    cart_units: int
    cart_value: int
    environment: str
    page_url: str
    first_landing_page: str
    landing_page: str
    channel: str
    products: int
    product_views: int
    searches: int
    visits_24h: int
    pageviews_24h: int
    orders_24h: int
    revenue_24h: int
    visits_7d: int
    pageviews_7d: int
    orders_7d: int
    revenue_7d: int


class Told(NamedTuple):
    """What leaves the stateful step after an event: the segments the visitor is in, and those just entered and left, as bits."""

    event: Event
    card: Card
    members: int
    entered: int
    left: int


@dataclass
class Answers:
    """What the run told last of each visitor, and how often segments were entered and left."""

    cards: dict[str, Card] = field(default_factory=dict)
    members: dict[str, int] = field(default_factory=dict)
    entries: int = 0
    exits: int = 0


@dataclass
class Visitor:
    """All that is remembered of one visitor."""

    ids: dict[str, int] = field(default_factory=dict)  # event id -> received_at, of 8 days
    last_seen: int = 0
    visits: list[Visit] = field(default_factory=list)  # of 8 days, by time
    closed_visits: int = 0
    pageviews: int = 0
    stay_ms: int = 0
    cart_adds: int = 0
    ops: list[CartOp] = field(default_factory=list)  # of 8 days, by time and event id
    kept: dict[str, tuple[int, int]] = field(default_factory=dict)  # cart before these: item -> quantity, price
    cart: dict[str, tuple[int, int]] = field(default_factory=dict)
    device: tuple[Any, ...] = (0, "", "")  # time, event id, environment, os, browser, app_version
    page: tuple[Any, ...] = (0, "", "")  # time, event id, url, title, item viewed
    first_entry: tuple[Any, ...] | None = None  # of the first visit, once that is closed
    products: dict[str, list[Any]] = field(default_factory=dict)  # item -> category, its time, views, last, adds, last
    product_views: int = 0
    searches: dict[str, int] = field(default_factory=dict)  # term -> last time
    facts: dict[str, list[Event]] = field(default_factory=dict)  # transaction id -> its purchases and refunds
    orders: dict[str, tuple[int, int, int]] = field(default_factory=dict)  # counted ones -> time, units, revenue
    members: int = 0  # the segments it is in, a bit each

    def take(self, event: Event) -> bool:
        """Apply an event; False if it is a repeat or too old."""
        ids, event_id, at, name = self.ids, event["event_id"], event["occurred_at"], event["name"]
        if event_id in ids or at < self.last_seen - HORIZON:
            return False
        received = ids[event_id] = event["received_at"]
        while ids[oldest := next(iter(ids))] < received - HORIZON:
            del ids[oldest]
        self.last_seen = max(self.last_seen, at)
        pageview, added = event["pageview"], name == "add_to_cart"
        self.pageviews += pageview
        self.cart_adds += added
        url = event.get("url")
        entry = None
        if url:
            entry = (at, event_id, url, *map(event.get, ACQUISITION))
            if (at, event_id) > self.page[:2]:
                item = event["items"][0]["item_id"] if name == "view_item" and event.get("items") else ""
                self.page = (at, event_id, url, event.get("title", ""), item)
        if event.get("environment") and (at, event_id) > self.device[:2]:
            self.device = (at, event_id, *map(event.get, DEVICE))
        self._visit(at, pageview, added, entry)
        if name in ITEM_EVENTS:
            self._products(event)
        if name == "search" and event.get("search_term"):
            term = event["search_term"]
            self.searches[term] = max(at, self.searches.get(term, 0))
        if name in ("add_to_cart", "remove_from_cart", "purchase"):
            self._cart(event)
        if name in ("purchase", "refund") and event.get("transaction_id"):
            self._order(event)
        return True

    def _visit(self, at: int, pageview: int, added: int, entry: tuple[Any, ...] | None) -> None:
        visits = self.visits
        if visits:
            start, end, pageviews, adds, first = visits[-1]
            if end < at <= end + GAP:
                visits[-1] = (start, at, pageviews + pageview, adds + added, first or entry)
                self.stay_ms += at - end
                return
            if at <= end:
                self._late_visit(at, pageview, added, entry)
                return
        visits.append((at, at, int(pageview), int(added), entry))
        while visits[0][1] < self.last_seen - HORIZON:
            if not self.closed_visits:
                self.first_entry = visits[0][4]
            del visits[0]
            self.closed_visits += 1

    def _late_visit(self, at: int, pageview: int, added: int, entry: tuple[Any, ...] | None) -> None:
        first = last = at
        kept: list[Visit] = []
        for visit in self.visits:
            start, end, pageviews, adds, other = visit
            if start - GAP <= at <= end + GAP:  # it extends this visit, or joins two
                first, last = min(first, start), max(last, end)
                pageview, added = pageview + pageviews, added + adds
                if other and (not entry or other[:2] < entry[:2]):
                    entry = other
                self.stay_ms -= end - start
            else:
                kept.append(visit)
        self.stay_ms += last - first
        insort(kept, (first, last, int(pageview), int(added), entry), key=itemgetter(0))
        self.visits = kept

    def _products(self, event: Event) -> None:
        at, name = event["occurred_at"], event["name"]
        for item in event.get("items") or ():
            category = item.get("category", "")
            product = self.products.get(item["item_id"])
            if product is None:
                product = self.products[item["item_id"]] = ["", 0, 0, 0, 0, 0]
            if category and (at, category) > (product[1], product[0]):
                product[0], product[1] = category, at
            if name == "view_item":
                product[2], product[3] = product[2] + 1, max(product[3], at)
                self.product_views += 1
            elif name == "add_to_cart":
                product[4], product[5] = product[4] + item.get("quantity", 1), max(product[5], at)

    def _cart(self, event: Event) -> None:
        at, event_id, name = event["occurred_at"], event["event_id"], event["name"]
        items = event.get("items") or ()
        new = [(at, event_id, name, i["item_id"], i.get("quantity", 1), i.get("price", -1)) for i in items]
        if not new and name != "add_to_cart":
            new = [(at, event_id, name, "", 0, -1)]
        in_order = not self.ops or self.ops[-1] < (at, event_id)
        if in_order:
            self.ops += new
            fold(self.cart, new)
        else:
            for one in new:
                insort(self.ops, one)
            self.cart = dict(self.kept)
            fold(self.cart, self.ops)
        if self.ops and self.ops[0][0] < self.last_seen - HORIZON:
            old = [o for o in self.ops if o[0] < self.last_seen - HORIZON]
            fold(self.kept, old)
            del self.ops[: len(old)]

    def _order(self, event: Event) -> None:
        transaction = event["transaction_id"]
        facts = self.facts.setdefault(transaction, [])
        facts.append({k: event.get(k) for k in ("name", "occurred_at", "event_id", "value", "items")})
        counted = order_of(facts)
        if counted is None:
            self.orders.pop(transaction, None)
        else:
            self.orders[transaction] = counted

    def card(self, now: int) -> Card:
        """What is told of this visitor at `now` (epoch ms)."""
        visits = self.visits
        windows: list[int] = []
        for since in (now - DAY, now - 7 * DAY):
            there = pageviews = orders = revenue = 0
            for start, end, viewed, _, _ in reversed(visits):
                if end < since:
                    break
                there += 1
                pageviews += viewed
                for at, _, paid in self.orders.values():
                    if start <= at <= end:
                        orders += 1
                        revenue += paid
            windows += (there, pageviews, orders, revenue)
        units = revenue = cart_units = cart_value = 0
        for _, bought, paid in self.orders.values():
            units += bought
            revenue += paid
        for quantity, price in self.cart.values():
            cart_units += quantity
            cart_value += quantity * max(price, 0)
        first, latest = self.earliest_entry(), self.latest_entry()
        return Card(
            self.closed_visits + len(visits), self.pageviews, self.stay_ms, self.cart_adds, len(self.orders), units,
            revenue, cart_units, cart_value, self.device[2], self.page[2], first[2], latest[2], latest[5] or "",
            len(self.products), self.product_views, len(self.searches), *windows,
        )  # fmt: skip

    def earliest_entry(self) -> tuple[Any, ...]:
        """Where the first visit came from: time, event id, landing page, ACQUISITION."""
        return (self.first_entry if self.closed_visits else self.visits[0][4]) or NO_ENTRY

    def latest_entry(self) -> tuple[Any, ...]:
        """Where the latest visit came from."""
        return self.visits[-1][4] or NO_ENTRY


def fold(cart: dict[str, tuple[int, int]], ops: Iterable[CartOp]) -> None:
    """Apply operations in their order, no quantity falling below zero."""
    for _, _, name, item, quantity, price in ops:
        if not item:
            cart.clear()
        elif name == "add_to_cart":
            before, last = cart.get(item, (0, -1))
            cart[item] = (before + quantity, price if price >= 0 else last)
        elif name == "purchase":
            cart.pop(item, None)
        elif item in cart:
            before, last = cart[item]
            if before > quantity:
                cart[item] = (before - quantity, price if price >= 0 else last)
            else:
                del cart[item]


def order_of(facts: list[Event]) -> tuple[int, int, int] | None:
    """(time, units, revenue) of an order net of refunds; None without a purchase, and when it is refunded in full."""
    facts = sorted(facts, key=lambda f: (f["occurred_at"], f["event_id"]))
    purchases = [f for f in facts if f["name"] == "purchase"]
    if not purchases:
        return None
    items = next((p["items"] for p in reversed(purchases) if p["items"]), [])
    value = next((p["value"] for p in reversed(purchases) if p["value"] is not None), None)
    if value is None:
        value = sum(i.get("price", 0) * i.get("quantity", 1) for i in items)
    units: dict[str, int] = {}
    for item in items:
        units[item["item_id"]] = units.get(item["item_id"], 0) + item.get("quantity", 1)
    prices = {item["item_id"]: item.get("price", 0) for item in items}
    had = sum(units.values())
    for refund in facts:
        if refund["name"] != "refund":
            continue
        if not refund["items"]:
            return None
        worth = 0
        for item in refund["items"]:
            key, quantity = item["item_id"], item.get("quantity", 1)
            if key in units:
                units[key] = max(0, units[key] - quantity)
            worth += quantity * item.get("price", prices.get(key, 0))
        value -= refund["value"] if refund["value"] is not None else worth
    left = sum(units.values())
    if had and not left:
        return None
    return purchases[0]["occurred_at"], left, max(0, value)


class VisitorLogic(StatefulLogic[Event, Told, Any]):
    """One visitor inside Bytewax, with a copy of it for a snapshot."""

    def __init__(self, resumed: Visitor | None, now: int) -> None:
        self.visitor = resumed or Visitor()
        self.now = now

    def on_item(self, value: Event) -> tuple[Iterable[Told], bool]:
        visitor = self.visitor
        if not visitor.take(value):
            return (), StatefulLogic.RETAIN
        card = visitor.card(self.now)
        before, members = visitor.members, members_by_hand(visitor, card, self.now)
        visitor.members = members
        return (Told(value, card, members, members & ~before, before & ~members),), StatefulLogic.RETAIN

    def snapshot(self) -> Any:
        return copy.deepcopy(self.visitor)


class TunedLogic(VisitorLogic):
    """The snapshot is the pickled visitor: no copy is needed, and Bytewax pickles bytes at no cost."""

    def __init__(self, resumed: bytes | None, now: int) -> None:
        super().__init__(pickle.loads(resumed) if resumed else None, now)

    def snapshot(self) -> Any:
        return pickle.dumps(self.visitor, pickle.HIGHEST_PROTOCOL)


class _Lines(StatefulSourcePartition[bytes, int]):
    def __init__(self, log: EventLog, number: int, offset: int) -> None:
        self._log, self._number, self._offset = log, number, offset

    def next_batch(self) -> list[bytes]:
        block = self._log.read(self._number, self._offset, BLOCK_BYTES)
        if not len(block.offsets):
            raise StopIteration
        self._offset = block.next_offset
        return block.lines.splitlines()

    def snapshot(self) -> int:
        return self._offset


class LinesSource(FixedPartitionedSource[bytes, int]):
    """Every partition of a log, to its end."""

    def __init__(self, log: EventLog) -> None:
        self._log = log

    def list_parts(self) -> list[str]:
        return [str(number) for number in range(self._log.partitions)]

    def build_part(self, step_id: str, for_part: str, resume_state: int | None) -> _Lines:
        return _Lines(self._log, int(for_part), resume_state or self._log.start(int(for_part)))


class _Collector(StatelessSinkPartition[tuple[str, Told]]):
    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def write_batch(self, items: list[tuple[str, Told]]) -> None:
        answers = self._answers
        for visitor, told in items:
            answers.cards[visitor], answers.members[visitor] = told.card, told.members
            if told.entered or told.left:
                answers.entries += told.entered.bit_count()
                answers.exits += told.left.bit_count()


class Collect(DynamicSink[tuple[str, Told]]):
    """The newest card and membership of each visitor, in memory."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def build(self, step_id: str, worker_index: int, worker_count: int) -> _Collector:
        return _Collector(self._answers)


KINDS = ("documented", "tuned", "stored")


def peer(log: EventLog, now: int, logic: type[VisitorLogic], sink: DynamicSink[Any]) -> Dataflow:
    """The dataflow."""
    flow = Dataflow("peer")
    lines = op.input("log", flow, LinesSource(log))
    events = op.map("parse", lines, orjson.loads)
    keyed = op.key_on("visitor", events, lambda event: event["visitor_id"])
    changed = op.stateful("visitors", keyed, lambda resumed: logic(resumed, now))
    op.output("out", changed, sink)
    return flow


def main(kind: str, directory: Path, end: int, result: Path, url: str) -> None:
    """Run to the end of a log; the time is `end` (epoch ms) throughout, as it is for ours."""
    answers, log = Answers(), TimedLog(directory)
    sink = StoreSink(Store(url), answers) if kind == "stored" else Collect(answers)
    with tempfile.TemporaryDirectory() as snapshots:
        init_db_dir(Path(snapshots), 1)
        flow = peer(log, end, TunedLogic if kind == "tuned" else VisitorLogic, sink)
        cli_main(flow, epoch_interval=SNAPSHOT_EVERY, recovery_config=RecoveryConfig(snapshots))
        print(*log.since_first_read())
    told = {
        "cards": {visitor: tuple(card) for visitor, card in answers.cards.items()},
        "members": answers.members, "entries": answers.entries, "exits": answers.exits,
    }  # fmt: skip
    result.write_bytes(orjson.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]), sys.argv[5])
