"""The demo shop's traffic: visits that begin at random, and their events as they would reach the door."""

import heapq
from collections.abc import Iterator
from itertools import accumulate
from random import Random
from typing import Any, Final

from ingest.demo.catalogue import Product, make_products
from ingest.demo.people import Person, new_person
from ingest.demo.visit import plan_visit

_MINUTE_MS: Final = 60_000
_HOUR_MS: Final = 60 * _MINUTE_MS
_KOREA_HOURS: Final = 9
#: How busy each hour of a Korean day is; the mean is about 1.
_BY_HOUR: Final = (
    (1.2, 0.8, 0.5, 0.4, 0.4, 0.4, 0.5, 0.7, 0.9, 1.0, 1.1, 1.1)
    + (1.2, 1.1, 1.0, 1.0, 1.0, 1.0, 1.1, 1.2, 1.4, 1.6, 1.7, 1.5)
)  # fmt: skip
_PEOPLE_MAX: Final = 20_000
_CLOCK: Final = "clock_ahead_ms"  # rides on an item until it is sent

RETURNS: Final = 0.45  # share of visits by someone seen before
SECOND_DEVICE: Final = 0.25  # share of newcomers who know somebody's account, if that one has any
REPEATED: Final = 0.01  # of events, sent twice
LATE: Final = 0.02  # of events, minutes to hours late
ORDER_TOLD_TWICE: Final = 0.1  # of orders, by the page and by the shop's server
REFUNDED: Final = 0.08  # of orders, within a day; half of them in part


class DemoShop:
    """A shop that does not exist, with about `visits_per_minute` visits a minute over the day.

    The same seed and calls give the same traffic. Items are raw, for the door; those of `tick` tell `sent_at`, some by a
    wrong clock. Use `history` first, then `tick` on from there, so that visits under way go on.
    """

    def __init__(self, seed: int = 0, visits_per_minute: float = 6.0) -> None:
        self._random = Random(seed)
        self._visits_per_minute = visits_per_minute
        self._products = make_products(self._random)
        self._popularity = list(accumulate(1 / (rank + 3) for rank in range(len(self._products))))
        self._people: list[Person] = []
        self._arriving: list[tuple[int, int, dict[str, Any]]] = []  # heap of (when it reaches us, number, event)
        self._numbered = 0
        self._members: set[str] = set()
        self._joined: list[str] = []

    def joined(self) -> list[str]:
        """Ids of those who became members since this was asked last."""
        found, self._joined = self._joined, []
        return found

    def history(self, now: int, hours: float) -> Iterator[dict[str, Any]]:
        """The events that reached the shop in the `hours` before `now` (epoch milliseconds), minute by minute. They tell
        no `sent_at`: they are for a door that is told `history`, or that is opened with the time of the event."""
        at = now - int(hours * _HOUR_MS)
        while at < now:
            following = min(at + _MINUTE_MS, now)
            for item in self._arrived(following, following - at):
                yield {key: value for key, value in item.items() if key != _CLOCK}
            at = following

    def tick(self, now_ms: int, seconds: float) -> list[dict[str, Any]]:
        """The events that reached the shop in the `seconds` before `now_ms`."""
        return [self._sent(item, now_ms) for item in self._arrived(now_ms, int(seconds * 1_000))]

    def _arrived(self, until: int, span_ms: int) -> list[dict[str, Any]]:
        for begins_at in self._beginnings(until - span_ms, until):
            self._visit(begins_at)
        arrived = []
        while self._arriving and self._arriving[0][0] <= until:
            arrived.append(heapq.heappop(self._arriving)[2])
        return arrived

    def _beginnings(self, begin: int, end: int) -> Iterator[int]:
        """Times at which visits begin: a Poisson process at the rate of the hour."""
        busy = _BY_HOUR[(begin // _HOUR_MS + _KOREA_HOURS) % 24]
        mean_gap_ms = _MINUTE_MS / (self._visits_per_minute * busy)
        at = begin + self._random.expovariate(1 / mean_gap_ms)
        while at < end:
            yield int(at)
            at += self._random.expovariate(1 / mean_gap_ms)

    def _visit(self, begins_at: int) -> None:
        random = self._random
        person = self._someone()
        for at, event in plan_visit(random, person, begins_at, self._choose, self._order_id):
            item = {
                "event_id": self._id("e", at),
                "visitor_id": person.visitor_id,
                **event,
                "occurred_at": at,
                "context": person.context,
            }
            if person.member_id:
                item["member_id"] = person.member_id
            if person.clock_ahead_ms:
                item[_CLOCK] = person.clock_ahead_ms
            arrives_at = at + (random.randint(_MINUTE_MS, 3 * _HOUR_MS) if random.random() < LATE else 0)
            self._send(arrives_at, item)
            if random.random() < REPEATED:
                self._send(arrives_at + random.randint(1, 60_000), item)
            if event["name"] == "purchase":
                self._after_order(person, at, event)
        if person.member_id and person.member_id not in self._members:
            self._members.add(person.member_id)
            self._joined.append(person.member_id)

    def _after_order(self, person: Person, at: int, order: dict[str, Any]) -> None:
        """What the shop's server says of an order, sooner or later."""
        random = self._random
        about = {"visitor_id": person.visitor_id, "transaction_id": order["transaction_id"], "currency": "KRW"}
        if random.random() < ORDER_TOLD_TWICE:
            copy_at = at + random.randint(200, 5_000)
            copy = {"event_id": self._id("s", copy_at), "name": "purchase", "occurred_at": copy_at, **about}
            self._send(copy_at, {**copy, "value": order["value"], "items": order["items"]})
        if random.random() < REFUNDED:
            refund_at = at + random.randint(10 * _MINUTE_MS, 24 * _HOUR_MS)
            refund = {"event_id": self._id("s", refund_at), "name": "refund", "occurred_at": refund_at, **about}
            if random.random() < 0.5:
                refund["items"] = [{**order["items"][0], "quantity": 1}]
            self._send(refund_at, refund)

    def _someone(self) -> Person:
        random = self._random
        if self._people and random.random() < RETURNS:
            # the square prefers those who came early on: regulars
            return self._people[int(len(self._people) * random.random() ** 2)]
        person = new_person(random, f"demo-{random.getrandbits(48):012x}")
        if self._people and random.random() < SECOND_DEVICE:
            person.account = random.choice(self._people).member_id
        if len(self._people) < _PEOPLE_MAX:
            self._people.append(person)
        else:
            self._people[random.randrange(_PEOPLE_MAX)] = person
        return person

    def _choose(self) -> Product:
        return self._random.choices(self._products, cum_weights=self._popularity)[0]

    def _send(self, arrives_at: int, item: dict[str, Any]) -> None:
        self._numbered += 1
        heapq.heappush(self._arriving, (arrives_at, self._numbered, item))

    def _sent(self, item: dict[str, Any], now_ms: int) -> dict[str, Any]:
        """The item as its sender's clock tells it."""
        ahead = item.get(_CLOCK, 0)
        told = {key: value for key, value in item.items() if key != _CLOCK}
        return {**told, "occurred_at": item["occurred_at"] + ahead, "sent_at": now_ms + ahead}

    def _id(self, kind: str, at: int) -> str:
        """Unique also between two runs with one seed, because the time is in it."""
        return f"demo-{kind}-{at:x}-{self._random.getrandbits(32):08x}"

    def _order_id(self, at: int) -> str:
        return f"D{at}-{self._random.randrange(10_000):04d}"
