"""Erasing people through the API, over a log in files and a real ClickHouse; the flow's part is scripted."""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from pathlib import Path
from typing import Any

import pytest

from api.opt_outs import address_hash
from ingest.log import LogUnavailable
from sql.keys import create_key
from sql.store import StoreUnavailable
from tests.api.conftest import DAY, MINUTE, NOW
from tests.api.visitors import insert_rows
from tests.erasure.files import TABLES
from tests.erasure.shop import SECRET, Shop


def a_member(shop: Shop, devices: int = 5) -> list[str]:
    """A member with some devices, orders, a refusal and a phone; returns every id."""
    ids = ["member-anna", *(f"device-anna-{n}" for n in range(devices))]
    for n, device in enumerate(ids[1:]):
        shop.event(device, f"anna-{n}", NOW - DAY + n)
        shop.event(device, f"anna-{n}-login", NOW - MINUTE, name="identify", member_id="member-anna")
        shop.order(f"order-anna-{n}", (device, NOW - MINUTE))
        shop.stint(device, "member-anna", orders=1, units=2, revenue=1000)
        shop.rejected({"visitor_id": device, "name": "x"})
        folded = {"visitor_id": device, "start": NOW - 20 * DAY, "end": NOW - 20 * DAY + 5, "pageviews": 3}
        insert_rows(shop.store, "visits", [{"site_id": shop.site_id, **folded}])
    traits = '{"traits": {"phone": "010-1234-5678"}}'
    shop.event(ids[1], "anna-phone", name="identify", member_id="member-anna", properties=traits)
    shop.rejected('{"member_id": "member-anna", "broken')
    shop.member("member-anna", *ids[1:])
    shop.tell("member-anna", name="Anna Kim", **{"trait/phone": "010-8765-4321"})
    shop.tell("member-anna", grade="VIP")
    return ids


def a_stranger(shop: Shop) -> None:
    """Somebody else, who must stay as he is."""
    shop.event("device-bert", "bert-1")
    shop.stint("device-bert", "member-bert")
    shop.tell("member-bert", name="Bert Lee")
    shop.member("member-bert", "device-bert")
    shop.order("order-bert", ("device-bert", NOW - MINUTE))
    shop.rejected({"visitor_id": "device-bert"})
    insert_rows(
        shop.store,
        "visits",
        [{"site_id": shop.site_id, "visitor_id": "device-bert", "start": NOW - 20 * DAY, "end": NOW - 20 * DAY + 5}],
    )


def everything(shop: Shop) -> dict[str, list[str]]:
    """All rows of this site, but of what grows by itself. Of an erasure the audit has the receipt, which names nobody."""
    growing = ("audit", "commits", "erasures", "opt_outs", "schema_migrations")
    kept = [name for name in shop.tables() if name not in growing]
    return {name: sorted(row for row in shop.rows(name, final=True) if shop.site_id in row) for name in kept}


def test_nothing_is_left_of_a_member_with_five_devices_and_a_stranger_stays(shop: Shop) -> None:
    a_stranger(shop)
    shop.flow.run()
    before = everything(shop)
    lines = shop.lines("device-bert", "member-bert")
    ids = a_member(shop)
    shop.flow.run()
    assert all(shop.found(one) for one in ids)
    receipt = shop.gone("member:member-anna", "done")
    assert shop.found(*ids, "Anna Kim") == []
    assert everything(shop) == before
    assert shop.lines("device-bert", "member-bert") == lines
    assert len(lines) > 4
    assert receipt["state"] == "done"
    assert receipt["removed"] == {
        "events": 16, "visits": 5, "visitors": 6, "orders": 5, "rejected_events": 6, "member_data": 2,
        "log_lines": receipt["removed"]["log_lines"],
    }  # fmt: skip
    assert receipt["removed"]["log_lines"] >= 16 + 5 + 6 + 5 + 2
    assert receipt["totals"] == {
        "visits": 5, "pageviews": 5, "orders": 5, "units": 10, "revenue": 5000, "first_day": "2026-01-01", "last_day": "2026-01-01",
    }  # fmt: skip


