"""While ClickHouse is away, questions asked before are answered as last, and say so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from api.last_answers import BELIEVED_MS
from sql.store import Store
from tests.api.client import Client
from tests.api.conftest import MINUTE, NOW, Shop, World
from tests.api.visitors import insert_rows

NOBODY_LISTENS = "http://127.0.0.1:9"


class Breakable:
    """An API whose ClickHouse can go away and come back."""

    def __init__(self, world: World) -> None:
        self.clock = world.clock
        self._store, self._url = Store(world.store.url, world.store.database), world.store.url
        self.client = Client(World(self._store, world.log, world.clock).app)

    def away(self) -> None:
        self._store.close()
        self._store.url = NOBODY_LISTENS

    def back(self) -> None:
        self._store.close()
        self._store.url = self._url


@pytest.fixture
def api(world: World) -> Iterator[Breakable]:
    insert_rows(world.store, "commits", [{"partition": 0, "from_offset": 1, "to_offset": 2, "at": NOW}])
    insert_rows(world.store, "commits", [{"partition": 1, "from_offset": 1, "to_offset": 2, "at": NOW}])
    breakable = Breakable(world)
    yield breakable
    breakable.client.close()


def everything(client: Client, shop: Shop) -> list[dict[str, Any]]:
    answers = [
        client.get("/v1/live/visitors", params={"window": "7d"}, headers=shop.reads),
        client.post("/v1/live/visitors", json={"segment": {"all": []}}, headers=shop.reads),
        client.post("/v1/reports/live", json={"window": "24h"}, headers=shop.reads),
        client.get("/v1/reports/curve", headers=shop.reads),
    ]
    assert [answer.status_code for answer in answers] == [200] * 4
    return [answer.json() for answer in answers]


def test_they_are_the_last_ones_grown_older_and_stale(api: Breakable, shop: Shop) -> None:
    before = everything(api.client, shop)
    api.away()
    api.clock.now += MINUTE
    after = everything(api.client, shop)
    for one, other in zip(before, after, strict=True):
        assert other["stale"] is True
        assert other["age_seconds"] == pytest.approx(one["age_seconds"] + 60)
        freshness = ("stale", "age_seconds")
        assert {k: v for k, v in one.items() if k not in freshness} == {
            k: v for k, v in other.items() if k not in freshness
        }
    api.back()
    assert all(answer["age_seconds"] is not None for answer in everything(api.client, shop))


def test_a_question_not_asked_before_is_a_503(api: Breakable, shop: Shop) -> None:
    everything(api.client, shop)
    api.away()
    asked = {"window": "24h", "segment": {"field": "visits", "op": ">=", "value": 2}}
    for answer in (
        api.client.post("/v1/reports/live", json=asked, headers=shop.reads),
        api.client.get("/v1/live/visitors", params={"window": "24h"}, headers=shop.reads),
    ):
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0


def test_too_old_an_answer_is_none(api: Breakable, shop: Shop) -> None:
    everything(api.client, shop)
    api.away()
    api.clock.now += BELIEVED_MS + 1
    assert api.client.post("/v1/reports/live", json={"window": "24h"}, headers=shop.reads).status_code == 503


def test_another_site_gets_none_of_it(api: Breakable, world: World, shop: Shop) -> None:
    other = world.shop()
    api.client.get("/v1/segments", headers=other.reads)  # its key is known
    everything(api.client, shop)
    api.away()
    assert api.client.get("/v1/live/visitors", params={"window": "7d"}, headers=other.reads).status_code == 503
