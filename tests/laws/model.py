"""The plainest definition of a stint's row: dicts, lists and `sorted`, a function of a set of log events. People: `people.py`.

Nothing here is fast or clever. It is written from `docs/architecture.md` ("People", "Definitions"), `sql/migrations/0006_visitors.sql`
and `0020_stints.sql`, and the engine and `sql/queries/visitor_rows.sql` are tested against it. Events are canonical log events
(dicts with the column names of table `events`, times in epoch milliseconds, absent keys omitted). What those texts leave open is
settled here, a stint being called a visitor:

* Copies with one (site_id, visitor_id, event_id) are one event, the first given. Bot events and records with a `kind`
  do not exist, for the cutting of time lines neither. A visitor (a stint) without any other event has no row. "Before" and
  "last" are always by (occurred_at, event_id).
* `stint_end` is the first millisecond after the logout that ends the stint, 0 if it is open or another member's login ends it.
  `login_at` is the time of the last login in the stint, `logout_at` that of the last logout in a stint of nobody, 0 without.
* A visit is retained (in `visit_*`) if its end is at or after `last_seen - HORIZON`. Lifetime columns count every
  visit.
* An item's lines within one event are merged: quantities are summed, the price is of the last line telling one, the
  category is the greatest string. A quantity not told is 1.
* Cart operations: `add_to_cart` +quantity and `remove_from_cart` -quantity of each item (kind 0); a `purchase` empties
  (kind 1, delta 0, price -1) each item it lists, or every item ('') if it lists none; so does `remove_from_cart`
  without items; `add_to_cart` without items only counts as a cart add. An add of 0 units is an operation with delta 0.
* Cart fold: never below zero. An item whose quantity is 0 is forgotten entirely, its price too: a later add without a
  price has price 0 (-1 among operations), or folding old operations away would depend on when it happens.
* Operations before `last_seen - HORIZON` become one of kind 2 an item (time and event of the item's last such
  operation, its quantity, its price or -1), none if the quantity is 0. `cart_added_at` is the time of the last
  operation with a delta above 0.
* Product category: the greatest (time, category) over view_item, add_to_cart, remove_from_cart and purchase events
  naming the item with a category; else the category of the last owned counted order (by time and id) whose line has
  one, with category time 0.
* A product is kept if viewed, added or told a category (`product_*_at`) at or after `last_seen - KEPT`, or if it is in
  a line of a counted order. Its counts are of all time. A cart item has the category of the kept product, else ''.
* `last_viewed_at` is of `view_item` events with items, `last_carted_at` of all `add_to_cart` events.
* Orders: a purchase without transaction id is none. The value of an order without a told value is the sum of price x
  quantity over the lines as sent (no price: 0), and its currency is that of the copy its items are from (without items:
  of the last). No currency is the site's currency. Ties between visitors' copies go by visitor_id.
* Refunds: without items the whole order. With items: value as told, else sum over its lines of price (of the line, else
  of the order's item, else 0) x quantity, whether the order has the item or not. An order is also fully refunded if it
  had units and none are left.
* A counted order's line stays in `bought_*` when all its units are refunded, with 0 units; `product_bought_at` is the
  time of the last order with units left.
"""

import math
from collections.abc import Callable, Iterable
from typing import Any

Event = dict[str, Any]
Row = dict[str, Any]

MINUTE = 60_000
DAY = 24 * 60 * MINUTE
GAP = 30 * MINUTE
HORIZON = 8 * DAY
KEPT = 60 * DAY

ENTRY = ["referrer", "search_keyword", "channel", "utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content"]
DEVICE = ["environment", "os", "browser", "app_version"]
ITEM_EVENTS = {"view_item", "add_to_cart", "remove_from_cart", "purchase"}


