"""Health, readiness, metrics, the curve, and ClickHouse being away."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sql import migrate
from sql.store import Store
from tests.api.client import Client
from tests.api.conftest import HOUR, MINUTE, NOW, Shop, World
from tests.api.visitors import insert_rows


@pytest.fixture
def lost(world: World) -> Iterator[Client]:
    """An API whose ClickHouse is away, with the keys the other one knows."""
    client = Client(
        World(Store("http://127.0.0.1:9", "sonnim"), world.log, world.clock).app  # the discard port: nobody listens
    )
    yield client
    client.close()


def test_health_needs_nothing(lost: Client) -> None:
    assert lost.get("/healthz").json()["status"] == "ok"


def test_readiness_names_what_is_away(world: World, lost: Client) -> None:
    answer = lost.get("/readyz")
    assert answer.status_code == 503
    body = answer.json()
    assert (body["status"], body["log"]["ok"], body["clickhouse"]["ok"]) == ("not_ready", True, False)
    world.log.away = True
    assert world.client.get("/readyz").json()["log"]["ok"] is False


def test_a_flow_that_lags_makes_it_degraded_but_ready(world: World) -> None:
    world.store.command("TRUNCATE TABLE commits")
    assert world.client.get("/readyz").json()["status"] == "degraded"
    insert_rows(world.store, "commits", [{"partition": 0, "from_offset": 0, "to_offset": 0, "at": NOW}])
    world.clock.now += 1000
    answer = world.client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")
    world.clock.now += HOUR
    assert world.client.get("/readyz").json()["status"] == "degraded"


def test_a_commit_from_the_future_makes_nothing_fresh(world: World) -> None:
    world.store.command("TRUNCATE TABLE commits")
    row = {"partition": 0, "from_offset": 0, "to_offset": 0}
    insert_rows(world.store, "commits", [row | {"at": NOW}])
    insert_rows(world.store, "commits", [row | {"at": NOW + HOUR, "from_offset": 0}])
    world.clock.now = NOW + MINUTE
    body = world.client.get("/readyz").json()
    assert (body["status"], body["flow"]["detail"].partition(":")[0]) == ("degraded", "figures are 60.0 s old")
    world.store.command("TRUNCATE TABLE commits")


def test_pending_migrations_make_it_not_ready(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    pending = migrate.migrations()[-2:]
    monkeypatch.setattr(migrate, "plan", lambda store: pending)
    answer = world.client.get("/readyz")
    assert (answer.status_code, answer.json()["clickhouse"]["ok"]) == (503, False)
    assert "2 migrations are pending" in answer.json()["clickhouse"]["detail"]


def test_a_log_that_ends_before_what_was_applied_is_degraded(world: World) -> None:
    world.store.command("TRUNCATE TABLE commits")
    insert_rows(world.store, "commits", [{"partition": 1, "from_offset": 0, "to_offset": 5, "at": NOW}])
    body = world.client.get("/readyz").json()
    assert body["status"] == "degraded"
    assert body["flow"]["detail"].startswith("partition 1 was applied up to offset 5, but the log ends before")
    world.store.command("TRUNCATE TABLE commits")


def test_a_read_only_clickhouse_is_degraded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.store.command("TRUNCATE TABLE commits")
    insert_rows(world.store, "commits", [{"partition": 0, "from_offset": 0, "to_offset": 0, "at": NOW}])
    assert world.client.get("/readyz").json()["status"] == "ready"
    monkeypatch.setattr(world.store, "_texts", {"writable": "SELECT 1 AS user_is_read_only, 0 AS read_only_replicas"})
    body = world.client.get("/readyz").json()
    assert (body["status"], body["flow"]["ok"]) == ("degraded", False)
    assert body["flow"]["detail"].startswith("ClickHouse is read-only")


def test_while_clickhouse_is_away_questions_are_answered_503_to_repeat(shop: Shop, lost: Client) -> None:
    for method, path in (("GET", "/v1/live/visitors"), ("POST", "/v1/reports/live"), ("POST", "/v1/events")):
        answer = lost.request(method, path, json={} if method == "POST" else None, headers=shop.reads)
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
        assert answer.headers["content-type"] == "application/problem+json"


def test_metrics_count_events_and_requests(world: World, shop: Shop) -> None:
    event = {"event_id": "e", "visitor_id": "v", "name": "page_view"}
    world.client.post("/v1/events", json=[event, 1], headers=shop.writes)
    answer = world.client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert f'sonnim_events_accepted_total{{site="{shop.site_id}"}} 1.0' in answer.text
    assert f'sonnim_events_rejected_total{{reason="not_an_object",site="{shop.site_id}"}} 1.0' in answer.text
    assert 'sonnim_http_request_seconds_count{method="POST",route="/v1/events",status="202"} 1.0' in answer.text
    assert "sonnim_clickhouse_up 1.0" in answer.text


def test_metrics_tell_that_clickhouse_is_away(lost: Client) -> None:
    assert "sonnim_clickhouse_up 0.0" in lost.get("/metrics").text


def test_unknown_paths_and_methods_are_problems_too(world: World) -> None:
    for method, path, status in (("GET", "/nowhere", 404), ("DELETE", "/v1/events", 405)):
        answer = world.client.request(method, path)
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"


def test_the_curve_shows_moments_that_all_shards_have_told(world: World, shop: Shop) -> None:
    rollups = [
        {"site_id": shop.site_id, "window": window, "at": NOW - age, "shard": shard, "shards": 2, "visits": visits,
         "orders": 1, "visitors": 1, "online": 1, "stay_ms": 1000, "units": 1, "revenue": 10, "pageviews": 2,
         "converting_visits": 1}
        for window, age, shard, visits in [
            ("24h", 2 * MINUTE, 0, 3),
            ("24h", 2 * MINUTE, 0, 4),
            ("24h", 2 * MINUTE, 1, 6),
            ("24h", MINUTE, 0, 5),
            ("7d", 2 * MINUTE, 0, 50),
            ("7d", 2 * MINUTE, 1, 50),
            ("24h", 2 * HOUR, 0, 1),
            ("24h", 2 * HOUR, 1, 1),
        ]
    ]  # fmt: skip
    for rollup in rollups:
        insert_rows(world.store, "rollups", [rollup])
    body = world.client.get("/v1/reports/curve?minutes=60", headers=shop.reads).json()
    (point,) = body["points"]
    assert (point["at"], point["visits"], point["visitors"]) == ("2025-12-31T23:58:00.000Z", 10, 2)
    assert (point["purchase_rate"], point["avg_stay_seconds"]) == (0.2, 0.2)
    assert len(world.client.get("/v1/reports/curve?minutes=180", headers=shop.reads).json()["points"]) == 2


def test_a_long_curve_is_thinned_to_the_last_moment_of_each_step(world: World, shop: Shop) -> None:
    row = {"site_id": shop.site_id, "window": "24h", "shard": 0, "shards": 1}
    rollups = [{**row, "at": NOW - age * MINUTE, "visits": age} for age in range(60)]
    insert_rows(world.store, "rollups", rollups)
    points = world.client.get("/v1/reports/curve?minutes=60&points=6", headers=shop.reads).json()["points"]
    assert [point["visits"] for point in points] == [50, 40, 30, 20, 10, 0]
