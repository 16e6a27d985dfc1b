"""How a site's work goes, as its people are told: what the log holds beyond the figures, and what became of deliveries."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.api.conftest import DAY, HOUR, NOW, Shop, World
from tests.api.test_hooks import create, delivery, written
from tests.api.visitors import insert_rows


@pytest.fixture(autouse=True)
def _alone(world: World) -> Iterator[None]:
    world.store.command("TRUNCATE TABLE commits")
    yield
    for table in ("commits", "hooks"):
        world.store.command(f"TRUNCATE TABLE {table}")


def test_it_says_how_many_records_of_the_log_are_not_in_the_figures(world: World, shop: Shop) -> None:
    body = world.client.get("/v1/health", headers=shop.reads).json()
    assert (body["as_of"], body["stale"], body["hooks"]) == (None, True, [])
    world.log.append([(0, b"{}"), (0, b"{}"), (0, b"{}"), (2, b"{}")])
    insert_rows(world.store, "commits", [{"partition": 0, "from_offset": 0, "to_offset": 1, "at": NOW}])
    world.clock.now += 1_000
    body = world.client.get("/v1/health", headers=shop.reads).json()
    assert (body["as_of"], body["age_seconds"], body["stale"]) == ("2026-01-01T00:00:00.000Z", 1.0, False)
    assert [(one["partition"], one["waiting_events"]) for one in body["partitions"]] == [(0, 2), (1, 0), (2, 1), (3, 0)]


def test_a_log_that_is_away_leaves_the_rest(world: World, shop: Shop) -> None:
    world.log.away = True
    answer = world.client.get("/v1/health", headers=shop.reads)
    assert (answer.status_code, answer.json()["partitions"]) == (200, None)


def test_deliveries_are_counted_by_hook_as_they_stand_now_for_a_day_and_those_that_wait_for_ever(
    world: World, shop: Shop
) -> None:
    hook_id, other_id = create(world, shop)["id"], create(world, shop)["id"]
    old = {"created_at": NOW - DAY - HOUR, "changed_at": NOW - DAY - HOUR}
    written(
        world,
        delivery(shop, hook_id, 1, changed_at=NOW + 7),
        delivery(shop, hook_id, 2, status="failed"),
        delivery(shop, hook_id, 3, status="skipped", reason="once"),
        delivery(shop, hook_id, 4, status="failed", **old),
        delivery(shop, hook_id, 5, status="waiting", next_attempt_at=NOW + HOUR, **old),
        delivery(shop, other_id, 6, status="waiting", next_attempt_at=NOW + 5),
    )
    settled = delivery(shop, other_id, 6, version=world.clock.now * 1000 + 1)
    written(world, settled)
    told = world.client.get("/v1/health", headers=shop.reads).json()["hooks"]
    assert sorted(told, key=lambda one: [hook_id, other_id].index(one["hook_id"])) == [
        {
            "hook_id": hook_id, "delivered": 1, "failed": 1, "skipped": 1, "waiting": 1,
            "waiting_since": "2025-12-30T23:00:00.000Z", "next_attempt_at": "2026-01-01T01:00:00.000Z",
            "last_delivered_at": "2026-01-01T00:00:00.007Z",
        },
        {
            "hook_id": other_id, "delivered": 1, "failed": 0, "skipped": 0, "waiting": 0, "waiting_since": None,
            "next_attempt_at": None, "last_delivered_at": "2026-01-01T00:00:00.006Z",
        },
    ]  # fmt: skip


def test_another_site_is_told_nothing_of_them(world: World, shop: Shop) -> None:
    hook_id = create(world, shop)["id"]
    written(world, delivery(shop, hook_id, 1, status="waiting"))
    assert world.client.get("/v1/health", headers=world.shop().reads).json()["hooks"] == []
    assert world.client.get("/v1/health", headers=shop.writes).status_code == 403
