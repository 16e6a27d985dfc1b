"""GET /v1/live/stream over a port: who changed is told once, to those who may know, and nobody is lost on the way."""

from __future__ import annotations

import json
from typing import Any

import pytest

from api.stream.position import Position, Written
from tests.api.conftest import DAY, MINUTE, NOW, Shop
from tests.api.stream.conftest import Flow, Stage, Stages, someone, told_of
from tests.api.visitors import Visit, Visitor, insert_rows, person

MANY_VISITS = {"field": "visits", "op": ">=", "value": 5}


@pytest.fixture
def site(stage: Stage) -> Shop:
    return stage.shop()


def ids_of(events: list[Any]) -> list[str]:
    return [one for event in events for one in told_of(event)]


def test_counters_come_at_once_and_again_when_they_have_changed(stage: Stage, flow: Flow, site: Shop) -> None:
    flow.write(site, someone("one"), someone("two", NOW - 2 * DAY))
    watcher = stage.watch(site)
    first = watcher.next()
    assert (watcher.headers["content-type"].partition(";")[0], first.kind) == ("text/event-stream", "counters")
    assert first.data["online"] == 1
    assert first.data["windows"]["24h"] == {"site": 1, "population": {"visitors": 1, "share": 1.0, "online": 1}}
    assert first.data["windows"]["7d"] == {"site": 2, "population": {"visitors": 2, "share": 1.0, "online": 1}}
    assert (first.data["window"], first.data["currency"], first.data["stale"]) == ("24h", "KRW", False)
    assert first.data["segment"]["sentence"]["en"]
    assert "retry: 2000\n" in watcher.lines
    flow.write(site, someone("three"))
    event = watcher.next("counters")
    while event.data["online"] == 1:
        event = watcher.next("counters")
    assert event.data["windows"]["24h"]["site"] == 2


def test_who_changed_is_told_once_as_a_card(stage: Stage, flow: Flow, site: Shop) -> None:
    watcher = stage.watch(site)
    watcher.next("counters")
    flow.write(site, someone("one"), someone("two", NOW - 30_000))
    told = watcher.next("people")
    assert [card["person_id"] for card in told.data["changed"]] == ["visitor:two", "visitor:one"]
    assert (told.data["gone"], told.data["more"]) == ([], 0)
    assert told.data["changed"][0]["last_seen"] == "2025-12-31T23:59:30.000Z"
    flow.write(site, someone("three"))
    assert ids_of(watcher.people_until("visitor:three")) == ["visitor:three"]


def test_rows_without_their_commit_are_not_told(stage: Stage, flow: Flow, site: Shop) -> None:
    watcher = stage.watch(site)
    watcher.next("counters")
    flow.write(site, someone("one"))
    flow.rows(site, someone("two"))
    assert ids_of(watcher.people_until("visitor:one")) == ["visitor:one"]
    flow.commit()
    assert ids_of(watcher.people_until("visitor:two")) == ["visitor:two"]


def test_a_visitor_who_becomes_a_member_is_gone_and_the_member_comes(stage: Stage, flow: Flow, site: Shop) -> None:
    flow.write(site, someone("phone"))
    watcher = stage.watch(site)
    watcher.next("counters")
    member = person("kim", [Visit(NOW - MINUTE, NOW)], [("phone", 0, NOW)])
    flow.write(site, someone("phone", member_id="kim"), member)
    told = watcher.next("people")
    assert [card["person_id"] for card in told.data["changed"]] == ["member:kim"]
    assert told.data["gone"] == ["visitor:phone"]


def test_who_is_out_of_the_window_or_erased_is_gone(stage: Stage, flow: Flow, site: Shop) -> None:
    flow.write(site, someone("one"), someone("two"))
    watcher = stage.watch(site)
    watcher.next("counters")
    flow.write(site, someone("one", gone=True), someone("old", NOW - 2 * DAY))
    told = watcher.next("people")
    assert (told.data["changed"], sorted(told.data["gone"])) == ([], ["visitor:old", "visitor:one"])


def test_an_expression_keeps_out_who_does_not_match(stage: Stage, flow: Flow, site: Shop) -> None:
    watcher = stage.watch(site, window="7d", expression=json.dumps(MANY_VISITS))
    counters = watcher.next("counters").data
    assert counters["segment"]["by"] == "expression"
    flow.write(site, someone("often", visits=7), someone("seldom", visits=1))
    told = watcher.next("people")
    assert [card["person_id"] for card in told.data["changed"]] == ["visitor:often"]
    assert told.data["gone"] == ["visitor:seldom"]
    while counters["windows"]["7d"]["site"] < 2:
        counters = watcher.next("counters").data
    assert counters["windows"]["7d"]["population"] == {"visitors": 1, "share": 0.5, "online": 1}


def test_who_is_in_a_segment_by_time_alone_is_told_though_the_version_stays(
    stage: Stage, flow: Flow, site: Shop
) -> None:
    flow.write(site, someone("one"), someone("two"))
    row = Visitor("one", someone("one").visits, version=flow.offset)
    watcher = stage.watch(site)
    watcher.next("counters")
    flow.judge(site, row, stage.clock.now, [])
    assert ids_of(watcher.people_until("visitor:one")) == ["visitor:one"]
    flow.write(site, someone("three"))
    assert ids_of(watcher.people_until("visitor:three")) == ["visitor:three"]


def test_a_condition_on_the_present_moment_counts_no_population(stage: Stage, flow: Flow, site: Shop) -> None:
    flow.write(site, someone("one"))
    now = {"field": "viewing_item", "op": "is", "value": "shoe"}
    catalogue = stage.watch(site, expression=json.dumps(now))
    if catalogue.status != 200:
        raise AssertionError(catalogue.body)
    told = catalogue.next("counters").data
    assert told["reason"] == "now_condition"
    assert told["windows"]["24h"] == {"site": 1, "population": None}


