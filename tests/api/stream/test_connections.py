"""Who may watch, how many, and how streams end: nothing is left of who has gone, and what is told is true while ClickHouse is away."""

from __future__ import annotations

import asyncio
import http.client
import json
import threading
from typing import Any

import pytest

from api.accounts.access import COOKIE
from api.accounts.passwords import keep
from api.stream import channel, hub, looking
from sql.users import add_user, set_role
from tests.api.conftest import MINUTE, NOW, Shop
from tests.api.stream.conftest import PATIENCE_S, Flow, Stage, Stages, someone, told_of

TICK = threading.Event()


def patiently(true: Any) -> None:
    """Wait until something holds."""
    for _ in range(PATIENCE_S * 50):
        if true():
            return
        TICK.wait(0.02)
    raise AssertionError("it never did")


def tasks_of_channels(stage: Stage) -> list[str]:
    """Tasks of channels in the server's loop."""

    async def found() -> list[str]:
        names = [getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks()]
        return [name for name in names if name.startswith(("Channel.", "Streams.", "Viewer."))]

    assert stage.loop is not None
    return asyncio.run_coroutine_threadsafe(found(), stage.loop).result(PATIENCE_S)


def session(stage: Stage, email: str) -> str:
    """The cookie of somebody who signs in."""
    connection = http.client.HTTPConnection("127.0.0.1", stage.port, timeout=PATIENCE_S)
    body = json.dumps({"email": email, "password": "correct horse battery"})
    connection.request("POST", "/v1/session", body, {"Content-Type": "application/json", "X-Sonnim": "1"})
    answer = connection.getresponse()
    assert answer.status == 201 or answer.status == 200, answer.read()
    cookie = str(answer.getheader("set-cookie")).partition(";")[0]
    answer.read()
    connection.close()
    assert cookie.startswith(COOKIE)
    return cookie


@pytest.fixture
def site(stage: Stage) -> Shop:
    return stage.shop()


def test_a_viewer_watches_his_own_site_and_no_other(stage: Stage, flow: Flow, site: Shop) -> None:
    other = stage.shop()
    user = add_user(stage.store, f"{site.site_id}@shop.example", "Kim", "ko", keep("correct horse battery"), NOW)
    set_role(stage.store, user.user_id, site.site_id, "viewer", NOW)
    headers = {"Cookie": session(stage, user.email)}
    watcher = stage.watch(site, headers, site=site.site_id, window="7d")
    assert watcher.next("counters").data["window"] == "7d"
    flow.write(site, someone("one"))
    assert watcher.next("people").data["changed"][0]["person_id"] == "visitor:one"
    refused = stage.watch(site, headers, site=other.site_id)
    assert (refused.status, refused.body["type"]) == (403, "urn:sonnim:problem:no_role")


def test_who_loses_his_role_is_told_nothing_more(
    stage: Stage, flow: Flow, site: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "ALLOWED_S", 0.2)
    email = f"lee-{site.site_id}@shop.example"
    user = add_user(stage.store, email, "Lee", "ko", keep("correct horse battery"), NOW)
    set_role(stage.store, user.user_id, site.site_id, "viewer", NOW)
    watcher = stage.watch(site, {"Cookie": session(stage, email)}, site=site.site_id)
    watcher.next("counters")
    assert not watcher.ended.wait(1)
    set_role(stage.store, user.user_id, site.site_id, None, NOW + 1)
    stage.clock.now += stage.settings.key_cache_ms
    assert watcher.ended.wait(PATIENCE_S)


def test_who_has_no_key_or_the_wrong_one_is_told_nothing(stage: Stage, site: Shop) -> None:
    assert stage.watch(site, {}).status == 401
    assert stage.watch(site, site.writes).status == 403
    assert stage.watch(site, {"Authorization": "Bearer snm_s_unknown"}).status == 401


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"expression": '{"field": "nonsense"}'}, 422),
        ({"expression": "{"}, 422),
        ({"expression": "null"}, 422),
        ({"expression": "\ud800".encode("utf-8", "surrogatepass").decode("latin-1")}, 422),
        ({"expression": '{"all": []}', "segment": "seg_1"}, 422),
        ({"segment": "seg_unknown"}, 404),
        ({"segment": ""}, 422),
        ({"window": "1h"}, 422),
        ({"sort": "last_seen"}, 422),
    ],
)
def test_what_is_asked_wrong_is_refused_before_anything_is_told(
    stage: Stage, site: Shop, query: dict[str, str], status: int
) -> None:
    watcher = stage.watch(site, None, **query)
    assert watcher.status == status
    assert watcher.headers["content-type"] == "application/problem+json"
    assert stage.streams.viewers == 0


def test_another_sites_segment_is_not_there(stage: Stage, site: Shop) -> None:
    assert stage.watch(stage.shop(), segment=saved(stage, site, 5)).status == 404


def call(stage: Stage, site: Shop, method: str, path: str, body: Any = None) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", stage.port, timeout=PATIENCE_S)
    headers = {**site.reads, "Content-Type": "application/json"}
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    answer = connection.getresponse()
    told = answer.read()
    connection.close()
    assert answer.status < 300, told
    return json.loads(told) if told else None


def saved(stage: Stage, site: Shop, visits: int) -> str:
    body = {"name": "often", "expression": {"field": "visits", "op": ">=", "value": visits}}
    return str(call(stage, site, "POST", "/v1/segments", body)["id"])