def visitor_rows(events: Iterable[Event], *, currencies: dict[str, str]) -> dict[tuple[str, str, int], Row]:
    """Rows by (site_id, visitor_id, stint_start): every column of `visitors` but shard, version, key_hash, order_version, part_*
    and latest_seen.

    `currencies` is the currency of each site. Times are epoch milliseconds, 0 for never in arrays and page_at and
    device_at, None in Nullable columns.
    """
    known = distinct(events)
    by_visitor: dict[tuple[str, str], list[Event]] = {}
    for event in known:
        by_visitor.setdefault((event["site_id"], event["visitor_id"]), []).append(event)
    owned: dict[tuple[str, str], list[Row]] = {}
    for order in orders(known, currencies=currencies):
        owned.setdefault((order["site_id"], order["visitor_id"]), []).append(order)
    rows = {}
    for (site_id, visitor_id), of_visitor in by_visitor.items():
        cut = stints(of_visitor)
        for stint, following in zip(cut, [*cut[1:], None], strict=True):
            begin, end = stint["start"], following["start"] if following else math.inf
            inside = [event for event in of_visitor if begin <= event["occurred_at"] < end]
            if inside:
                own = [order for order in owned.get((site_id, visitor_id), []) if begin <= order["at"] < end]
                rows[site_id, visitor_id, begin] = _row(site_id, visitor_id, stint, inside, own)
    return rows


def distinct(events: Iterable[Event]) -> list[Event]:
    """The events that count, once each, in their order."""
    first: dict[tuple[str, str, str], Event] = {}
    for event in events:
        if "kind" not in event and not event.get("bot", False):
            first.setdefault((event["site_id"], event["visitor_id"], event["event_id"]), event)
    return sorted(first.values(), key=_when)


def is_login(event: Event) -> bool:
    """Whether it says whose the visitor is."""
    return event["name"] != "logout" and event.get("member_id", "") != ""


def stints(events: list[Event]) -> list[Row]:
    """The time line of one visitor (distinct events, sorted), cut: {start, member, end}, in order of start, the first one from 0.

    `member` is '' for nobody; `end` is the first millisecond after the logout that ends it, else 0. Some may hold no event.
    """
    ties: dict[int, str] = {}  # by millisecond: the member who logs in, '' for a logout
    for event in events:
        if is_login(event):
            ties[event["occurred_at"]] = event["member_id"]  # of several, the one with the greatest event id comes last
        elif event["name"] == "logout":
            ties.setdefault(event["occurred_at"], "")
    cut = [{"start": 0, "member": "", "end": 0}]
    for at, member in sorted(ties.items()):
        present = cut[-1]
        if member == "":
            if present["member"] != "":
                present["end"] = at + 1
                cut.append({"start": at + 1, "member": "", "end": 0})
        elif present["member"] == "":
            if len(cut) > 1 and cut[-2]["member"] == member:  # the same member again: there was no cut
                cut.pop()
                cut[-1]["end"] = 0
            else:
                present["member"] = member
        elif present["member"] != member:
            cut.append({"start": at, "member": member, "end": 0})
    return cut


def orders(events: Iterable[Event], *, currencies: dict[str, str]) -> list[Row]:
    """Orders with at least one purchase copy, sorted by (site, at, id), of distinct events without bots.

    Keys: site_id, transaction_id, visitor_id, at, currency, value, refunded, revenue (0 when of another currency),
    units, counted, lines (item_id -> {units, category, price}; units net of refunds).
    """
    facts: dict[tuple[str, str], list[Event]] = {}
    for event in sorted(events, key=_when):
        if event["name"] in ("purchase", "refund") and event.get("transaction_id", ""):
            facts.setdefault((event["site_id"], event["transaction_id"]), []).append(event)
    merged = []
    for (site_id, transaction_id), of_order in facts.items():
        copies = [event for event in of_order if event["name"] == "purchase"]
        refunds = [event for event in of_order if event["name"] == "refund"]
        if copies:
            merged.append(_order(site_id, transaction_id, copies, refunds, currencies[site_id]))
    return sorted(merged, key=lambda order: (order["site_id"], order["at"], order["transaction_id"]))


def _when(event: Event) -> tuple[int, str, str]:
    return event["occurred_at"], event["event_id"], event["visitor_id"]


