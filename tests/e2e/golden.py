"""Events that make exactly the figures of the reference product's three published examples."""

from __future__ import annotations

from typing import Any

from deploy.sender import Event

MINUTE = 60_000
PHONE = (
    "Mozilla/5.0 (Linux; Android 14; SM-S921N) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/124.0.0.0 Mobile Safari/537.36"
)
DESKTOP = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36"
)


def spread(total: int, parts: int) -> list[int]:
    """`total` as `parts` integers that differ by at most one."""
    return [total // parts + (number < total % parts) for number in range(parts)]


def visit(
    visitor_id: str,
    end: int,
    *,
    pageviews: int,
    stay_ms: int = 0,
    orders: int = 0,
    value: int = 1_000,
    context: dict[str, Any] | None = None,
) -> list[Event]:
    """The events of one visit that ends at `end`: page views from its first moment to its last, and its orders then."""
    events: list[Event] = []
    steps = max(1, pageviews - 1)
    for number in range(pageviews):
        at = end - stay_ms + stay_ms * number // steps
        page = {"url": f"https://shop.example/{number}"}
        events.append({"name": "page_view", "occurred_at": at, "page": page})
    for number in range(orders):
        order_id = f"{visitor_id}-{end}-{number}"
        item = {"item_id": "cup", "item_name": "Cup", "price": value, "quantity": 1}
        events.append(
            {"name": "purchase", "occurred_at": end, "transaction_id": order_id, "value": value, "items": [item]}
        )
    about = {"visitor_id": visitor_id, **({"context": context} if context else {})}
    return [{"event_id": f"{visitor_id}-{end}-{number}", **about, **event} for number, event in enumerate(events)]


def mobile(now: int) -> list[Event]:
    """2,045 visits, 8,384 pageviews, 100 orders; on phones, in a browser or the app: 1,902, 7,520 and 96."""
    events: list[Event] = []
    for prefix, visits, pageviews, orders in (("m", 1_902, 7_520, 96), ("p", 143, 864, 4)):
        for number, (pages, placed) in enumerate(zip(spread(pageviews, visits), spread(orders, visits), strict=True)):
            context: dict[str, Any] = {"user_agent": PHONE if prefix == "m" else DESKTOP}
            if prefix == "m" and number % 3 == 0:
                context["app"] = {"name": "Shop", "version": "1.0"}
            end = now - MINUTE - MINUTE * (number % 1_200)
            events += visit(f"{prefix}{number}", end, pageviews=pages, orders=placed, context=context)
    return events


def frequent(now: int) -> list[Event]:
    """947 visits, 75 orders; visitors with 10 visits or more: 170 and 30."""
    events: list[Event] = []
    orders = spread(30, 170)
    for visitor in range(17):
        for number in range(10):
            end = now - MINUTE - number * 40 * MINUTE
            events += visit(f"f{visitor}", end, pageviews=1, orders=orders[visitor * 10 + number])
    for number, placed in enumerate(spread(45, 777)):
        events += visit(f"r{number}", now - MINUTE * (1 + number % 1_200), pageviews=1, orders=placed)
    return events


def spend(now: int) -> list[Event]:
    """100 visits, 410 pageviews, mean stay 128 s; who spent 10,000 to under 50,000: 5, 54 and 353 s."""
    events: list[Event] = []
    for number, pages in enumerate(spread(54, 5)):
        value = (10_000, 49_999, 20_000, 30_000, 40_000)[number]
        end = now - MINUTE * (5 + number)
        events += visit(f"s{number}", end, pageviews=pages, stay_ms=353_000, orders=1, value=value)
    stays = spread(100 * 128_000 - 5 * 353_000, 95)
    for number, (pages, stay) in enumerate(zip(spread(410 - 54, 95), stays, strict=True)):
        value = {0: 9_999, 1: 50_000}.get(number, 0)
        end = now - MINUTE * (5 + number)
        events += visit(f"o{number}", end, pageviews=pages, stay_ms=stay, orders=int(number < 2), value=value)
    return events
