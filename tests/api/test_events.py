"""POST /v1/events: what gets a 202 is in the log, what does not has its reason and is kept."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
from typing import Any
from zlib import crc32

import pytest

from sql.segments import list_segments
from tests.api.conftest import DAY, NOW, Shop, World


def event(number: int = 1, **more: Any) -> dict[str, Any]:
    return {"event_id": f"e{number}", "visitor_id": "v1", "name": "page_view", "occurred_at": NOW - 1000, **more}


def test_accepted_events_are_in_the_log_before_the_answer(world: World, shop: Shop) -> None:
    answer = world.client.post("/v1/events", json=[event(1), event(2)], headers=shop.writes)
    assert answer.status_code == 202
    assert answer.json() == {"accepted": 2, "rejected": []}
    records = world.log.events()
    assert [record["event_id"] for record in records] == ["e1", "e2"]
    assert {record["site_id"] for record in records} == {shop.site_id}
    partition = crc32(f"{shop.site_id}/v1".encode()) % world.log.partitions
    assert len(world.log.lines[partition]) == 2


def test_a_refused_event_leaves_its_neighbours_unharmed_and_is_kept(world: World, shop: Shop) -> None:
    bad = event(2, items=[{"item_id": "i", "price": -1}])
    answer = world.client.post("/v1/events", json=[event(1), bad, event(3)], headers=shop.writes)
    assert answer.status_code == 202
    body = answer.json()
    assert body["accepted"] == 2
    assert [(one["index"], one["reason"]) for one in body["rejected"]] == [(1, "negative_money")]
    kept = [record for record in world.log.events() if record.get("kind") == "rejected"]
    assert len(kept) == 1
    payload = json.loads(kept[0]["payload"])
    assert kept[0]["site_id"] == shop.site_id
    assert kept[0]["received_at"] == NOW
    assert (payload["reason"], payload["detail"]) == ("negative_money", body["rejected"][0]["detail"])
    assert json.loads(payload["event"]) == bad


def test_one_broken_item_of_an_array_is_refused_alone(world: World, shop: Shop) -> None:
    body = b"[" + json.dumps(event(1)).encode() + b', {"event_id": NaN}, ' + json.dumps(event(2)).encode() + b"]"
    answer = world.client.post("/v1/events", content=body, headers={**shop.writes, "content-type": "application/json"})
    assert answer.status_code == 202
    assert answer.json()["accepted"] == 2
    assert [one["reason"] for one in answer.json()["rejected"]] == ["not_a_number"]


def test_lines_and_gzip_and_text_plain_are_understood(world: World, shop: Shop) -> None:
    lines = b"\n".join(json.dumps(event(number)).encode() for number in range(3))
    headers = {**shop.writes, "content-type": "application/x-ndjson", "content-encoding": "gzip"}
    assert world.client.post("/v1/events", content=gzip.compress(lines), headers=headers).json()["accepted"] == 3
    beacon = world.client.post(
        f"/v1/events?key={shop.write_key}", content=json.dumps(event(9)), headers={"content-type": "text/plain"}
    )
    assert beacon.json() == {"accepted": 1, "rejected": []}


@pytest.mark.parametrize(
    ("body", "headers", "status", "kind"),
    [
        (b"", {}, 400, "empty_body"),
        (b"not json at all", {}, 400, "broken_json"),
        (b'{"event_id": ', {}, 400, "broken_json"),
        (b"\xff\xfe\x00", {}, 400, "invalid_text"),
        (b"{}", {"content-encoding": "gzip"}, 400, "bad_compression"),
        (b"{}", {"content-encoding": "br"}, 415, "unsupported_encoding"),
        (b"{}", {"content-type": "application/xml"}, 415, "unsupported_media_type"),
        (b" " * 2_000_000, {}, 413, "body_too_large"),
        (gzip.compress(b" " * 2_000_000), {"content-encoding": "gzip"}, 413, "body_too_large"),
    ],
)
def test_a_body_that_cannot_be_taken_as_a_whole_is_a_problem(
    world: World, shop: Shop, body: bytes, headers: dict[str, str], status: int, kind: str
) -> None:
    headers = {"content-type": "application/json", **headers, **shop.writes}
    answer = world.client.post("/v1/events", content=body, headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == f"urn:sonnim:problem:{kind}"
    assert answer.json()["detail"]


def test_a_chunked_body_is_stopped_at_the_limit_too(world: World, shop: Shop) -> None:
    async def chunks() -> Any:
        for _ in range(30):
            yield b" " * 100_000

    headers = {"content-type": "application/json", **shop.writes}
    answer = world.client.post("/v1/events", content=chunks(), headers=headers)
    assert answer.status_code == 413


def test_bad_fields_each_get_their_reason(world: World, shop: Shop) -> None:
    batch = [
        event(1, value=1.5, name="purchase", transaction_id="t"),
        event(2, items=[{"item_id": str(n)} for n in range(201)]),
        event(3, occurred_at=32503680000000),
        event(4, occurred_at=NOW - 9 * DAY),
        event(5, currency="XXX1"),
        {key: value for key, value in event(6).items() if key != "visitor_id"},
        event(7, title="x" * 100_000),
        7,
        event(8),
    ]
    body = world.client.post("/v1/events", json=batch, headers=shop.writes).json()
    assert body["accepted"] == 1
    assert [one["index"] for one in body["rejected"]] == list(range(8))
    assert len({one["reason"] for one in body["rejected"]}) == 8
    assert all(one["detail"] for one in body["rejected"])


def test_history_lets_old_events_in_with_the_secret_key_only(world: World, shop: Shop) -> None:
    old = event(1, occurred_at=NOW - 100 * DAY)
    assert world.client.post("/v1/events?history=true", json=[old], headers=shop.writes).status_code == 403
    answer = world.client.post("/v1/events?history=true", json=[old], headers=shop.reads)
    assert answer.json() == {"accepted": 1, "rejected": []}


def test_a_log_that_is_away_is_a_503_to_repeat(world: World, shop: Shop) -> None:
    world.log.away = True
    answer = world.client.post("/v1/events", json=[event()], headers=shop.writes)
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert "event log" in answer.json()["detail"]


def test_the_site_of_an_event_is_the_keys_whatever_the_event_says(world: World, shop: Shop) -> None:
    world.client.post("/v1/events", json=[event(1, site_id="other", kind="order")], headers=shop.writes)
    (record,) = world.log.events()
    assert record["site_id"] == shop.site_id
    assert "kind" not in record


def test_segments_calls_come_in_by_the_write_key_as_basic_user(world: World, shop: Shop) -> None:
    basic = {"Authorization": "Basic " + base64.b64encode(f"{shop.write_key}:".encode()).decode()}
    track = {
        "messageId": "m1",
        "anonymousId": "v1",
        "type": "track",
        "event": "Product Added",
        "timestamp": "2025-12-31T23:59:00.000Z",
        "properties": {"product_id": "p1", "price": 1000, "quantity": 2, "currency": "KRW"},
    }
    page = {"messageId": "m2", "anonymousId": "v1", "type": "page", "properties": {"url": "https://shop.example/"}}
    assert world.client.post("/v1/track", json=track, headers=basic).json() == {"accepted": 1, "rejected": []}
    answer = world.client.post("/v1/batch", json={"batch": [page, {"type": "screen"}]}, headers=basic)
    assert answer.status_code == 200
    assert answer.json()["accepted"] == 1
    assert [one["index"] for one in answer.json()["rejected"]] == [1]
    names = [record["name"] for record in world.log.events() if "kind" not in record]
    assert names == ["add_to_cart", "page_view"]
    assert world.client.post("/v1/track", json=[track], headers=basic).json()["accepted"] == 1
    assert world.client.post("/v1/track", json=[track, track], headers=basic).status_code == 400


def test_a_shops_page_on_any_origin_may_send_events_but_not_read(world: World, shop: Shop) -> None:
    origin = {"Origin": "https://shop.example"}
    asks = {**origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-sonnim-key"}
    preflight = world.client.request("OPTIONS", "/v1/events", headers=asks)
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == "https://shop.example"
    sent = world.client.post("/v1/events", json=[event()], headers={**origin, **shop.writes})
    assert sent.headers["access-control-allow-origin"] == "https://shop.example"
    read = world.client.get("/v1/live/visitors", headers={**origin, **shop.reads})
    assert "access-control-allow-origin" not in read.headers
    assert list_segments(world.store, shop.site_id) == []


def test_a_sender_that_leaves_in_the_middle_is_nobodys_mistake(
    world: World, shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    headers = {"content-type": "application/json", **shop.writes}
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/v1/events",
        "raw_path": b"/v1/events",
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "client": ("203.0.113.7", 5555),
        "server": ("sonnim.test", 80),
    }
    messages = [{"type": "http.request", "body": b'[{"event_id":', "more_body": True}, {"type": "http.disconnect"}]

    async def receive() -> Any:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        pass

    asyncio.run(world.app(scope, receive, send))  # type: ignore[arg-type]
    assert not messages
    assert not [record for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")]
    assert world.log.events() == []