def _lines(event: Event) -> dict[str, Row]:
    """Lines of an event merged by item: {item_id: {quantity, price or None, category or ''}}."""
    lines: dict[str, Row] = {}
    for item in event.get("items") or []:
        line = lines.setdefault(item["item_id"], {"quantity": 0, "price": None, "category": ""})
        line["quantity"] += item.get("quantity", 1)
        if item.get("price") is not None:
            line["price"] = item["price"]
        line["category"] = max(line["category"], item.get("category") or "")
    return lines


def _order(site_id: str, transaction_id: str, copies: list[Event], refunds: list[Event], site_currency: str) -> Row:
    with_value = [copy for copy in copies if copy.get("value") is not None]
    with_items = [copy for copy in copies if copy.get("items")]
    lines = _lines(with_items[-1]) if with_items else {}
    if with_value:
        value, currency = with_value[-1]["value"], with_value[-1].get("currency", "")
    elif with_items:
        value = sum((item.get("price") or 0) * item.get("quantity", 1) for item in with_items[-1]["items"])
        currency = with_items[-1].get("currency", "")
    else:
        value, currency = 0, copies[-1].get("currency", "")
    whole = any(not refund.get("items") for refund in refunds)
    units_before = sum(line["quantity"] for line in lines.values())
    refunded = 0
    net = {item: line["quantity"] for item, line in lines.items()}
    for refund in refunds:
        amount = 0
        for item in refund.get("items") or []:
            quantity = item.get("quantity", 1)
            price = item.get("price")
            if price is None and item["item_id"] in lines:
                price = lines[item["item_id"]]["price"]
            amount += (price or 0) * quantity
            if item["item_id"] in net:
                net[item["item_id"]] = max(0, net[item["item_id"]] - quantity)
        refunded += amount if refund.get("value") is None else refund["value"]
    units = sum(net.values())
    counted = not whole and not (units_before > 0 and units == 0)
    if not counted:
        refunded, units, net = value, 0, dict.fromkeys(net, 0)
    refunded = min(refunded, value)
    currency = currency or site_currency
    return {
        "site_id": site_id,
        "transaction_id": transaction_id,
        "visitor_id": copies[0]["visitor_id"],
        "at": copies[0]["occurred_at"],
        "currency": currency,
        "value": value,
        "refunded": refunded,
        "revenue": value - refunded if currency == site_currency else 0,
        "units": units,
        "counted": counted,
        "lines": {item: {**line, "units": net[item]} for item, line in sorted(lines.items())},
    }