def test_who_comes_again_gets_what_he_missed_and_nothing_twice(stage: Stage, flow: Flow, site: Shop) -> None:
    watcher = stage.watch(site)
    watcher.next("counters")
    flow.write(site, someone("before"))
    watcher.people_until("visitor:before")
    watcher.cut()
    flow.write(site, someone("missed"))
    flow.write(site, someone("missed too"))
    again = stage.resume(site, watcher.last_id)
    flow.write(site, someone("after"))
    assert sorted(ids_of(again.people_until("visitor:after"))) == [
        "visitor:after",
        "visitor:missed",
        "visitor:missed too",
    ]


def test_who_comes_again_to_another_process_misses_nothing_either(stages: Stages) -> None:
    first, second = stages(), stages()
    flow, site = Flow(first.store, first.clock), first.shop()
    flow.commit()
    watcher = first.watch(site)
    watcher.next("counters")
    flow.write(site, someone("before"))
    watcher.people_until("visitor:before")
    watcher.cut()
    flow.write(site, someone("missed"))
    second.clock.now = first.clock.now
    again = second.watch(site, last_event_id=watcher.last_id)
    assert ids_of(again.people_until("visitor:missed")) == ["visitor:missed"]


def test_who_judged_by_time_was_told_before_a_cut_is_not_told_again(stage: Stage, flow: Flow, site: Shop) -> None:
    flow.write(site, someone("one"))
    row = Visitor("one", someone("one").visits, version=flow.offset)
    watcher, other = stage.watch(site), stage.watch(site)
    watcher.next("counters")
    flow.judge(site, row, stage.clock.now, [])
    watcher.people_until("visitor:one")
    watcher.cut()
    again = stage.resume(site, watcher.last_id)
    flow.write(site, someone("two"))
    assert ids_of(again.people_until("visitor:two")) == ["visitor:two"]
    assert ids_of(other.people_until("visitor:two")) == ["visitor:one", "visitor:two"]


@pytest.mark.parametrize("last_id", ["nonsense", "old", "of a log that is gone", "W10"])
def test_an_unknown_or_old_event_id_asks_for_the_list_again(stage: Stage, flow: Flow, site: Shop, last_id: str) -> None:
    written = Written(flow.offset, stage.clock.now)
    text = {
        "old": Position({0: Written(0, written.at - 11 * MINUTE), 1: Written(0, written.at - 11 * MINUTE)}).text(),
        "of a log that is gone": Position({0: written, 1: Written(flow.offset + 1_000, written.at)}).text(),
    }.get(last_id, last_id)
    watcher = stage.resume(site, text)
    assert watcher.next().kind == "reset"
    watcher.next("counters")
    flow.write(site, someone("one"))
    assert ids_of(watcher.people_until("visitor:one")) == ["visitor:one"]


def test_another_sites_changes_are_never_told(stage: Stage, flow: Flow, site: Shop) -> None:
    other = stage.shop()
    watcher = stage.watch(site)
    watcher.next("counters")
    flow.write(other, someone("of another"), someone("same"))
    flow.write(site, someone("same"))
    told = watcher.people_until("visitor:same")
    assert ids_of(told) == ["visitor:same"]
    counters = watcher.next("counters").data
    while counters["windows"]["7d"]["site"] == 0:
        counters = watcher.next("counters").data
    assert counters["windows"]["7d"]["site"] == 1


def test_two_viewers_of_one_question_share_one_look(
    stage: Stage, flow: Flow, site: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    text = stage.api_store.text

    def noted(name: str) -> str:
        asked.append(name)
        return text(name)

    monkeypatch.setattr(stage.api_store, "text", noted)
    expression = '{"value": 5, "op": ">=", "field": "visits"}'
    one = stage.watch(site, expression=json.dumps(MANY_VISITS))
    two = stage.watch(site, expression=expression)
    elsewhere = stage.watch(site, window="7d")
    for watcher in (one, two, elsewhere):
        watcher.next("counters")
    assert (stage.streams.viewers, stage.streams.channels) == (3, 2)
    before = asked.count("stream_people")
    flow.write(site, someone("often", visits=9))
    assert one.next("people") == two.next("people")
    elsewhere.next("people")
    assert asked.count("stream_people") - before == 2


def test_more_than_are_told_at_once_are_counted(stage: Stage, flow: Flow, site: Shop) -> None:
    watcher = stage.watch(site)
    watcher.next("counters")
    flow.write(site, *[someone(f"v{number:03}", NOW - 1_000 * number) for number in range(203)])
    told = watcher.next("people")
    assert [card["person_id"] for card in told.data["changed"]] == [f"visitor:v{number:03}" for number in range(200)]
    assert told.data["more"] == 3


def test_hostile_text_stays_on_its_line(stage: Stage, flow: Flow, site: Shop) -> None:
    hostile = "<script>alert(1)</script>\r\n\ndata: {}\u2028\u202e\x00"
    watcher = stage.watch(site)
    watcher.next("counters")
    flow.write(site, someone(hostile, page_title=hostile, page_url=hostile))
    card = watcher.next("people").data["changed"][0]
    assert (card["person_id"], card["page"]["title"]) == (f"visitor:{hostile}", hostile)


def test_figures_of_an_erasure_ask_for_the_list_again(stage: Stage, flow: Flow, site: Shop) -> None:
    watcher = stage.watch(site)
    watcher.next("counters")
    insert_rows(
        stage.store, "erasures", [{"site_id": site.site_id, "receipt_id": "era_1", "version": 1, "state": "settling"}]
    )
    assert watcher.next("reset").data == {}
