"""Health, readiness, metrics, the curve, and ClickHouse being away."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

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
    insert_rows(world.store, "commits", [{"partition": 0, "from_offset": 1, "to_offset": 2, "at": NOW}])
    world.clock.now += 1000
    answer = world.client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")
    world.clock.now += HOUR
    assert world.client.get("/readyz").json()["status"] == "degraded"


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