def _row(site_id: str, visitor_id: str, stint: Row, events: list[Event], owned: list[Row]) -> Row:
    """Row of one stint: `events` are distinct and sorted, `owned` its orders by (at, id)."""
    last_seen = events[-1]["occurred_at"]
    counted = [order for order in owned if order["counted"]]
    visits = _visits(events, counted)
    retained = [visit for visit in visits if visit["end"] >= last_seen - HORIZON]

    def visit_end(at: int) -> int:
        ends = [visit["end"] for visit in retained if visit["start"] <= at <= visit["end"]]
        return ends[0] if ends else at

    row: Row = {"site_id": site_id, "visitor_id": visitor_id, "stint_start": stint["start"], "person": ""}
    logouts = [event["occurred_at"] for event in events if event["name"] == "logout"]
    row |= {
        "member_id": stint["member"],
        "gone": False,
        "stint_end": stint["end"],
        "login_at": max((event["occurred_at"] for event in events if is_login(event)), default=0),
        "logout_at": max(logouts, default=0) if stint["member"] == "" else 0,
    }
    row |= {"first_seen": events[0]["occurred_at"], "last_seen": last_seen}
    row |= _device(events) | _page(events)
    row |= {f"first_{name}": visits[0][name] for name in ["landing_page", *ENTRY]}
    row |= {name: visits[-1][name] for name in ["landing_page", *ENTRY]}
    row |= {
        "visits": len(visits),
        "pageviews": sum(visit["pageviews"] for visit in visits),
        "stay_ms": sum(visit["end"] - visit["start"] for visit in visits),
        "cart_adds": sum(visit["cart_adds"] for visit in visits),
        "orders": len(counted),
        "units": sum(order["units"] for order in counted),
        "revenue": sum(order["revenue"] for order in counted),
        "largest_order": max((order["revenue"] for order in counted), default=None),
        "last_order_at": max((order["at"] for order in counted), default=None),
        "last_viewed_at": max(
            (e["occurred_at"] for e in events if e["name"] == "view_item" and e.get("items")), default=None
        ),
        "last_carted_at": max((e["occurred_at"] for e in events if e["name"] == "add_to_cart"), default=None),
    }
    row |= {f"visit_{name}": [visit[name] for visit in retained] for name in retained[0]}
    products = _products(events, counted, last_seen)
    row |= columns("product", products, PRODUCT)
    row |= _searches(events, last_seen)
    ops = _ops(events, last_seen)
    for op in ops:
        op["visit_end"] = op["at"] if op["kind"] == 2 else visit_end(op["at"])
    row |= cart_columns(sorted(ops, key=lambda op: (op["at"], op["event"])), products)
    row |= columns("op", ops, ["item", "at", "event", "kind", "delta", "price", "visit_end"])
    row |= {
        "order_id": [order["transaction_id"] for order in owned],
        "order_at": [order["at"] for order in owned],
        "order_counted": [int(order["counted"]) for order in owned],
        "order_units": [order["units"] for order in owned],
        "order_revenue": [order["revenue"] if order["counted"] else 0 for order in owned],
        "order_visit_end": [visit_end(order["at"]) for order in owned],
    }
    bought = [
        {
            "order": index,
            "item": item,
            "category": line["category"],
            "units": line["units"],
            "visit_end": visit_end(order["at"]),
        }
        for index, order in enumerate(owned)
        if order["counted"]
        for item, line in order["lines"].items()
    ]
    return row | columns("bought", bought, ["order", "item", "category", "units", "visit_end"])


def columns(prefix: str, records: list[Row], names: list[str]) -> Row:
    """Records as arrays `prefix_name`."""
    return {f"{prefix}_{name}": [record[name] for record in records] for name in names}


def _device(events: list[Event]) -> Row:
    for event in reversed(events):
        if event.get("environment", ""):
            told = {name: event.get(name, "") for name in DEVICE}
            return told | {"device_at": event["occurred_at"], "device_event": event["event_id"]}
    return dict.fromkeys(DEVICE, "") | {"device_at": 0, "device_event": ""}


def _page(events: list[Event]) -> Row:
    for event in reversed(events):
        if event.get("url", ""):
            shows_item = event["name"] == "view_item" and event.get("items")
            return {
                "page_url": event["url"],
                "page_title": event.get("title", ""),
                "page_item": event["items"][0]["item_id"] if shows_item else "",
                "page_at": event["occurred_at"],
                "page_event": event["event_id"],
            }
    return {"page_url": "", "page_title": "", "page_item": "", "page_at": 0, "page_event": ""}


def _visits(events: list[Event], counted: list[Row]) -> list[Row]:
    runs: list[list[Event]] = []
    for event in events:
        if runs and event["occurred_at"] - runs[-1][-1]["occurred_at"] <= GAP:
            runs[-1].append(event)
        else:
            runs.append([event])
    return [_visit(run, counted) for run in runs]


def _visit(run: list[Event], counted: list[Row]) -> Row:
    start, end = run[0]["occurred_at"], run[-1]["occurred_at"]
    inside = [order for order in counted if start <= order["at"] <= end]
    entries = [event for event in run if event.get("url", "")]
    entry = entries[0] if entries else {}
    visit: Row = {
        "start": start,
        "end": end,
        "pageviews": sum(bool(event.get("pageview", False)) for event in run),
        "cart_adds": sum(event["name"] == "add_to_cart" for event in run),
        "orders": len(inside),
        "units": sum(order["units"] for order in inside),
        "revenue": sum(order["revenue"] for order in inside),
        "landing_page": entry.get("url", ""),
    }
    visit |= {name: entry.get(name, "") for name in ENTRY}
    return visit | {"entry_at": entry.get("occurred_at", 0), "entry_event": entry.get("event_id", "")}