def test_the_files_that_held_it_have_left_the_disk_when_it_is_done(shop: Shop) -> None:
    a_member(shop, 2)
    shop.flow.run()
    held = {
        (table, row["_part"])
        for table in TABLES
        for row in shop.store.rows_of(f"SELECT *, _part FROM {table}")
        if "anna" in str(row)
    }
    assert {table for table, _ in held} >= {"events", "visitors", "visits", "orders", "rejected_events"}
    shop.gone("member-anna", "done")
    parts = shop.store.rows_of("SELECT table, name FROM system.parts WHERE database = currentDatabase()")
    assert held.isdisjoint((row["table"], row["name"]) for row in parts)
    commands = shop.store.rows_of("SELECT command FROM system.mutations WHERE database = currentDatabase()")
    assert commands
    assert not any("anna" in row["command"] for row in commands)


def test_no_file_of_clickhouse_holds_an_id_when_it_is_done(shop: Shop, clickhouse_files: Path) -> None:
    member, device = f"member-{uuid.uuid4().hex}", f"device-{uuid.uuid4().hex}"

    def files() -> list[str]:
        names = (member.encode(), device.encode())
        return [
            path.name
            for path in clickhouse_files.rglob("*")
            if path.is_file() and any(name in path.read_bytes() for name in names)
        ]

    shop.event(device, "e", name="identify", member_id=member)
    shop.order("order-1", (device, NOW - MINUTE))
    shop.stint(device, member)
    shop.member(member, device)
    shop.flow.run()
    assert files()
    shop.gone(f"member:{member}", "done")
    assert files() == []
    assert shop.found(member, device) == []


def test_totals_of_the_past_are_what_is_left_and_what_was_taken_away(shop: Shop) -> None:
    a_stranger(shop)
    a_member(shop, 2)
    shop.flow.run()
    now = {"now": "SELECT sum(visits) AS n FROM visitors FINAL WHERE person = '' AND NOT gone AND site_id = {s:String}"}
    before = shop.store.rows_of(now["now"], {"s": shop.site_id})[0]["n"]
    shop.gone("member-anna")
    taken = "SELECT sum(visits) AS n FROM erasures FINAL WHERE site_id = {s:String}"
    counts = [shop.store.rows_of(sql, {"s": shop.site_id})[0]["n"] for sql in (now["now"], taken)]
    assert sum(counts) == before
    assert counts[1] == 2
    page = (Path(__file__).parents[2] / "docs" / "erasure.md").read_text(encoding="utf-8")
    queries = re.findall(r"```sql\n(.*?)```", page, re.DOTALL)
    assert queries
    for query in queries:
        assert shop.store.rows_of(query)


def test_a_process_of_the_api_works_by_itself_while_it_runs(shop: Shop) -> None:
    ids = a_member(shop, 1)
    shop.flow.run()

    async def serve() -> None:
        async with shop.app.router.lifespan_context(shop.app):
            receipt_id = (await asyncio.to_thread(shop.erase, "member-anna"))["receipt_id"]
            while (await asyncio.to_thread(shop.receipt, receipt_id))["state"] != "done":
                await asyncio.to_thread(shop.flow.run)
                shop.clock.now += 1_000

    asyncio.run(serve())
    assert shop.found(*ids) == []


def test_the_receipt_names_nobody_and_the_queue_forgets(shop: Shop) -> None:
    a_member(shop, 1)
    asked = shop.erase("member:member-anna")
    assert asked["state"] == "requested"
    assert shop.found("member-anna")
    done = shop.finish(asked["receipt_id"])
    assert (asked["receipt_id"], asked["requested_at"]) == (done["receipt_id"], done["requested_at"])
    assert "anna" not in str(done)
    assert "anna" not in str(shop.rows("erasures"))
    listed = shop.client.get("/v1/erasures", headers=shop.reads).json()
    assert listed == {"erasures": [done]}


def test_a_visitor_nobody_knows_is_erased(shop: Shop) -> None:
    shop.event("device-carl", "carl-1")
    shop.stint("device-carl")
    shop.order("order-carl", ("device-carl", NOW - MINUTE))
    receipt = shop.gone("visitor:device-carl")
    assert receipt["totals"]["visits"] == 1
    assert shop.found("device-carl") == []
    assert shop.client.get("/v1/people/visitor:device-carl", headers=shop.reads).status_code == 404


