"""Erasing people from a shop that the real flow runs: what is left is what the other events make, and nothing comes back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from api.erasure import Eraser
from api.erasure_receipts import Receipt, find_receipt
from api.last_answers import LastAnswers
from flows.lookup import commits_of
from flows.rebuild import from_log
from flows.rebuild_check import compare
from flows.rebuild_replay import Pace
from flows.records import Outgoing
from ingest.log import FileLog
from ingest.members import member_key, member_line
from tests.api.conftest import Clock
from tests.flows.shop import Shop
from tests.flows.test_rebuild import Quiet
from tests.laws.events import CURRENCIES, START, arrivals, random_world
from tests.laws.machine import IGNORED, OF_TIES, differences
from tests.laws.model import visitor_rows
from tests.laws.people import people_rows

Event = dict[str, Any]
NAMES = {"m1": "member-one", "m2": "member-two", "v0": "somebody-0", **{f"v{n}": f"somebody-{n}" for n in range(1, 9)}}


class Erasing:
    """A shop, and an API's eraser over it."""

    def __init__(self, url: str, database: str, directory: Path) -> None:
        self.directory = directory
        self.log = FileLog(directory, 4)
        self.shop = Shop(url, database, self.log)
        self.clock = Clock()
        self.eraser = Eraser(self.shop.store, self.log, self.clock, LastAnswers(), b"secret")

    def erase(self, site_id: str, member_id: str, visitor_id: str = "") -> Receipt:
        """Ask for it, and wait."""
        return self.wait(site_id, self.eraser.ask(site_id, member_id, visitor_id).receipt_id)

    def wait(self, site_id: str, receipt_id: str) -> Receipt:
        """Let flow and API work until everything is deleted."""
        for _ in range(60):
            self.shop.drain()
            self.eraser.turn()
            self.clock.now += 1_000
            receipt = find_receipt(self.shop.store, site_id, receipt_id)
            assert receipt is not None
            if receipt.state in ("settling", "done"):
                return receipt
        raise AssertionError("it does not come to an end")

    def left(self, world: list[Event]) -> list[Event]:
        """The events that are left, as they are now."""
        told = {(e["site_id"], e["visitor_id"], e["event_id"]): e for e in world}
        sql = "SELECT site_id, visitor_id, event_id, any(member_id) AS member_id FROM events GROUP BY ALL"
        found = []
        for row in self.shop.store.rows_of(sql):
            event = told[row["site_id"], row["visitor_id"], row["event_id"]]
            kept = {name: value for name, value in event.items() if name != "member_id"}
            found.append(kept | ({"member_id": row["member_id"]} if row["member_id"] else {}))
        return found

    def check(self, world: list[Event]) -> None:
        """Stints and people are those of the events that are left, and a rebuild from the log finds them too."""
        self.shop.drain()
        left = self.left(world)
        rows = self.shop.state()["visitors"]
        stints = {key[:3]: row for key, row in rows.items() if not key[3]}
        people = {(key[0], key[3]): row for key, row in rows.items() if key[3]}
        found = differences(stints, visitor_rows(left, currencies=CURRENCIES))
        found += differences(people, people_rows(left, currencies=CURRENCIES), IGNORED | OF_TIES)
        assert not found, "\n".join(found)
        targets = commits_of(self.shop.store)
        from_log(self.log, self.shop.store, targets, Quiet(), Pace(stretch=40, write=90))
        compared = compare(self.shop.store, targets)
        assert compared.equal, [example for table in compared.tables for example in table.examples]

    def found(self, *names: str) -> list[str]:
        """Where these names stand: tables, without FINAL, rebuilt ones too, and files of the log."""
        sql = "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine NOT LIKE '%View'"
        texts = [
            (table["name"], str(row))
            for table in self.shop.store.rows_of(sql)
            for row in self.shop.store.arrow_of(f"SELECT * FROM {table['name']}").to_pylist()
        ]
        for path in self.directory.rglob("*.log"):
            texts += [(path.name, line.decode()) for line in path.read_bytes().split(b"\n")]
        return [f"{place}: {text}" for place, text in texts for name in names if name in text]


@pytest.fixture
def erasing(clickhouse_url: str, database: str, tmp_path: Path) -> Iterator[Erasing]:
    erasing = Erasing(clickhouse_url, database, tmp_path / "log")
    yield erasing
    erasing.log.close()
    erasing.shop.store.close()


def named(world: list[Event]) -> list[Event]:
    """The world with ids that stand nowhere by chance."""
    names = ("visitor_id", "member_id")
    return [{k: NAMES.get(v, v) if k in names else v for k, v in event.items()} for event in world]


def a_world(seed: int, size: int, visitors: int = 4) -> tuple[list[Event], list[Event], np.random.Generator]:
    rng = np.random.default_rng(seed)
    world = named(random_world(rng, size, sites=("alpha", "beta"), visitors=visitors, items=4, transactions=8))
    return world, arrivals(world, rng), rng


def event(visitor_id: str, event_id: str, at: int, **more: Any) -> Event:
    return {
        "site_id": "alpha", "visitor_id": visitor_id, "event_id": event_id, "name": "page_view", "occurred_at": START + at,
        "received_at": START + at, "bot": False, "server": False, "pageview": True, "properties": "{}", **more,
    }  # fmt: skip