PRODUCT = ["item", "category", "category_at", "views", "viewed_at", "adds", "carted_at", "units", "bought_at"]


def _products(events: list[Event], counted: list[Row], last_seen: int) -> list[Row]:
    products: dict[str, Row] = {}

    def product(item: str) -> Row:
        nothing = {"views": 0, "viewed_at": 0, "adds": 0, "carted_at": 0, "units": 0, "bought_at": 0}
        return products.setdefault(item, {"item": item, "category": "", "category_at": 0, **nothing, "bought": False})

    for event in events:
        if event["name"] not in ITEM_EVENTS:
            continue
        at = event["occurred_at"]
        for item, line in _lines(event).items():
            known = product(item)
            if line["category"]:
                newest = max((known["category_at"], known["category"]), (at, line["category"]))
                known["category_at"], known["category"] = newest
            if event["name"] == "view_item":
                known["views"] += 1
                known["viewed_at"] = at
            if event["name"] == "add_to_cart":
                known["adds"] += line["quantity"]
                known["carted_at"] = at
    for order in counted:
        for item, line in order["lines"].items():
            known = product(item)
            known["bought"] = True
            known["units"] += line["units"]
            if line["units"] > 0:
                known["bought_at"] = order["at"]
            if line["category"] and known["category_at"] == 0:
                known["category"] = line["category"]
    oldest = last_seen - KEPT
    return [
        known
        for _, known in sorted(products.items())
        if known["bought"] or max(known["viewed_at"], known["carted_at"], known["category_at"]) >= oldest
    ]


def _searches(events: list[Event], last_seen: int) -> Row:
    latest: dict[str, int] = {}
    for event in events:
        if event["name"] == "search" and event.get("search_term", ""):
            latest[event["search_term"]] = event["occurred_at"]
    kept = [(term, at) for term, at in sorted(latest.items()) if at >= last_seen - KEPT]
    return {"search_term": [term for term, _ in kept], "search_at": [at for _, at in kept]}


def _ops(events: list[Event], last_seen: int) -> list[Row]:
    """Cart operations of the row, old ones folded, sorted by (item, at, event, kind)."""
    ops: list[Row] = []
    for event in events:
        base = {"at": event["occurred_at"], "event": event["event_id"], "kind": 0, "delta": 0, "price": -1}
        name, lines = event["name"], _lines(event)
        if name in ("add_to_cart", "remove_from_cart"):
            sign = 1 if name == "add_to_cart" else -1
            for item, line in lines.items():
                price = -1 if line["price"] is None else line["price"]
                ops.append({**base, "item": item, "delta": sign * line["quantity"], "price": price})
        if name == "purchase":
            ops.extend({**base, "item": item, "kind": 1} for item in lines)
        if name in ("purchase", "remove_from_cart") and not lines:
            ops.append({**base, "item": "", "kind": 1})
    old = [op for op in ops if op["at"] < last_seen - HORIZON]
    young = [op for op in ops if op["at"] >= last_seen - HORIZON]
    folded = [
        {
            "item": item,
            "at": line["at"],
            "event": line["event"],
            "kind": 2,
            "delta": line["quantity"],
            "price": line["price"],
        }
        for item, line in fold(old).items()
    ]
    return sorted(folded + young, key=lambda op: (op["item"], op["at"], op["event"], op["kind"]))