@pytest.mark.parametrize("person_id", ["member:nobody", "visitor:nobody", "nobody", "visitor:device-anna-0"])
def test_who_is_no_person_is_not_erased(shop: Shop, person_id: str) -> None:
    a_member(shop, 1)
    answer = shop.client.delete(f"/v1/people/{person_id}", headers=shop.reads)
    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:sonnim:problem:not_found"
    assert shop.rows("erasures") == []


@pytest.mark.parametrize("person_id", ["member-anna", "device-anna-0", "member:member-anna"])
def test_a_plain_id_is_a_members_or_else_that_of_the_person_a_visitor_belongs_to(shop: Shop, person_id: str) -> None:
    ids = a_member(shop, 2)
    shop.gone(person_id)
    assert shop.found(*ids) == []


ODD = ['회원/7 "#?%', "a\\b", "é+&={x}", "member:7"]


@pytest.mark.parametrize("name", ODD)
def test_ids_may_hold_any_character(shop: Shop, name: str) -> None:
    member, visitor = f"m{name}", f"v{name}"
    shop.event(visitor, "e1", name="identify", member_id=member)
    shop.order("order-1", (visitor, NOW - MINUTE))
    shop.rejected({"visitor_id": visitor})
    shop.rejected({"url": f"https://shop.example/?m={member}"})
    shop.stint(visitor, member)
    shop.member(member, visitor)
    assert shop.found(member)
    shop.gone(f"member:{member}")
    assert shop.found(member, visitor) == []


def test_on_a_shared_device_only_what_was_done_then_goes(shop: Shop) -> None:
    early, middle, late = NOW - 3 * MINUTE, NOW - 2 * MINUTE, NOW - MINUTE
    ended = middle + 6
    for begin, at, member, end in (
        (0, early, "member-dora", 0),
        (middle, middle, "member-emil", ended),
        (ended, late, "member-dora", 0),
    ):
        shop.event("device-both", f"{member}-{at}", at, member_id=member)
        shop.stint("device-both", member, begin, seen=at, stint_end=end)
    shop.event("device-both", "logout", middle + 5, name="logout", member_id="member-dora")
    shop.order("order-emil", ("device-both", middle))
    shop.order("order-dora", ("device-both", late))
    shop.member("member-dora", "device-both")
    shop.member("member-emil", "device-both")
    shop.rejected({"visitor_id": "device-both"}, early)
    shop.rejected({"visitor_id": "device-both"}, middle)
    shop.flow.run()
    shop.gone("member:member-dora")
    assert shop.found("member-dora", "order-dora") == []
    left = shop.store.rows_of(
        "SELECT event_id, member_id FROM events WHERE site_id = {s:String} ORDER BY event_id", {"s": shop.site_id}
    )
    assert [(row["event_id"], row["member_id"]) for row in left] == [
        ("logout", ""),
        (f"member-emil-{middle}", "member-emil"),
        ("order-emil-0", ""),
    ]
    card = shop.client.get("/v1/people/member:member-emil", headers=shop.reads).json()
    assert card["person"]["visits"] == 1
    kept = shop.store.rows_of(
        "SELECT count() AS n FROM rejected_events WHERE site_id = {s:String}", {"s": shop.site_id}
    )
    assert kept[0]["n"] == 1


def test_what_comes_after_the_erasure_is_another_persons(shop: Shop) -> None:
    a_member(shop, 1)
    receipt_id = shop.erase("member-anna")["receipt_id"]
    shop.finish(receipt_id, "settling")
    shop.event("device-anna-0", "new", NOW)
    shop.flow.run()
    shop.stint("device-anna-0", version=10**9)
    shop.finish(receipt_id)
    assert [place.partition(":")[0] for place in shop.found("member-anna")] == []
    rows = shop.store.rows_of("SELECT event_id FROM events WHERE site_id = {s:String}", {"s": shop.site_id})
    assert [row["event_id"] for row in rows] == ["new"]
    assert shop.client.get("/v1/people/visitor:device-anna-0", headers=shop.reads).status_code == 200


