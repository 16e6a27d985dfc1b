"""Synthetic shoppers who send what they do to `POST /v1/events` as it happens, at a steady rate, in small batches.

Beside them probes: people who came during the warm-up, each of whom puts two of one thing into the cart once, so that he enters a
segment for a cart at a known moment. Half of them are visitors nobody knows, half are members.
"""

from __future__ import annotations

import random
import threading
import time
from typing import Any

import httpx
import orjson

Event = dict[str, Any]

BATCH = 20
SENDERS = 4
PROBES_A_SECOND = 20.0
PRICE = 60_000
SHOPPERS = 20_000
MEMBERS = 0.1
"""Share of the shoppers who are logged in."""

_NAMES = ("page_view", "view_item", "add_to_cart", "search", "remove_from_cart", "purchase", "heartbeat")
_MIX = (0.62, 0.22, 0.08, 0.03, 0.015, 0.015, 0.02)
_SHOP = "https://www.shop.example"
_AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Mobile/15E148 "
    "Safari/604.1",
)


class Shoppers:
    """All who send, in threads. Ids are new in each object."""

    def __init__(
        self, url: str, write_key: str, rate: float, probes: int, seed: int = 1, crowd: int = SHOPPERS
    ) -> None:
        """`rate`: events a second, probes' included. `probes`: how many may be asked for. `crowd`: how many shoppers there are."""
        self._url, self._key, self._rate = url, write_key, rate
        self._crowd = crowd
        self._random, self._number, self._turn = random.Random(seed), 0, threading.Lock()
        self._to_come = [f"probe-{number}" for number in range(probes)]
        self._to_cart: list[str] = []
        self.sent: list[tuple[float, int]] = []  # when (time.monotonic) so many events were answered
        self.answered: dict[str, float] = {}  # when (time.monotonic) a probe's cart was answered, by person
        self.refused = 0

    def run(self, seconds: float, *, probing: bool) -> None:
        """Send for so long. Without `probing` the probes come to the shop; with it they fill their carts."""
        began = time.monotonic()
        self._probing = probing
        threads = [threading.Thread(target=self._send, args=(began, seconds, place)) for place in range(SENDERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def rate(self, since: float, until: float) -> float:
        """Events a second that were answered between two moments of time.monotonic."""
        return sum(count for at, count in self.sent if since <= at < until) / (until - since)

    def _send(self, began: float, seconds: float, place: int) -> None:
        pause = BATCH / self._rate
        due = began + place * pause
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        with httpx.Client(base_url=self._url, headers=headers, timeout=60) as http:
            while due < began + seconds:
                time.sleep(max(0.0, due - time.monotonic()))
                batch, probes = self._batch()
                answer = http.post("/v1/events", content=orjson.dumps(batch))
                at = time.monotonic()
                accepted = answer.json()["accepted"] if answer.status_code == 202 else 0
                self.refused += len(batch) - accepted
                self.sent.append((at, accepted))
                self.answered.update(dict.fromkeys(probes, at))
                due += pause * SENDERS

    def _batch(self) -> tuple[list[Event], list[str]]:
        """Events of this moment, and the persons among them whose carts are filled."""
        now = time.time_ns() // 1_000_000
        with self._turn:
            self._number += 1
            events, probes = [], []
            wanted = PROBES_A_SECOND * BATCH / self._rate
            if not self._probing:
                coming = [self._to_come.pop() for _ in range(min(BATCH, len(self._to_come)))]
                self._to_cart += coming
                events = [self._event(now, one, _is_member(one), "page_view") for one in coming]
            elif self._random.random() < wanted and self._to_cart:
                one = self._to_cart.pop(0)
                probes = [person_id(one)]
                events = [self._event(now, one, _is_member(one), "add_to_cart", quantity=2)]
            while len(events) < BATCH:
                shopper = int(self._crowd * self._random.random() ** 2)
                name = self._random.choices(_NAMES, _MIX)[0]
                events.append(self._event(now, f"shopper-{shopper}", shopper % int(1 / MEMBERS) == 0, name))
            return events, probes

    def _event(self, now: int, who: str, member: bool, name: str, quantity: int = 1) -> Event:
        chance = self._random
        product = chance.randrange(3_000)
        event: Event = {
            "event_id": f"{now:x}-{chance.getrandbits(64):x}",
            "visitor_id": who,
            "name": name,
            "occurred_at": now,
            "page": {"url": f"{_SHOP}/product/P{product:05d}", "title": f"상품 {product}"},
            "context": {"user_agent": _AGENTS[product % 2]},
        }
        if member:
            event["member_id"] = f"m-{who}"
        if name == "search":
            event["search_term"] = f"검색어 {product % 300}"
        if name in ("view_item", "add_to_cart", "remove_from_cart", "purchase"):
            event["items"] = [{"item_id": f"P{product:05d}", "price": PRICE, "quantity": quantity}]
        if name == "purchase":
            event |= {"transaction_id": f"T{now}-{chance.getrandbits(32)}", "value": PRICE, "currency": "KRW"}
        return event


def person_id(probe: str) -> str:
    """The person a probe is."""
    return f"member:m-{probe}" if _is_member(probe) else f"visitor:{probe}"


def _is_member(probe: str) -> bool:
    return int(probe.rpartition("-")[2]) % 2 == 0
