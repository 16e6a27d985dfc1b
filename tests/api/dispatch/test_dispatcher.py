"""Hooks told by real processes' parts over a real log and a real ClickHouse, to real receivers."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from api.dispatch import lanes
from api.dispatch.dispatcher import GONE
from api.dispatch.schedule import DELAYS_MS, JITTER
from api.dispatch.transition import webhook_id
from sql.hooks import HookTerms, create_hook, delete_hook, rotate_secret, update_hook
from sql.segments import delete_segment
from tests.api.conftest import DAY, HOUR, MINUTE, NOW
from tests.api.dispatch.receiver import OK, Answer, Received
from tests.api.dispatch.stage import EVENTS, Stage, until
from tests.api.visitors import Visit, Visitor, insert_visitors, person


def ids(lines: list[dict[str, Any]], hook: Any) -> set[str]:
    return {webhook_id(line["id"], hook.hook_id) for line in lines}


def test_each_transition_is_told_once_with_a_body_made_of_its_line_alone(stage: Stage) -> None:
    receiver = stage.receiver()
    hook = stage.hook(receiver)
    stage.dispatcher()
    entered = stage.line("anna")
    exited = stage.line(
        "", "exited", person_id="visitor:v1", member_id="", visitor_id="v1", since=NOW - HOUR, reason="time"
    )
    stage.append(entered, exited)
    until(lambda: len(receiver.received) == 2)
    until(lambda: stage.statuses(hook) == ["delivered"] * 2)
    told = {one.webhook_id: json.loads(one.body) for one in receiver.received}
    assert told[webhook_id(entered["id"], hook.hook_id)] == {
        "type": "segment.entered",
        "timestamp": "2026-01-01T00:00:00.000Z",
        "data": {
            "segment": {"id": stage.segment_id, "version": 1},
            "person": {"person_id": "member:anna", "member_id": "anna", "visitor_id": None},
            "entry": 1,
            "entered_at": "2026-01-01T00:00:00.000Z",
            "reason": "event",
            "transition_id": entered["id"],
        },
    }
    assert told[webhook_id(exited["id"], hook.hook_id)]["data"] == {
        "segment": {"id": stage.segment_id, "version": 1},
        "person": {"person_id": "visitor:v1", "member_id": None, "visitor_id": "v1"},
        "entry": 1,
        "entered_at": "2025-12-31T23:00:00.000Z",
        "exited_at": "2026-01-01T00:00:00.000Z",
        "reason": "time",
        "transition_id": exited["id"],
    }
    assert receiver.received[0].path == "/hooks"
    assert receiver.received[0].headers["content-type"] == "application/json"
    assert receiver.received[0].headers["host"] == f"127.0.0.1:{receiver.port}"


def test_only_what_fires_and_is_asked_for_is_told(stage: Stage) -> None:
    receiver, other = stage.receiver(), stage.segment()
    entries = stage.hook(receiver.url + "/entries", ("segment.entered",))
    of_other = stage.hook(receiver.url + "/other", segments=(other,))
    stage.hook(receiver.url + "/inactive", active=False)
    deleted = stage.hook(receiver.url + "/deleted")
    delete_hook(stage.store, stage.site_id, deleted.hook_id, NOW)
    create_hook(stage.store, stage.site_id, HookTerms(receiver.url + "/late", EVENTS), "whsec_AAAA", NOW - 1_000)
    dropped = stage.segment()
    delete_segment(stage.store, stage.site_id, dropped, NOW)
    stage.dispatcher()
    first, second, third = stage.line(), stage.line(type="exited"), stage.line(segment_id=other)
    stage.append(
        first, second, third, stage.line(fires=False), stage.line(segment_id=dropped), stage.line(segment_id="seg_unknown"),
        stage.line(site_id="nobody"),
    )  # fmt: skip
    stage.happen(segment_id=other, type="exited", at=NOW + 1, since=NOW)
    until(lambda: len(receiver.received) >= 4)
    time.sleep(0.3)
    assert sorted(one.path for one in receiver.received) == [
        "/hooks/entries", "/hooks/entries", "/hooks/other", "/hooks/other"
    ]  # fmt: skip
    assert {one.webhook_id for one in receiver.received if one.path == "/hooks/entries"} == ids([first, third], entries)
    assert ids([third], of_other) < receiver.ids


def test_a_line_that_cannot_be_read_and_one_that_was_erased_hold_up_nothing(stage: Stage) -> None:
    receiver = stage.receiver()
    stage.hook(receiver)
    stage.append(b"{", b"[1]", b'{"kind":"erased"}   ', b"{}", json.dumps(stage.line(at="now")).encode())
    stage.dispatcher()
    stage.happen()
    until(lambda: len(receiver.received) == 1)
    assert stage.metrics.unreadable._value.get() == 3


def test_a_transition_that_stands_in_the_log_again_is_not_told_again(stage: Stage) -> None:
    receiver = stage.receiver()
    hook = stage.hook(receiver)
    first = stage.dispatcher()
    lines = stage.happen(5)
    stage.append(*lines)
    until(lambda: len(receiver.received) == 5)
    until(lambda: stage.statuses(hook) == ["delivered"] * 5)
    first.stop()
    stage.append(*lines)
    stage.dispatcher()
    more = stage.happen(1)
    until(lambda: ids(more, hook) < receiver.ids)
    assert set(receiver.tries().values()) == {1}


def test_one_that_fails_is_tried_again_as_the_schedule_says_and_then_given_up(stage: Stage) -> None:
    receiver = stage.receiver(lambda request: (500, {}))
    hook = stage.hook(receiver)
    stage.dispatcher()
    stage.happen()
    for attempt, wait in enumerate(DELAYS_MS):
        stage.clock.now += round(wait * (1 - JITTER)) - 1
        if attempt:
            time.sleep(0.15)
            assert len(receiver.received) == attempt
        stage.clock.now += round(2 * wait * JITTER) + 2
        until(lambda attempt=attempt: len(receiver.received) == attempt + 1)
        until(lambda attempt=attempt: [one.attempts for one in stage.deliveries(hook)] == [attempt + 1])
    until(lambda: stage.statuses(hook) == ["failed"])
    assert len(receiver.bodies()) == 1
    assert all(len(bodies) == 1 for bodies in receiver.bodies().values())
    times = [int(one.headers["webhook-timestamp"]) for one in receiver.received]
    assert times == sorted(set(times))
    stage.clock.now += 10 * DAY
    time.sleep(0.2)
    assert len(receiver.received) == len(DELAYS_MS)
    assert stage.deliveries(hook)[0].last_error == "HTTP 500: not accepted"


def test_a_receiver_that_hangs_holds_up_nobody_else(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "MOST_QUEUED", 40)
    hanging, quick = stage.receiver(lambda request: None), stage.receiver()
    slow = stage.hook(hanging)
    good = stage.hook(quick)
    dispatcher = stage.dispatcher(timeout_seconds=2.0)
    lines = stage.happen(300)
    until(lambda: len(quick.ids) == 300)
    until(lambda: len(stage.deliveries(slow)) == 300)  # nor is the position held up
    assert len(dispatcher._outbox.held) <= 40 + 16
    assert len(hanging.received) < 100
    hanging.answer = lambda request: OK

    def later() -> bool:
        stage.clock.now += 5 * MINUTE
        time.sleep(0.3)
        return ids(lines, slow) == hanging.ids

    until(later, 60)
    until(lambda: set(stage.statuses(slow)) == {"delivered"})
    assert stage.statuses(good) == ["delivered"] * 300
    assert all(len(bodies) == 1 for bodies in hanging.bodies().values())


def test_one_that_asks_for_less_gets_nothing_for_as_long_and_everything_then(stage: Stage) -> None:
    slow = stage.receiver(lambda request: (429, {"Retry-After": "120"}))
    quick = stage.receiver()
    hook = stage.hook(slow)
    stage.hook(quick)
    stage.dispatcher()
    first = stage.happen(20)
    until(lambda: len(quick.ids) == 20)
    until(lambda: len(slow.received) >= 1)
    time.sleep(0.3)
    tried = len(slow.received)
    assert tried <= 16
    stage.clock.now += 100_000
    second = stage.happen(20)
    until(lambda: len(quick.ids) == 40)
    time.sleep(0.3)
    assert len(slow.received) == tried
    slow.answer = lambda request: OK
    stage.clock.now += 6 * MINUTE
    until(lambda: slow.ids == ids(first + second, hook))


def test_one_that_is_gone_gets_nothing_more_until_somebody_turns_it_on_and_replays(stage: Stage) -> None:
    answers: list[Answer] = [(500, {}), (410, {})]
    receiver = stage.receiver(lambda request: answers[0])
    hook = stage.hook(receiver)
    stage.dispatcher()
    waiting = stage.happen(3)
    until(lambda: [one.attempts for one in stage.deliveries(hook)] == [1] * 3)
    del answers[0]
    gone = stage.happen(1)
    until(lambda: stage.now(hook).disabled_reason == GONE)
    assert not stage.now(hook).terms.active
    until(lambda: stage.statuses(hook) == ["failed"] * 4)
    tried = len(receiver.received)
    stage.clock.now += DAY
    stage.happen(2)
    time.sleep(0.3)
    assert len(receiver.received) == tried
    answers[0] = OK
    terms = HookTerms(receiver.url, EVENTS)
    changed = update_hook(stage.store, stage.site_id, hook.hook_id, terms, stage.clock.now)
    assert changed is not None
    assert changed.disabled_reason == ""
    more = stage.dispatchers[0]._ledger.change(
        stage.site_id, hook.hook_id, "waiting", "replayed", stage.clock.now, from_status="failed"
    )
    assert more == 4
    until(lambda: receiver.ids == ids(waiting + gone, hook))
    until(lambda: stage.statuses(hook) == ["delivered"] * 4)
    assert all(len(bodies) == 1 for bodies in receiver.bodies().values())


def test_a_redirect_is_not_followed(stage: Stage) -> None:
    inner = stage.receiver()
    receiver = stage.receiver(lambda request: (302, {"Location": inner.url}))
    hook = stage.hook(receiver)
    stage.dispatcher()
    stage.happen()
    until(lambda: [one.last_status for one in stage.deliveries(hook)] == [302])
    assert inner.received == []
    assert stage.deliveries(hook)[0].last_error == "HTTP 302: redirects are not followed"


def test_a_private_address_is_not_called_and_tried_again_later(stage: Stage) -> None:
    receiver = stage.receiver()
    hooks = [
        stage.hook(url)
        for url in (receiver.url, f"http://localhost:{receiver.port}/", f"http://[::ffff:127.0.0.1]:{receiver.port}/")
    ]
    refusing = stage.dispatcher(allowed=())
    lines = stage.happen()
    until(lambda: all([one.attempts for one in stage.deliveries(hook)] == [1] for hook in hooks))
    for hook in hooks:
        assert "not on the public internet" in stage.deliveries(hook)[0].last_error
    assert receiver.received == []
    refusing.stop()
    stage.dispatcher()
    stage.clock.now += MINUTE
    until(lambda: ids(lines, hooks[0]) < receiver.ids)


def test_one_that_is_down_for_ten_minutes_gets_everything(stage: Stage) -> None:
    receiver = stage.receiver()
    port = receiver.port
    hook = stage.hook(receiver)
    receiver.close()
    stage.receivers.clear()
    stage.dispatcher()
    lines = []
    for _ in range(10):
        lines += stage.happen(10)
        stage.clock.now += MINUTE
        time.sleep(0.1)
    until(lambda: len(stage.deliveries(hook)) == 100)
    assert "delivered" not in stage.statuses(hook)
    back = stage.receiver(port=port)

    def later() -> bool:
        stage.clock.now += 10 * MINUTE
        time.sleep(0.3)
        return back.ids == ids(lines, hook)

    until(later)
    until(lambda: stage.statuses(hook) == ["delivered"] * 100)


def test_a_new_secret_signs_beside_the_old_one_for_a_day(stage: Stage) -> None:
    receiver = stage.receiver()
    hook = stage.hook(receiver)
    stage.dispatcher()
    rotated = rotate_secret(stage.store, stage.site_id, hook.hook_id, "whsec_" + "A" * 44, NOW)
    assert rotated is not None
    time.sleep(0.3)
    stage.happen()
    until(lambda: len(receiver.received) == 1)
    stage.clock.now += DAY
    stage.happen()
    until(lambda: len(receiver.received) == 2)
    both, one = (request.headers["webhook-signature"].split() for request in receiver.received)
    assert (len(both), len(one)) == (2, 1)


@pytest.mark.parametrize(
    ("again", "seconds", "told"), [("always", 0, [0, 1, 2, 3]), ("once", 0, [0]), ("not_within", 3_600, [0, 2])]
)
def test_a_person_who_enters_again_is_told_of_as_the_policy_says(
    stage: Stage, again: Any, seconds: int, told: list[int]
) -> None:
    receiver = stage.receiver()
    hook = stage.hook(receiver, again=again, not_within_seconds=seconds)
    first = stage.dispatcher()
    lines = []
    for entry, minutes in enumerate((0, 30, 30, 59)):
        stage.clock.now += minutes * MINUTE
        lines += [stage.line("anna", entry=entry + 1)]
        stage.append(lines[-1])
        if entry == 1:
            until(lambda: len(stage.deliveries(hook)) == 2)
            first.stop()  # what was told stands in the ledger, not in memory alone
            stage.dispatcher()
    stage.append(stage.line("bert"))
    until(lambda: len(stage.deliveries(hook)) == 5 and "waiting" not in stage.statuses(hook))
    statuses = stage.statuses(hook)
    assert [place for place in range(4) if statuses[place] == "delivered"] == told
    assert statuses[4] == "delivered"
    reasons = {one.reason for one in stage.deliveries(hook) if one.status == "skipped"}
    assert reasons == ({again} if again != "always" else set())


def test_after_a_delay_only_those_who_are_still_in_it_are_told_of(stage: Stage) -> None:
    receiver = stage.receiver()
    hook = stage.hook(receiver, ("segment.entered",), delay_seconds=600)
    stage.dispatcher()
    stays, leaves, late = stage.line("stays"), stage.line("leaves"), stage.line("late")
    logged_in = stage.line(person_id="visitor:v1", member_id="", visitor_id="v1")
    stage.append(stays, leaves, late, logged_in)
    until(lambda: stage.statuses(hook) == ["waiting"] * 4)

    def row(member: str, segments: list[str], at: int, version: int = 1) -> Visitor:
        columns = {"in_segments": segments, "segments_at": at}
        return person(member, [Visit(NOW, NOW)], [("d", 0, NOW)], version=version, columns=columns)

    here = [stage.segment_id]
    of_v1 = Visitor("v1", [Visit(NOW, NOW)], columns={"member_id": "carl", "in_segments": [], "segments_at": NOW})
    rows = [
        row("stays", here, NOW + 1),
        row("leaves", [], NOW + 1),
        row("late", [], NOW - 1),
        of_v1,
        row("carl", here, NOW),
    ]
    insert_visitors(stage.store, stage.site_id, rows)
    stage.clock.now += 599_000
    time.sleep(0.3)
    assert receiver.received == []
    stage.clock.now += 1_000
    until(lambda: receiver.ids == ids([stays, logged_in], hook))
    until(lambda: sorted(stage.statuses(hook)) == ["delivered", "delivered", "skipped", "waiting"])
    assert {one.person_id: one.reason for one in stage.deliveries(hook) if one.reason} == {"member:leaves": "left"}
    insert_visitors(stage.store, stage.site_id, [row("late", here, NOW, 2)])
    stage.clock.now += 1_000
    until(lambda: receiver.ids == ids([stays, logged_in, late], hook))


def test_what_was_under_way_when_a_process_stopped_is_told_by_the_next(stage: Stage) -> None:
    receiver = stage.receiver(lambda request: None)
    hook = stage.hook(receiver)
    first = stage.dispatcher()
    lines = stage.happen(40)
    until(lambda: len(receiver.received) == 16)
    first.stop()
    receiver.answer = lambda request: OK
    stage.dispatcher()
    until(lambda: receiver.ids == ids(lines, hook))
    until(lambda: stage.statuses(hook) == ["delivered"] * 40)


def test_every_attempt_is_signed_for_its_own_time(stage: Stage) -> None:
    seen: list[Received] = []

    def answer(request: Received) -> Answer:
        seen.append(request)
        return (500, {}) if len(seen) == 1 else OK

    receiver = stage.receiver(answer)
    stage.hook(receiver)
    stage.dispatcher()
    stage.happen()
    until(lambda: len(seen) == 1)
    time.sleep(0.2)
    stage.clock.now += 10_000
    until(lambda: len(seen) == 2)
    assert seen[0].webhook_id == seen[1].webhook_id
    assert seen[0].headers["webhook-timestamp"] != seen[1].headers["webhook-timestamp"]
    assert seen[0].headers["webhook-signature"] != seen[1].headers["webhook-signature"]