def test_a_member_with_five_devices_leaves_nothing_and_no_rebuild_brings_him_back(erasing: Erasing) -> None:
    anna = [event(f"device-{n}", f"a{n}", n * 1_000) for n in range(5)]
    anna += [event(f"device-{n}", f"b{n}", 60_000 + n, name="identify", member_id="anna-member") for n in range(5)]
    bought = {"name": "purchase", "transaction_id": "order-1", "value": 1_000, "currency": "KRW"}
    anna += [event(f"device-{n}", f"c{n}", 70_000 + n, **bought) for n in range(2)]
    others = [event("other", "d", 5_000), event("other", "e", 6_000, name="identify", member_id="bert")]
    for one in anna + others:
        erasing.shop.send(one)
    for member, name in (("anna-member", "Anna Kim"), ("bert", "Bert Lee")):
        line = member_line("alpha", member, START, START, {"name": name})
        erasing.shop._append([Outgoing(member_key("alpha", member), line)])
    erasing.shop.drain()
    assert erasing.found("anna-member")
    receipt = erasing.erase("alpha", "anna-member")
    assert (receipt.totals.orders, receipt.totals.visits, receipt.removed["events"]) == (1, 5, 12)
    assert erasing.found("anna-member", "device-", "order-1", "Anna Kim") == []
    assert erasing.found("Bert Lee")
    erasing.check(anna + others)
    assert erasing.found("anna-member", "device-", "order-1") == []
    for number in range(4):
        erasing.shop.crash(number)
    erasing.check(anna + others)
    assert {one["event_id"] for one in erasing.left(anna + others)} == {"d", "e"}
    comes_back = event("device-0", "f", 200_000, name="identify", member_id="anna-member")
    erasing.shop.send(comes_back)
    erasing.check(anna + others + [comes_back])
    assert len(erasing.left(anna + others + [comes_back])) == 3


@pytest.mark.parametrize("seed", [1])
def test_in_any_world_what_is_left_is_what_the_other_events_make(erasing: Erasing, seed: int) -> None:
    world, stream, rng = a_world(seed, 120)
    erasing.shop.play(stream, rng)
    erasing.shop.drain()
    erasing.check(world)
    members = sorted({e["member_id"] for e in world if e.get("member_id") and e["site_id"] == "alpha"})
    for member in members[:2]:
        receipt = erasing.erase("alpha", member)
        assert receipt.work == ""
        assert [e for e in erasing.left(world) if e["site_id"] == "alpha" and e.get("member_id") == member] == []
        erasing.check(world)
    rows = erasing.shop.state()["visitors"].values()
    nobody = sorted({row["visitor_id"] for row in rows if not row["member_id"] and row["site_id"] == "alpha"})
    for visitor in nobody[:2]:
        erasing.erase("alpha", "", visitor)
        erasing.check(world)


@pytest.mark.parametrize("seed", [20])
def test_people_who_act_while_somebody_is_erased_are_exact_afterwards(erasing: Erasing, seed: int) -> None:
    world, _, rng = a_world(seed, 90)
    stream = arrivals(world, rng, repeats=0.0)
    half = len(stream) // 2
    erasing.shop.play(stream[:half], rng)
    asked = erasing.eraser.ask("alpha", "member-one", "")
    for first in range(half, len(stream), 4):
        for one in stream[first : first + 4]:
            erasing.shop.send(one)
        if rng.random() < 0.6:
            erasing.shop.drain()
        erasing.eraser.turn()
        erasing.clock.now += 1_000
    erasing.wait("alpha", asked.receipt_id)
    erasing.check(world)


def test_a_shared_device_keeps_the_other_members_time(erasing: Erasing) -> None:
    world = [
        event("both", "a", 0),
        event("both", "b", 1_000, name="identify", member_id="anna-member"),
        event("both", "c", 2_000, name="identify", member_id="bert"),
        event("both", "d", 3_000),
        event("both", "e", 4_000, name="identify", member_id="anna-member"),
        event("both", "f", 5_000, name="logout"),
        event("both", "g", 6_000),
    ]
    for one in world:
        erasing.shop.send(one)
    erasing.shop.drain()
    erasing.erase("alpha", "anna-member")
    assert {one["event_id"] for one in erasing.left(world)} == {"c", "d", "g"}
    assert erasing.found("anna-member") == []
    erasing.check(world)


def test_who_acts_all_the_while_begins_anew_after_it(erasing: Erasing) -> None:
    world = [event("device", "a", 0), event("device", "b", 1_000, name="identify", member_id="anna-member")]
    for one in world:
        erasing.shop.send(one)
    erasing.shop.drain()
    asked = erasing.eraser.ask("alpha", "anna-member", "")
    for n in range(40):
        one = event("device", f"n{n}", 10_000 + n * 1_000, **({"member_id": "anna-member"} if n % 3 == 0 else {}))
        world.append(one)
        if n < 6 or n > 30:
            erasing.shop.send(one)
        erasing.shop.drain()
        erasing.eraser.turn()
        erasing.clock.now += 1_000
    receipt = find_receipt(erasing.shop.store, "alpha", asked.receipt_id)
    assert receipt is not None
    assert receipt.state in ("settling", "done")
    erasing.check(world)
