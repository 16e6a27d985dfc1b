"""GET /v1/people/{person_id}/events: a person's raw events, and nobody else's."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from tests.api.conftest import HOUR, MINUTE, NOW, Shop, World
from tests.api.visitors import Visit, Visitor, insert_rows, insert_visitors, person

COLUMNS: dict[str, Any] = {
    "name": "page_view", "member_id": "", "bot": False, "pageview": True, "url": "", "title": "", "search_term": "",
    "transaction_id": "", "value": None, "currency": "", "items.item_id": [], "items.item_name": [], "items.price": [],
    "items.quantity": [], "shard": 0,
}  # fmt: skip


class Log:
    """Writes raw events of a site, each at an offset of its own."""

    def __init__(self, world: World, shop: Shop) -> None:
        self.world, self.shop, self.offset = world, shop, 0

    def add(self, visitor_id: str, event_id: str, at: int, **columns: Any) -> None:
        self.offset += 1
        told = {"visitor_id": visitor_id, "event_id": event_id, "occurred_at": at, "received_at": at + 5}
        row = {"site_id": self.shop.site_id, "log_offset": self.offset, **COLUMNS, **told, **columns}
        insert_rows(self.world.store, "events", [row])


@pytest.fixture
def log(world: World, shop: Shop) -> Log:
    return Log(world, shop)


def events(world: World, shop: Shop, person_id: str, **query: Any) -> Any:
    answer = world.client.get(f"/v1/people/{quote(person_id, safe='')}/events", params=query, headers=shop.reads)
    assert answer.status_code == 200, answer.text
    return answer.json()


def ids(told: Any) -> list[str]:
    return [event["event_id"] for event in told["events"]]


def stint(visitor_id: str, member_id: str, start: int = 0, **columns: Any) -> Visitor:
    return Visitor(
        visitor_id,
        [Visit(NOW - MINUTE, NOW)],
        columns={"member_id": member_id, "stint_start": start, "stint_end": 0, **columns},
    )


def test_an_event_is_told_with_all_that_a_reader_wants(world: World, shop: Shop, log: Log) -> None:
    insert_visitors(world.store, shop.site_id, [stint("v", "")])
    log.add(
        "v", "e1", NOW, name="purchase", pageview=False, url="https://shop.example/done", title="Done", transaction_id="t1",
        value=0, currency="KRW", **{
            "items.item_id": ["a"], "items.item_name": ["Shoe"], "items.price": [None], "items.quantity": [2],
        },
    )  # fmt: skip
    told = events(world, shop, "visitor:v")
    assert told["person_id"] == "visitor:v"
    assert told["next_cursor"] is None
    assert told["events"] == [
        {
            "event_id": "e1", "name": "purchase", "visitor_id": "v", "occurred_at": "2026-01-01T00:00:00.000Z",
            "received_at": "2026-01-01T00:00:00.005Z", "pageview": False, "server": False, "bot": False,
            "url": "https://shop.example/done", "title": "Done", "referrer": None, "channel": None, "environment": None,
            "search_term": None, "transaction_id": "t1", "value": 0, "currency": "KRW",
            "items": [{"item_id": "a", "item_name": "Shoe", "quantity": 2, "price": None}],
        }
    ]  # fmt: skip


def test_only_the_stretches_of_a_shared_device_that_are_the_persons(world: World, shop: Shop, log: Log) -> None:
    kim = person("kim", [Visit(NOW - MINUTE, NOW)], [("shared", 0, NOW), ("phone", 0, NOW - HOUR)])
    lee = person("lee", [Visit(NOW - MINUTE, NOW)], [("shared", NOW - 2 * HOUR, NOW)])
    stints = [
        stint("shared", "kim", stint_end=NOW - 3 * HOUR),
        stint("shared", "lee", NOW - 2 * HOUR, stint_end=NOW - HOUR),
        stint("shared", "", NOW - HOUR),
        stint("phone", "kim"),
    ]
    insert_visitors(world.store, shop.site_id, stints)
    insert_visitors(world.store, shop.site_id, [kim, lee])
    log.add("shared", "kims", NOW - 3 * HOUR - 1)
    log.add("phone", "kims phone", NOW - 2 * HOUR)
    log.add("shared", "lees first", NOW - 2 * HOUR)
    log.add("shared", "lees last", NOW - HOUR - 1)
    log.add("shared", "nobodys", NOW - HOUR)
    assert ids(events(world, shop, "member:kim")) == ["kims phone", "kims"]
    assert ids(events(world, shop, "lee")) == ["lees last", "lees first"]


def test_an_event_that_was_written_twice_is_told_once_and_an_erased_one_not(world: World, shop: Shop, log: Log) -> None:
    insert_visitors(world.store, shop.site_id, [stint("v", "")])
    log.add("v", "once", NOW)
    log.offset -= 1
    log.add("v", "once", NOW)
    log.add("v", "erased", NOW)
    world.store.command(
        "ALTER TABLE events DELETE WHERE site_id = {site:String} AND event_id = 'erased' SETTINGS mutations_sync = 2",
        {"site": shop.site_id},
    )
    assert ids(events(world, shop, "visitor:v")) == ["once"]


def test_pages_go_through_all_events_once_also_of_one_millisecond(world: World, shop: Shop, log: Log) -> None:
    insert_visitors(world.store, shop.site_id, [stint("v", "")])
    for number in range(7):
        log.add("v", f"e{number}", NOW - number // 3)
    found: list[str] = []
    page = events(world, shop, "visitor:v", limit=2)
    while page["next_cursor"]:
        found += ids(page)
        log.add("v", f"later {len(found)}", NOW + MINUTE)
        page = events(world, shop, "visitor:v", limit=2, cursor=page["next_cursor"])
    assert [*found, *ids(page)] == ["e2", "e1", "e0", "e5", "e4", "e3", "e6"]


def test_a_name_and_a_stretch_of_time_narrow_them(world: World, shop: Shop, log: Log) -> None:
    insert_visitors(world.store, shop.site_id, [stint("v", "")])
    log.add("v", "before", NOW - 1, name="search", search_term="shoe")
    log.add("v", "first", NOW, name="search", search_term="hat")
    log.add("v", "view", NOW)
    log.add("v", "last", NOW + MINUTE, name="search")
    told = events(world, shop, "v", name="search", since="2026-01-01T09:00:00+09:00", until="2026-01-01T00:01:00Z")
    assert [(event["event_id"], event["search_term"]) for event in told["events"]] == [("first", "hat")]


def test_another_sites_events_and_cursors_are_not_there(world: World, shop: Shop, log: Log) -> None:
    other = world.shop()
    for site in (shop, other):
        insert_visitors(world.store, site.site_id, [stint("v", "")])
    for number in range(3):
        log.add("v", f"e{number}", NOW)
    assert ids(events(world, other, "v")) == []
    cursor = events(world, shop, "v", limit=1)["next_cursor"]
    for answer in (
        world.client.get("/v1/people/v/events", params={"cursor": cursor}, headers=other.reads),
        world.client.get("/v1/people/v/events", params={"cursor": cursor, "name": "search"}, headers=shop.reads),
        world.client.get("/v1/people/v/events", params={"cursor": "nonsense"}, headers=shop.reads),
    ):
        assert (answer.status_code, answer.json()["type"]) == (400, "urn:sonnim:problem:bad_cursor")


@pytest.mark.parametrize(
    "query", ["since=yesterday", "since=2026-01-01T00:00:00", "limit=0", "limit=1001", "kind=view"]
)
def test_what_is_asked_wrong_is_refused(world: World, shop: Shop, query: str) -> None:
    insert_visitors(world.store, shop.site_id, [stint("v", "")])
    assert world.client.get(f"/v1/people/v/events?{query}", headers=shop.reads).status_code == 422


def test_of_nobody_there_are_none(world: World, shop: Shop) -> None:
    assert world.client.get("/v1/people/visitor:nobody/events", headers=shop.reads).status_code == 404


def test_an_id_may_end_with_the_word_events(world: World, shop: Shop, log: Log) -> None:
    insert_visitors(world.store, shop.site_id, [stint("a/events", "")])
    log.add("a/events", "e1", NOW)
    assert ids(events(world, shop, "a/events")) == ["e1"]
    answer = world.client.get("/v1/people/a%2Fevents", headers=shop.reads)
    assert answer.json()["person"]["person_id"] == "visitor:a/events"
