"""Members' data through the flow: read with care, in rows whatever crashes, the same after a rebuild, gone after an erasure."""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson
import pytest

from flows.erasure import records
from flows.lookup import commits_of
from flows.members import member_of
from flows.rebuild import from_events, from_log, swap, waiting_people
from flows.rebuild_check import compare
from flows.rebuild_replay import Pace
from flows.records import Outgoing
from flows.visitors.limits import DAY
from ingest.members import member_key, member_line
from tests.flows.shop import DenseLog, Shop
from tests.flows.test_rebuild import PACE, Quiet
from tests.laws.events import CURRENCIES, arrivals, random_world
from tests.laws.machine import differences
from tests.laws.members import NOTHING_TOLD, Told, member_columns
from tests.laws.people import people_rows

SITE = "alpha"
AT = 1_767_225_600_000


def record(**changes: Any) -> str:
    told = {"site_id": SITE, "member_id": "m1", "as_of": AT, "told": {"name": "A"}}
    return orjson.dumps(told | changes).decode()


@pytest.mark.parametrize(
    "told",
    [
        {"name": "A", "grade": None, "points": -5, "joined_at": -1, "birthday": "02-29", "kakao_friend": False},
        {"consent/sms": {"granted": True, "at": AT, "source": ""}, "consent/night": None},
        {"trait/a": "x", "trait/b": 1.5, "trait/c": True, "trait/d": {"at": 0}, "trait/e": None},
        {"coupons": True, "coupon/a/b": {"name": "", "issued_at": 0, "expires_at": AT}, "used/a/b": AT},
    ],
)
def test_what_the_door_writes_is_read(told: dict[str, Any]) -> None:
    found = member_of(record(told=told), 7, AT + 1)
    assert (found.key, found.offset, found.received_at, found.as_of, found.told) == ("alpha/m1", 7, AT + 1, AT, told)


@pytest.mark.parametrize(
    "changes",
    [
        {"site_id": "al/pha"},
        {"site_id": ""},
        {"site_id": "s" * 65},
        {"member_id": ""},
        {"member_id": 5},
        {"member_id": "m" * 2001},
        {"as_of": 0},
        {"as_of": float(AT)},
        {"as_of": 10**15},
        {"told": {}},
        {"told": []},
        {"told": {f"trait/t{n}": None for n in range(501)}},
        *(
            {"told": {name: value}}
            for name, value in [
                ("phone", "1"), ("name", 5), ("name", "x" * 201), ("name", ""), ("points", 1.5), ("points", True), ("points", 10**13),
                ("joined_at", "2020"), ("joined_at", -(10**15)), ("birthday", "13-01"), ("birthday", "1990-5-1"), ("kakao_friend", 1),
                ("consent/fax", None), ("consent/sms", True), ("consent/sms", {"granted": True, "at": AT}),
                ("trait/Size", "M"), ("trait/", "M"), ("trait/a", []), ("trait/a", {"at": "x"}), ("trait/a", ""),
                ("coupons", None), ("coupons", False), ("coupon/", {"name": "", "issued_at": 0, "expires_at": 0}), ("coupon/a", None),
                ("coupon/a", {"name": "", "issued_at": None, "expires_at": 0}), ("used/a", None), ("used/a", "x"),
                ("used/" + "x" * 129, AT),
            ]
        ),
    ],
)  # fmt: skip
def test_what_the_door_could_not_have_written_is_not(changes: dict[str, Any]) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        member_of(record(**changes), 1, 1)


# --- through partitions


def tell(shop: Shop, member_id: str, as_of: int, told: dict[str, Any], site: str = SITE) -> None:
    shop.now = max(shop.now, as_of)
    shop._append([Outgoing(member_key(site, member_id), member_line(site, member_id, as_of, as_of, told))])


def random_told(rng: np.random.Generator, number: int) -> dict[str, Any]:
    one = rng.integers(6)
    if one == 0:
        return {"name": f"name {number}", "points": int(rng.integers(100))}
    if one == 1:
        return {"grade": None if rng.random() < 0.3 else f"g{rng.integers(3)}", "trait/height": float(number)}
    if one == 2:
        return {
            "coupons": True,
            **{f"coupon/{c}": coupon(number) for c in rng.choice(["a", "b", "c"], 2, replace=False)},
        }
    if one == 3:
        return {f"coupon/{rng.choice(['a', 'd'])}": coupon(number)}
    if one == 4:
        return {f"used/{rng.choice(['a', 'd'])}": AT + number}
    return {"consent/sms": {"granted": bool(rng.random() < 0.5), "at": AT, "source": ""}, "birthday": "05-17"}


def coupon(number: int) -> dict[str, Any]:
    return {"name": f"coupon {number}", "issued_at": AT, "expires_at": AT + number}


