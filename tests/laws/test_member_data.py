"""Members' data: a profile is a function of the set of what was told; engine, model and definition agree."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from clickhouse_connect.driver.client import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.visitors.people import People
from flows.visitors.profiles import NOTHING, MemberRecord, after, registers
from tests.laws import tables
from tests.laws.machine import plain
from tests.laws.members import NOTHING_TOLD, Row, Told, member_columns

AT = 1_767_225_600_000
KEY = "alpha/m1"

MOMENTS = st.integers(AT, AT + 5)
TEXTS = st.sampled_from(["a", "b", 'x"y\\', "한글", "é/1"])
COUPON_IDS = st.sampled_from(["1", "a/b", "쿠폰"])
COUPON = st.fixed_dictionaries(
    {"name": TEXTS | st.just(""), "issued_at": st.sampled_from([0, AT]), "expires_at": st.sampled_from([0, AT + 9])}
)
CONSENT = st.fixed_dictionaries({"granted": st.booleans(), "at": MOMENTS, "source": TEXTS | st.just("")})
ABSENT = st.none()
PLAIN = {
    "name": ABSENT | TEXTS,
    "grade": ABSENT | TEXTS,
    "points": ABSENT | st.integers(-9, 9),
    "joined_at": ABSENT | st.integers(-5, 5).map(lambda days: days * 86_400_000 + 1),
    "birthday": ABSENT | st.sampled_from(["1990-05-17", "02-29", "12-31", "2000-01-01"]),
    "kakao_friend": ABSENT | st.booleans(),
    "consent/sms": ABSENT | CONSENT,
    "consent/night": ABSENT | CONSENT,
    "trait/size": ABSENT | TEXTS,
    "trait/height": ABSENT | st.sampled_from([0.0, -1.5, 1e10, 172.25]),
    "trait/vip": ABSENT | st.booleans(),
    "trait/since": ABSENT | st.builds(lambda at: {"at": at}, MOMENTS),
    "used/1": MOMENTS,
    "coupon/1": COUPON,
    "coupon/쿠폰": COUPON,
}


@st.composite
def lists(draw: Any) -> Row:
    """All coupons, told at once."""
    coupons = draw(st.dictionaries(COUPON_IDS, COUPON, max_size=3))
    used = draw(st.dictionaries(st.sampled_from(sorted(coupons)), MOMENTS)) if coupons else {}
    named = {f"coupon/{one}": coupon for one, coupon in coupons.items()}
    return {"coupons": True, **named, **{f"used/{one}": at for one, at in used.items()}}


SINGLE = st.fixed_dictionaries({}, optional=PLAIN).filter(bool)
RECORDS = st.lists(st.tuples(MOMENTS, SINGLE | lists()), min_size=1, max_size=12)


def restored(people: People) -> People:
    """The people of the member's row, read back as from the store."""
    rows = pa.Table.from_pylist(people.rows([KEY], 0).to_pylist(), people.rows([KEY], 0).schema)
    again = People()
    again.load(rows, AT)
    return again