def test_a_segment_that_is_changed_asks_for_the_list_again_and_one_that_is_deleted_ends_the_stream(
    stage: Stage, flow: Flow, site: Shop
) -> None:
    segment_id = saved(stage, site, 5)
    watcher = stage.watch(site, segment=segment_id)
    told = watcher.next("counters").data["segment"]
    assert (told["id"], told["version"]) == (segment_id, 1)
    flow.write(site, someone("one", visits=3))
    assert watcher.next("people").data["gone"] == ["visitor:one"]
    changed = {"name": "often", "expression": {"field": "visits", "op": ">=", "value": 3}}
    call(stage, site, "PUT", f"/v1/segments/{segment_id}", changed)
    watcher.next("reset")
    assert watcher.next("counters").data["segment"]["version"] == 2
    flow.write(site, someone("one", visits=4))
    assert [card["person_id"] for card in watcher.next("people").data["changed"]] == ["visitor:one"]
    call(stage, site, "DELETE", f"/v1/segments/{segment_id}")
    assert watcher.ended.wait(PATIENCE_S)
    assert stage.resume(site, watcher.last_id, segment=segment_id).status == 404


def test_more_than_the_process_can_tell_are_sent_away(stages: Stages) -> None:
    stage = stages(stream_viewers=2)
    site = stage.shop()
    one = stage.watch(site)
    stage.watch(site, window="7d")
    refused = stage.watch(site)
    assert (refused.status, refused.headers["retry-after"]) == (503, "2")
    assert refused.body["type"] == "urn:sonnim:problem:too_many_viewers"
    assert "sonnim_live_viewers 2.0" in stage.app.state.context.metrics.text().decode()
    one.cut()
    patiently(lambda: stage.streams.viewers == 1)
    assert stage.watch(site).status == 200


def test_nothing_is_left_of_those_who_have_gone(
    stage: Stage, flow: Flow, site: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "REST_S", 0.05)
    watchers = [stage.watch(site, window=window) for window in ("24h", "7d", "24h")]
    for watcher in watchers:
        watcher.next("counters")
    flow.write(site, someone("one"))
    for watcher in watchers:
        watcher.next("people")
    again = stage.resume(site, watchers[0].last_id, expression='{"all": []}')
    assert tasks_of_channels(stage)
    for watcher in (*watchers, again):
        watcher.cut()
    patiently(lambda: stage.streams.viewers == 0 and stage.streams.channels == 0)
    patiently(lambda: not tasks_of_channels(stage))
    assert stage.streams._ending == set()
    assert "sonnim_live_viewers 0.0" in stage.app.state.context.metrics.text().decode()


def test_streams_end_when_the_server_stops(stage: Stage, flow: Flow, site: Shop) -> None:
    watchers = [stage.watch(site), stage.watch(site, window="7d")]
    for watcher in watchers:
        watcher.next("counters")
    stage.stop()
    for watcher in watchers:
        assert watcher.ended.wait(PATIENCE_S)
    assert stage.streams.viewers == 0


def test_a_stream_ends_after_its_time_and_goes_on_with_the_next(stages: Stages) -> None:
    stage = stages(stream_seconds=1.5)
    flow, site = Flow(stage.store, stage.clock), stage.shop()
    flow.commit()
    watcher = stage.watch(site)
    watcher.next("counters")
    assert watcher.ended.wait(PATIENCE_S)
    flow.write(site, someone("between"))
    again = stage.resume(site, watcher.last_id)
    assert told_of(again.next("people")) == ["visitor:between"]


def test_while_clickhouse_is_away_the_stream_stays_and_then_goes_on_without_loss(
    stage: Stage, flow: Flow, site: Shop
) -> None:
    watcher = stage.watch(site)
    assert watcher.next("counters").data["stale"] is False
    stage.away()
    flow.write(site, someone("meanwhile"))
    stage.clock.now += MINUTE
    told = watcher.next()
    while not told.data["stale"]:
        told = watcher.next()
    assert (told.kind, told.data["windows"]["24h"]["site"]) == ("counters", 0)
    assert told.data["age_seconds"] >= 60
    flow.commit()
    stage.back()
    found = watcher.people_until("visitor:meanwhile")
    assert [one for event in found for one in told_of(event)] == ["visitor:meanwhile"]
    counters = watcher.next("counters").data
    while counters["stale"] or counters["windows"]["24h"]["site"] == 0:
        counters = watcher.next("counters").data


def test_a_mistake_in_one_look_loses_nobody(
    stage: Stage, flow: Flow, site: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel, "MISTAKE_S", 0.1)
    watcher = stage.watch(site)
    watcher.next("counters")
    failed = threading.Event()
    look = looking.look

    def failing(*arguments: Any, **more: Any) -> Any:
        found = look(*arguments, **more)
        if found.message is not None and not failed.is_set():
            failed.set()
            raise RuntimeError("a mistake")
        return found

    monkeypatch.setattr(channel, "look", failing)
    flow.write(site, someone("one"))
    assert told_of(watcher.next("people")) == ["visitor:one"]
    assert failed.is_set()


def test_who_reads_nothing_holds_nobody_up(stage: Stage, flow: Flow, site: Shop) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", stage.port, timeout=PATIENCE_S)
    connection.request("GET", "/v1/live/stream", headers=site.reads)
    patiently(lambda: stage.streams.viewers == 1)
    quick = stage.watch(site)
    quick.next("counters")
    for number in range(3):
        flow.write(site, someone(f"v{number}"))
        quick.people_until(f"visitor:v{number}")
    connection.close()
    patiently(lambda: stage.streams.viewers == 1)