def check(shop: Shop, world: list[dict[str, Any]], told: dict[str, list[Told]]) -> None:
    """The rows of people are what their events and data make."""
    rows = {(key[0], key[3]): row for key, row in shop.state()["visitors"].items() if key[3]}
    model = people_rows(world, currencies=CURRENCIES)
    assert rows.keys() == model.keys() | {(SITE, member) for member in told}
    wanted = {key: member_columns(told.get(key[1], []) if key[0] == SITE else []) for key in rows}
    mine = {key: {name: row[name] for name in NOTHING_TOLD} for key, row in rows.items()}
    assert not (found := differences(mine, wanted, set())), "\n".join(found)
    for key, row in rows.items():
        assert row["login_at"] == model.get(key, {"login_at": 0})["login_at"]
        assert row["visits"] == model.get(key, {"visits": 0})["visits"]


def played(shop: Shop, seed: int, size: int = 120) -> tuple[list[dict[str, Any]], dict[str, list[Told]]]:
    """Events and members' data mixed, with crashes; what was sent."""
    rng = np.random.default_rng(seed)
    world = random_world(rng, size, sites=(SITE,), visitors=6, items=3, transactions=6, days=[0, 1, 9])
    told: dict[str, list[Told]] = {}
    for number, event in enumerate(arrivals(world, rng)):
        if rng.random() < 0.4:
            member, as_of = f"m{rng.integers(4)}", AT + int(rng.integers(60_000))
            said = random_told(rng, number)
            for _ in range(1 + (rng.random() < 0.2)):  # also twice
                tell(shop, member, as_of, said)
            told.setdefault(member, []).append((as_of, said))
        shop.play([event], rng)
    shop.drain()
    return world, told


@pytest.mark.parametrize("seed", range(2))
def test_rows_and_rebuilds_are_what_was_told_whatever_crashes(clickhouse_url, database, seed):
    shop = Shop(clickhouse_url, database, DenseLog(3))
    world, told = played(shop, seed)
    check(shop, world, told)
    before, targets = shop.state(), commits_of(shop.store)
    assert any(key[3] and row["profile"] for key, row in before["visitors"].items())
    for build in (from_log, from_events):
        build(shop.log, shop.store, targets, Quiet(), PACE)
        assert compare(shop.store, targets).equal
    swap(shop.store, targets)
    assert not differences(shop.state()["visitors"], before["visitors"])
    shop.start()
    tell(shop, "m0", AT + 70_000, {"name": "after"})
    told.setdefault("m0", []).append((AT + 70_000, {"name": "after"}))
    shop.drain()
    check(shop, world, told)


def test_a_member_who_never_came_has_a_row_and_is_found_again_when_he_was_forgotten(clickhouse_url, database):
    shop = Shop(clickhouse_url, database, DenseLog(2))
    tell(shop, "m1", AT, {"name": "A", "points": 5})
    shop.drain()
    for partition in shop.partitions:
        partition.people.evict(AT + 9 * DAY, AT + 9 * DAY)
        assert len(partition.people) == 0
    tell(shop, "m1", AT + 1, {"points": 6})
    shop.drain()
    row = shop.state()["visitors"][SITE, "", 0, "m1"]
    assert (row["member_name"], row["member_points"], row["visits"], row["last_seen"]) == ("A", 6, 0, 0)
    shop.start()
    assert all(len(partition.people) == 0 for partition in shop.partitions)
    tell(shop, "m1", AT + 2, {"grade": "VIP"})
    shop.drain()
    row = shop.state()["visitors"][SITE, "", 0, "m1"]
    assert (row["member_name"], row["member_points"], row["member_grade"]) == ("A", 6, "VIP")


def test_an_erased_member_is_forgotten_and_stays_so_when_the_log_is_read_again(clickhouse_url, database):
    shop = Shop(clickhouse_url, database, DenseLog(1))
    tell(shop, "m1", AT, {"name": "A", "points": 5})
    shop._append(records(SITE, "m1", [], {}, "mark"))
    shop.step(0, 1 << 20)
    shop.flush(0, upto=2)  # the row, but no commit
    shop.crash(0)
    shop.drain()
    assert shop.state()["visitors"] == {}
    tell(shop, "m1", AT + 1, {"grade": "VIP"})
    shop.drain()
    row = shop.state()["visitors"][SITE, "", 0, "m1"]
    assert (row["member_name"], row["member_points"], row["member_grade"]) == ("", None, "VIP")


def test_an_unreadable_record_is_with_the_rejected_ones(clickhouse_url, database):
    shop = Shop(clickhouse_url, database, DenseLog(1))
    line = orjson.dumps({"kind": "member", "site_id": SITE, "received_at": AT, "payload": record(told={"phone": 5})})
    shop._append([Outgoing(f"{SITE}/m1", line)])
    shop.drain()
    assert shop.state()["visitors"] == {}
    assert [row["reason"] for row in shop.rows("rejected_events", "log_offset").values()] == ["unreadable_record"]


def test_people_whose_data_is_on_its_way_are_known(clickhouse_url, database):
    shop = Shop(clickhouse_url, database, DenseLog(1))
    tell(shop, "m1", AT, {"name": "A"})
    shop.drain()
    targets = commits_of(shop.store)
    tell(shop, "m2", AT, {"name": "B"})
    assert waiting_people(shop.log, targets) == {(SITE, "m2")}
    from_events(shop.log, shop.store, targets, Quiet(), Pace())
    assert compare(shop.store, targets).equal
