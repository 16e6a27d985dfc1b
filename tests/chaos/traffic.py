"""Seeded synthetic events of one shop, as senders send them: late, out of order, repeated, refunded, with order ids that several
visitors repeat, and with logins: members with several devices, devices that two members share, logouts. The streams are split by
visitor, so that a visitor's events keep their order whatever is sent again."""

from __future__ import annotations

import random
from collections.abc import Sequence

from deploy.sender import Event

DAY = 86_400_000
SPAN = 12 * DAY
"""Longer than the engine's 8 days, so that visits are folded away."""

LATENESS = 6 * DAY
VISITOR_EVENTS = 12
_NAMES = (
    "page_view",
    "view_item",
    "add_to_cart",
    "remove_from_cart",
    "purchase",
    "refund",
    "search",
    "heartbeat",
    "identify",
    "logout",
)
_MIX = (46, 22, 10, 3, 6, 2, 4, 3, 3, 1)
_AGENTS = (
    "Mozilla/5.0 (Linux; Android 14; SM-S921N) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36",
    "ShopApp/4.2.1 (Android 14; SM-S928N)",
)


def streams(count: int, senders: int, end: int, seed: int) -> list[list[Event]]:
    """About `count` events that arrived up to `end` (epoch ms), in order of arrival, a stream for each sender."""
    chance = random.Random(seed)
    visitors = max(senders, count // VISITOR_EVENTS)
    arriving: list[tuple[int, int, Event]] = []
    number = 0
    while number < count:
        visitor = int(visitors * chance.random() ** 2)
        at = end - SPAN + int(chance.random() * (SPAN - DAY // 24))
        for _ in range(chance.randint(1, 9)):
            at += int(chance.expovariate(1 / 120_000))
            late = int(chance.random() * LATENESS) if chance.random() < 0.03 else 0
            arriving.append((min(at + late, end), visitor, _event(chance, number, visitor, min(at, end), visitors)))
            number += 1
    arriving.sort(key=lambda one: one[0])
    found: list[list[Event]] = [[] for _ in range(senders)]
    for _, visitor, event in arriving:
        stream = found[visitor % senders]
        stream.append(event)
        if chance.random() < 0.02:
            stream.append(chance.choice(stream[-200:]))  # sent once more
    return found


def _event(chance: random.Random, number: int, visitor: int, at: int, visitors: int) -> Event:
    name = chance.choices(_NAMES, _MIX)[0]
    event: Event = {
        "event_id": f"{chance.getrandbits(24):06x}-{number}",
        "visitor_id": f"visitor-{visitor}",
        "name": name,
        "occurred_at": at,
        "user_agent": _AGENTS[visitor % 3],
    }
    member = _member(chance, visitor)
    if member and (name == "identify" or chance.random() < 0.2):
        event["member_id"] = member
    if name not in ("refund", "heartbeat"):
        event |= {
            "url": f"https://shop.example/{chance.randrange(300)}?utm_source=naver",
            "title": f"쪽 {number % 300}",
        }
    if name in ("view_item", "add_to_cart", "remove_from_cart", "purchase"):
        event["items"] = _items(chance, 1 if name != "purchase" else chance.randint(1, 3))
    if name == "search":
        event["search_term"] = chance.choice(("니트", "가방", "coat"))
    if name == "purchase":
        shared = chance.random() < 0.1
        event |= {"transaction_id": f"T-{chance.randrange(visitors) if shared else number}", "currency": "KRW"}
        if chance.random() < 0.5:
            event["value"] = chance.randrange(1_000, 90_000)
    if name == "refund":
        event["transaction_id"] = f"T-{chance.randrange(visitors)}"
        if chance.random() < 0.7:
            event["items"] = _items(chance, 1)
    return event


def _member(chance: random.Random, visitor: int) -> str:
    """Of three visitors in seven: a member has three devices; every fourth of these is another's, too."""
    if visitor % 7 > 2:
        return ""
    return f"guest-{visitor}" if visitor % 4 == 0 and chance.random() < 0.3 else f"member-{visitor // 7}"


def _items(chance: random.Random, count: int) -> Sequence[Event]:
    return [_item(chance, chance.randrange(400)) for _ in range(count)]


def _item(chance: random.Random, product: int) -> Event:
    return {
        "item_id": f"P{product}",
        "item_name": f"상품 {product}",
        "price": 1_000 * chance.randint(1, 60),
        "quantity": chance.randint(1, 3),
        "category": "옷",
    }