def fold(ops: list[Row]) -> dict[str, Row]:
    """What operations leave, in the order given: {item: {quantity > 0, price or -1, added_at, and at and event of its last
    operation}}."""
    cart: dict[str, Row] = {}
    for op in ops:
        if op["kind"] == 1:
            cart = {} if op["item"] == "" else {item: line for item, line in cart.items() if item != op["item"]}
            continue
        line = cart.setdefault(op["item"], {"quantity": 0, "price": -1, "added_at": 0})
        line["quantity"] += op["delta"]
        line["at"], line["event"] = op["at"], op["event"]
        if op["price"] != -1:
            line["price"] = op["price"]
        if op["delta"] > 0:
            line["added_at"] = op["at"]
        if line["quantity"] <= 0:
            del cart[op["item"]]
    return cart


def cart_columns(ops: list[Row], products: list[Row]) -> Row:
    """The cart that operations, in the order given, leave; its items' categories are those of the products."""
    categories = {known["item"]: known["category"] for known in products}
    lines = [
        {**line, "item": item, "category": categories.get(item, ""), "price": max(line["price"], 0)}
        for item, line in sorted(fold(ops).items())
    ]
    row: Row = {
        "cart_value": sum(line["quantity"] * line["price"] for line in lines),
        "cart_units": sum(line["quantity"] for line in lines),
    }
    return row | columns("cart", lines, ["item", "category", "quantity", "price", "added_at"])


def report(rows: Iterable[Row], now: int, window: int, member: Callable[[Row], bool]) -> Row:
    """Measures of a Live Report (one side), brute force over the rows' visits: rates are None where the base is 0.

    `window` is in milliseconds. The population are members with a visit whose end is at or after `now - window`; those
    visits count whole. Keys: the measures, and `top`: purchased, carted, in_cart, each up to 7 (item_id, units, orders),
    `orders` being the counted orders of the window with the item: it breaks ties in all three, then item_id does.
    """
    since = now - window
    people = [row for row in rows if member(row) and any(end >= since for end in row["visit_end"])]
    visits = [(row, i) for row in people for i, end in enumerate(row["visit_end"]) if end >= since]
    stay = sum(row["visit_end"][i] - row["visit_start"][i] for row, i in visits)
    converting = sum(row["visit_orders"][i] > 0 for row, i in visits)
    measures: Row = {"visitors": len(people), "visits": len(visits)}
    for name in ["pageviews", "orders", "units", "revenue"]:
        measures[name] = sum(row[f"visit_{name}"][i] for row, i in visits)
    return measures | {
        "pageviews_per_visit": _ratio(measures["pageviews"], len(visits)),
        "avg_stay_seconds": _ratio(stay, len(visits) * 1000),
        "purchase_rate": _ratio(measures["orders"], len(visits)),
        "converting_visit_rate": _ratio(converting, len(visits)),
        "average_order_value": _ratio(measures["revenue"], measures["orders"]),
        "top": _tops(people, since),
    }


def _tops(people: list[Row], since: int) -> Row:
    units: dict[str, dict[str, int]] = {"purchased": {}, "carted": {}, "in_cart": {}}
    orders: dict[str, int] = {}

    def count(name: str, item: str, number: int) -> None:
        if number > 0:
            units[name][item] = units[name].get(item, 0) + number

    for row in people:
        for item, number, end in zip(row["bought_item"], row["bought_units"], row["bought_visit_end"], strict=True):
            if end >= since and number > 0:
                count("purchased", item, number)
                orders[item] = orders.get(item, 0) + 1
        for item, kind, number, end in zip(
            row["op_item"], row["op_kind"], row["op_delta"], row["op_visit_end"], strict=True
        ):
            if end >= since and kind == 0:
                count("carted", item, number)
        for item, number in zip(row["cart_item"], row["cart_quantity"], strict=True):
            count("in_cart", item, number)

    def top(held: dict[str, int]) -> list[tuple[str, int, int]]:
        ranked = sorted(held, key=lambda item: (-held[item], -orders.get(item, 0), item))
        return [(item, held[item], orders.get(item, 0)) for item in ranked[:7]]

    return {name: top(held) for name, held in units.items()}


def _ratio(dividend: int, divisor: int) -> float | None:
    return dividend / divisor if divisor else None