def test_who_goes_on_while_he_is_erased_is_erased_up_to_the_last_record(shop: Shop) -> None:
    a_member(shop, 1)
    receipt_id = shop.erase("member-anna")["receipt_id"]
    for n in range(4):
        shop.flow.run()
        shop.event("device-anna-0", f"on-{n}", NOW + n, member_id="member-anna")
        shop.eraser.turn()
    shop.finish(receipt_id)
    left = [
        row["event_id"]
        for row in shop.store.rows_of("SELECT event_id FROM events WHERE site_id = {s:String}", {"s": shop.site_id})
    ]
    told = [f"on-{n}" for n in range(4)]
    assert left == told[len(told) - len(left) :]


def test_erasing_twice_changes_nothing_more(shop: Shop) -> None:
    ids = a_member(shop, 2)
    first, again = shop.erase("member-anna"), shop.erase("member:member-anna")
    assert first["receipt_id"] == again["receipt_id"]
    shop.finish(first["receipt_id"])
    assert shop.client.delete("/v1/people/member-anna", headers=shop.reads).status_code == 404
    assert shop.found(*ids) == []


class Dies(Exception):
    """The process is gone."""


@pytest.mark.parametrize("after", range(1, 60, 20))
def test_another_process_goes_on_after_a_crash_anywhere(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    ids = a_member(shop, 2)
    receipt_id = shop.erase("member-anna")["receipt_id"]
    calls = 0
    holders = [(shop.store, ("insert", "command", "rows")), (shop.log, ("append", "replace"))]

    def dying(call: Any) -> Any:
        def made(*given: Any, **more: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == after:
                raise Dies
            done = call(*given, **more)
            if calls == after + 1:
                raise Dies
            return done

        return made

    def work() -> None:
        for _ in range(20):
            shop.flow.run()
            with monkeypatch.context() as patched:
                for holder, names in holders:
                    for name in names:
                        patched.setattr(holder, name, dying(getattr(holder, name)))
                shop.eraser.turn()
            shop.clock.now += 10_000

    with pytest.raises(Dies):
        work()
    shop.start()
    shop.clock.now += 200_000
    receipt = shop.finish(receipt_id)
    assert shop.found(*ids) == []
    assert receipt["totals"]["orders"] == 2
    assert "anna" not in str(shop.rows("erasures"))


def test_two_processes_at_once_do_no_harm(shop: Shop) -> None:
    ids = a_member(shop, 2)
    receipt_id = shop.erase("member-anna")["receipt_id"]
    first = shop.eraser
    shop.start()
    for _ in range(30):
        shop.flow.run()
        first.turn()
        shop.clock.now += 130_000
        shop.eraser.turn()
    shop.finish(receipt_id)
    assert shop.found(*ids) == []


def test_it_waits_for_the_flow_and_goes_on(shop: Shop) -> None:
    ids = a_member(shop, 1)
    shop.flow.run()
    receipt_id = shop.erase("member-anna")["receipt_id"]
    shop.flow.stopped = True
    for _ in range(5):
        assert shop.eraser.turn()
    assert shop.receipt(receipt_id)["state"] == "erasing"
    assert shop.client.get("/v1/people/member-anna", headers=shop.reads).status_code == 200
    shop.flow.stopped = False
    shop.finish(receipt_id)
    assert shop.found(*ids) == []


def test_an_erasure_that_waits_for_long_is_told_of(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    a_member(shop, 1)
    receipt_id = shop.erase("member-anna")["receipt_id"]
    shop.eraser.turn()
    assert caplog.messages == []
    shop.clock.now += 11 * MINUTE
    for _ in range(2):
        shop.eraser.turn()
    assert caplog.messages == [f"erasures wait for the flow to write what it has read: {receipt_id}"]


def test_a_person_of_thousands_of_events_is_erased_in_parts(shop: Shop) -> None:
    for n in range(2_300):
        shop.told("device-anna", f"e{n}", NOW - DAY + n)
    shop.send()
    shop.stint("device-anna")
    receipt = shop.gone("visitor:device-anna")
    assert (receipt["removed"]["events"], receipt["removed"]["log_lines"]) == (2_300, 2_300 + 2)
    assert shop.found("device-anna") == []


def test_a_phone_is_kept_as_a_hash_and_only_so(shop: Shop) -> None:
    a_member(shop, 1)
    receipt = shop.gone("member-anna")
    assert receipt["opt_outs"] == 2
    rows = shop.store.rows_of(
        "SELECT channel, toString(address_hash) AS hash, reason FROM opt_outs FINAL WHERE site_id = {s:String} ORDER BY hash",
        {"s": shop.site_id},
    )
    hashes = sorted(address_hash(SECRET, shop.site_id, "phone", told) for told in ("+821012345678", "+821087654321"))
    assert rows == [{"channel": "phone", "hash": hashed, "reason": "erasure"} for hashed in hashes]
    assert shop.found("010-1234-5678", "1012345678", "010-8765-4321", "1087654321") == []


def test_an_answer_from_memory_tells_nothing_any_more(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    a_member(shop, 1)
    paths = ["/v1/people/member-anna", "/v1/visitors/device-anna-0", "/v1/live/visitors"]
    assert ["anna" in shop.client.get(path, headers=shop.reads).text for path in paths] == [True] * 3
    shop.gone("member-anna")

    def away(*given: Any, **more: Any) -> Any:
        raise StoreUnavailable("away")

    monkeypatch.setattr(shop.store, "rows_of", away)
    for path in paths:
        answer = shop.client.get(path, headers=shop.reads)
        assert answer.status_code == 503
        assert "device-anna" not in answer.text


def test_segments_that_name_the_person_do_so_no_more(shop: Shop) -> None:
    a_member(shop, 1)
    expressions: list[Any] = [
        {
            "any": [
                {"field": "member_id", "op": "in", "value": ["member-anna", "member-bert"]},
                {"field": "visits", "op": ">=", "value": 1},
            ]
        },
        {"field": "member_id", "op": "=", "value": "member-anna"},
        {"field": "utm_campaign", "op": "=", "value": "member-anna"},
    ]
    for number, expression in enumerate(expressions):
        row = {
            "segment_id": f"seg_{number}",
            "version": 1,
            "name": "n",
            "expression": json.dumps(expression),
            "created_at": NOW,
        }
        insert_rows(shop.store, "segments", [{"site_id": shop.site_id, **row}])
    shop.gone("member-anna")
    rows = shop.store.rows_of(
        "SELECT expression FROM segments FINAL WHERE site_id = {s:String} ORDER BY segment_id", {"s": shop.site_id}
    )
    assert [json.loads(row["expression"]) for row in rows] == [
        {
            "any": [
                {"field": "member_id", "op": "in", "value": ["member-bert"]},
                {"field": "visits", "op": ">=", "value": 1},
            ]
        },
        {"field": "member_id", "op": "=", "value": "(erased)"},
        {"field": "utm_campaign", "op": "=", "value": "member-anna"},
    ]


def test_another_site_with_the_same_ids_is_not_touched(shop: Shop) -> None:
    a_member(shop, 1)
    mine, shop.site_id = shop.site_id, f"{shop.site_id}b"
    a_member(shop, 1)
    shop.flow.run()
    before = everything(shop)
    shop.site_id = mine
    shop.gone("member-anna")
    shop.site_id = f"{mine}b"
    assert everything(shop) == before
    shop.site_id = mine
    receipts = shop.client.get("/v1/erasures", headers=shop.reads).json()["erasures"]
    assert len(receipts) == 1


def test_a_write_key_erases_nobody(shop: Shop) -> None:
    key, _ = create_key(shop.store, shop.site_id, "write", NOW)
    headers = {"Authorization": f"Bearer {key}"}
    for method, path in (("DELETE", "/v1/people/x"), ("GET", "/v1/erasures"), ("GET", "/v1/erasures/x")):
        assert shop.client.request(method, path, headers=headers).status_code == 403


def test_while_the_log_is_away_nothing_is_promised(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    a_member(shop, 1)

    def away() -> Any:
        raise LogUnavailable("away")

    monkeypatch.setattr(shop.log, "ends", away)
    assert shop.client.delete("/v1/people/member-anna", headers=shop.reads).status_code == 503
    assert shop.rows("erasures") == []


def test_who_was_told_of_but_never_came_is_erased(shop: Shop) -> None:
    shop.member("member-cleo")
    shop.tell("member-cleo", name="Cleo Park")
    shop.tell("member-dora", name="Dora Choi")
    receipt = shop.gone("member:member-cleo")
    assert receipt["removed"]["member_data"] == 1
    assert shop.found("member-cleo", "Cleo Park") == []
    assert len(shop.found("Dora Choi")) == 2