@settings(max_examples=150, deadline=None)
@given(records=RECORDS, seed=st.integers(0, 2**32 - 1))
def test_any_order_and_repeats_and_restarts_give_the_row_of_the_set(records: list[Told], seed: int) -> None:
    rng = np.random.default_rng(seed)
    repeated = [records[i] for i in rng.integers(len(records), size=len(records) // 2)]
    arrived = [(records + repeated)[i] for i in rng.permutation(len(records) + len(repeated))]
    people = People()
    for offset, (as_of, told) in enumerate(arrived, start=1):
        people.apply([MemberRecord(KEY, offset, AT, as_of, told)], AT)
        if rng.random() < 0.3:
            people = restored(people)
            again = int(rng.integers(1, offset + 1))  # records are read again from an earlier offset
            for place in range(again, offset + 1):
                people.apply([MemberRecord(KEY, place, AT, *arrived[place - 1])], AT)
    row = plain(people.rows([KEY], 0).to_pylist()[0])
    wanted = member_columns(records)
    assert {name: row[name] for name in NOTHING_TOLD} == wanted


@settings(max_examples=60, deadline=None)
@given(records=RECORDS)
def test_the_same_set_gives_the_same_bytes(records: list[Told]) -> None:
    one = other = NOTHING
    for as_of, told in records:
        one = after(one, as_of, told)
    for as_of, told in reversed(records):
        other = after(other, as_of, dict(reversed(told.items())))
    assert one == other
    for as_of, told in records:
        assert after(one, as_of, told) is one
    lists = registers(one).get("coupons", [0])[0]
    assert all(at >= lists for name, (at, _) in registers(one).items() if name.startswith(("coupon/", "used/")))


@pytest.fixture
def client(clickhouse_url: str, database: str) -> Iterator[Client]:
    with tables.migrated(clickhouse_url, database) as client:
        tables.set_currencies(client, {"alpha": "KRW"})
        yield client


def insert(client: Client, written: list[tuple[str, str, Told]]) -> None:
    """Rows of `member_data`: site, member and what was told."""
    rows = [
        {
            "site_id": site,
            "member_id": member,
            "log_offset": offset,
            "as_of": as_of / 1000,
            "told": json.dumps(told, ensure_ascii=False, sort_keys=True),
        }
        for offset, (site, member, (as_of, told)) in enumerate(written, start=1)
    ]
    client.raw_insert("member_data", insert_block="\n".join(map(json.dumps, rows)), fmt="JSONEachRow")


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(members=st.lists(RECORDS, min_size=1, max_size=12), others=RECORDS)
def test_the_definition_over_the_raw_records_gives_the_same(
    client: Client, members: list[list[Told]], others: list[Told]
) -> None:
    client.command("TRUNCATE TABLE member_data")
    written = [("alpha", f"m{i}", record) for i, records in enumerate(members) for record in records]
    written += [("beta", "m0", record) for record in others]
    insert(client, [*written, *written[:3]])
    rows = tables.people_rows(client, "alpha")
    assert {member for _, member in rows} == {f"m{i}" for i in range(len(members))}
    for i, records in enumerate(members):
        row = rows["alpha", f"m{i}"]
        assert {name: row[name] for name in NOTHING_TOLD} == member_columns(records)
        assert (row["visits"], row["last_seen"], row["gone"], row["visit_end"]) == (0, 0, False, [])


def write(client: Client, site: str, member: str, records: list[Told]) -> None:
    """Rows of `member_data`."""
    insert(client, [(site, member, record) for record in records])


def test_of_very_many_coupons_the_newest_are_kept_whatever_the_order(client: Client) -> None:
    rng = np.random.default_rng(7)
    last = {"name": "x", "issued_at": 0, "expires_at": 0}
    records: list[Told] = [
        (AT + int(rng.integers(50)), {f"coupon/{n}": last, **({f"used/{n}": AT} if n % 3 else {})}) for n in range(900)
    ]
    wanted = member_columns(records)
    assert 500 < len(wanted["coupon_id"]) < 900
    profiles = set()
    for _ in range(3):
        people, arrived = People(), [records[i] for i in rng.permutation(len(records))]
        people.apply([MemberRecord(KEY, offset, AT, *one) for offset, one in enumerate(arrived + arrived, start=1)], AT)
        row = plain(people.rows([KEY], 0).to_pylist()[0])
        assert {name: row[name] for name in NOTHING_TOLD} == wanted
        assert row["version"] <= len(records)  # repeats change nothing
        profiles.add(row["profile"])
    assert len(profiles) == 1
    write(client, "alpha", "m1", records)
    row = tables.people_rows(client, "alpha")["alpha", "m1"]
    assert {name: row[name] for name in NOTHING_TOLD} == wanted


PLANTED = {
    "the first word counts": ("max((as_of, register.2)) AS latest", "min((as_of, register.2)) AS latest"),
    "the last of one moment is any": ("max((as_of, register.2)) AS latest", "max((as_of, '')) AS latest"),
    "null is a value like others": ("one -> one.2 != 'null'", "one -> true"),
    "a list takes nothing away": ("one -> one.3 >= coupons_as_of", "one -> true"),
    "a list takes itself away": ("one -> one.3 >= coupons_as_of", "one -> one.3 > coupons_as_of"),
    "another site's data counts": ("FROM member_data FINAL WHERE site_id = {site_id:String}", "FROM member_data FINAL"),
    "who never came is nobody": ("UNION DISTINCT SELECT member_id FROM told_of", ""),
    "a used coupon has to be known": ("name -> match(name, '^(coupon|used)/'), mapKeys", "name -> match(name, '^(coupon)/'), mapKeys"),
    "a birthday is a day of its year": ("concat('2000-', right(member_birthday, 5))", "concat('2001-', right(member_birthday, 5))"),
}  # fmt: skip


def test_planted_bugs_are_found(client: Client) -> None:
    unused = {"name": "", "issued_at": 0, "expires_at": 0}
    told: list[Told] = [
        (AT, {"name": "a", "points": 4, "birthday": "03-01", "coupons": True, "coupon/1": unused}),
        (AT + 1, {"name": "b", "points": None, "used/2": AT}),
        (AT + 1, {"name": "c", "coupon/3": unused}),
        (AT - 1, {"coupon/0": unused}),
    ]
    write(client, "alpha", "m1", told)
    write(client, "beta", "m2", [(AT, {"name": "z"})])

    def differs(sql: str) -> bool:
        rows = tables.people_rows(client, "alpha", sql)
        return rows.keys() != {("alpha", "m1")} or any(
            rows["alpha", "m1"][name] != value for name, value in member_columns(told).items()
        )

    assert not differs(tables.PEOPLE)
    missed = []
    for bug, (right, wrong) in PLANTED.items():
        assert tables.PEOPLE.count(right) == 1, f"{bug}: no longer fits the definition"
        if not differs(tables.PEOPLE.replace(right, wrong)):
            missed.append(bug)
    assert not missed
