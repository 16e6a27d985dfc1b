"""Which lines of the log are a person's, and what stands in their place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from api.erasure_claim import Claim, Erased, stints_of, without_id
from api.erasure_lines import replacement
from flows.erasure import OPEN, Range, records

CLAIM = Claim(
    "s",
    "anna",
    mark="era_1",
    stints=[Range("own", 0, OPEN), Range("both", 100, 200), Range("both", 300, OPEN)],
    shared=["both"],
    seen=[1_000],
    sent=[3_000],
    upto={"own": 2_000, "both": 2_000},
    upto_person=2_000,
    erased=[
        Erased("own", 0, OPEN, 1_500, 1),
        Erased("own", 50, OPEN, 2_000, 2),
        Erased("both", 100, 200, 2_000, 1),
        Erased("both", 310, OPEN, 2_000, 1),
    ],
    copies={"t": [("own", "e1"), ("both", "e2")], "w": [("both", "e4")]},
    kept=[("w", "both")],
)


def placed(told: Any, offset: int = 500) -> Any:
    """What stands in the place of a line: None if it stays, {} if nothing."""
    line = told if isinstance(told, bytes) else json.dumps(told, ensure_ascii=False).encode()
    new = replacement(line, 0, offset, CLAIM)
    if new is None:
        return None
    assert len(new) == len(line)
    return {name: value for name, value in json.loads(new).items() if name != "kind"}


def event(visitor_id: str, at: int, **more: Any) -> dict[str, Any]:
    return {"site_id": "s", "visitor_id": visitor_id, "event_id": "e", "name": "search", "occurred_at": at, **more}


def internal(kind: str, payload: Any, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "site_id": "s", "payload": json.dumps(payload, ensure_ascii=False), **more}


def rejected(text: str, at: int = 0) -> dict[str, Any]:
    return internal("rejected", {"reason": "too_late", "detail": "", "event": text}, received_at=at)


@pytest.mark.parametrize(
    ("visitor_id", "at", "offset", "goes"),
    [
        ("own", 0, 500, True),
        ("own", 4_000, 1_501, True),
        ("own", 40, 1_501, False),  # came after the first record, and was nobody's
        ("own", 4_000, 2_001, False),  # after the last record
        ("both", 99, 500, False),
        ("both", 100, 500, True),
        ("both", 199, 500, True),
        ("both", 200, 500, False),
        ("both", 305, 500, False),  # somebody else's after all, by a login that came late
        ("both", 310, 500, True),
        ("other", 0, 500, False),
    ],
)
def test_an_event_goes_if_visitor_time_and_place_are_the_persons(
    visitor_id: str, at: int, offset: int, goes: bool
) -> None:
    assert placed(event(visitor_id, at), offset) == ({} if goes else None)


def test_an_event_of_somebody_else_that_names_the_member_loses_the_name() -> None:
    told = event("both", 250, member_id="anna", name="logout", url="https://x.example/ü")
    assert placed(told) == {name: value for name, value in told.items() if name != "member_id"}
    assert placed(told, 1_001) is None  # a login after it was asked for
    assert placed(event("other", 0, member_id="bert")) is None


@pytest.mark.parametrize("site", ["other", "", None])
def test_another_sites_lines_stay(site: Any) -> None:
    assert placed({**event("own", 0), "site_id": site}) is None
    assert placed({**internal("part", {"member_id": "anna"}), "site_id": site}) is None


@pytest.mark.parametrize(
    ("told", "goes"),
    [
        (internal("part", {"member_id": "anna", "visitor_id": "both", "row": {}}), True),
        (internal("part", {"member_id": "bert", "visitor_id": "both", "row": {}}), False),
        (internal("part", {"member_id": "bert", "visitor_id": "anna", "row": {}}), False),
        (internal("order_fact", {"visitor_id": "own", "event_id": "e1", "transaction_id": "t"}), True),
        (internal("order_fact", {"visitor_id": "own", "event_id": "e3", "transaction_id": "t"}), False),
        (internal("order_fact", {"visitor_id": "own", "event_id": "e1", "transaction_id": "u"}), False),
        (internal("order", {"visitor_id": "own", "order": {"transaction_id": "t"}}), True),
        (internal("order", {"visitor_id": "both", "order": {"transaction_id": "t"}}), True),
        (internal("order", {"visitor_id": "other", "order": {"transaction_id": "t"}}), False),
        (internal("order", {"visitor_id": "own", "order": {"transaction_id": "u"}}), False),
        (internal("order", {"visitor_id": "both", "order": {"transaction_id": "w"}}), False),
        (internal("order", ["own"]), True),
        (internal("strange", {"of": "anna"}), True),
        (internal("strange", {"of": "bert"}), False),
        ({**internal("order", {}), "payload": '{"visitor_id": "own"'}, True),
        ({**internal("order", {}), "payload": 7}, False),
        (rejected('{"member_id": "anna"}'), True),
        (rejected('{"visitor_id": "own", broken'), True),
        (rejected("https://x.example/?member=anna&x"), True),
        (rejected('{"visitor_id": "owner"}'), False),
        (rejected('{"visitor_id": "both"}', 150), True),
        (rejected('{"visitor_id": "both"}', 250), False),
    ],
)
def test_records_between_shards_and_rejections_go_if_they_name_the_person(told: dict[str, Any], goes: bool) -> None:
    assert placed(told) == ({} if goes else None)


def test_a_part_after_the_last_record_about_the_member_stays() -> None:
    told = internal("part", {"member_id": "anna", "visitor_id": "new", "row": {}})
    assert [placed(told, offset) for offset in (2_000, 2_001)] == [{}, None]


def test_the_records_that_erase_go_themselves_and_those_of_another_erasure_stay() -> None:
    told = [records("s", "anna", CLAIM.stints, CLAIM.copies, f"{receipt}-x") for receipt in ("era_1", "era_10")]
    assert [[placed(record.line) for record in out] for out in told] == [[{}] * 6, [None] * 6]


@pytest.mark.parametrize(
    ("line", "goes"),
    [
        (b"anna", True),
        (b'{"visitor_id": "own"', True),
        (b'["own"]', True),
        (b"\xff anna \xff", True),
        (b"annabel", False),
        (b"[]", False),
        (b'{"site_id": "s", "visitor_id": "own"}', True),
        (b'{"site_id": "s", "visitor_id": 7, "x": "anna"}', True),
        (b'{"site_id": "s"}', False),
    ],
)
def test_lines_that_are_no_records_go_if_they_name_the_person(line: bytes, goes: bool) -> None:
    new = replacement(line, 0, 500, CLAIM)
    assert (new is not None) == goes
    assert new is None or (len(new) == len(line) and b"anna" not in new and b"own" not in new)


ODD = ['a"b', "a\\b", "회원 7", "a/b", "{", "é"]


@pytest.mark.parametrize("name", ODD)
def test_an_id_is_found_however_it_is_written(name: str) -> None:
    claim = Claim("s", name)
    once = json.dumps({"member_id": name})
    texts = [
        name,
        once,
        json.dumps({"member_id": name}, ensure_ascii=False),
        json.dumps(once),
        once.replace("/", "\\/"),
    ]
    assert [claim.is_told(text, 0) for text in texts] == [True] * len(texts)
    assert all(any(needle in text for needle in claim.needles) for text in texts)
    assert not claim.is_told("nobody", 0)


def row(visitor_id: str, begin: int, member_id: str = "", ended_at: int = 0) -> dict[str, Any]:
    return {"visitor_id": visitor_id, "begin": begin, "member_id": member_id, "ended_at": ended_at}


def test_a_stint_ends_where_the_next_begins_or_at_its_logout() -> None:
    rows = [row("v", 0, "anna"), row("v", 100, "bert"), row("v", 200, "anna", 251), row("w", 50, "anna"), row("x", 7)]
    assert stints_of(rows, "anna") == [Range("v", 0, 100), Range("v", 200, 251), Range("w", 50, OPEN)]
    assert stints_of(rows, "") == [Range("x", 7, OPEN)]


def test_a_segment_loses_the_id_and_nothing_else() -> None:
    asked = {"not": {"field": "member_id", "op": "in", "value": ["anna", "bert"]}}
    assert without_id(asked, CLAIM) == {"not": {"field": "member_id", "op": "in", "value": ["bert"]}}
    for field, value in (
        ("person_id", "member:anna"),
        ("person_id", "visitor:own"),
        ("visitor_id", "own"),
        ("member_id", "anna"),
    ):
        assert without_id({"field": field, "op": "=", "value": value}, CLAIM)["value"] == "(erased)"
    others = [
        ("utm_campaign", "anna"),
        ("member_id", "own"),
        ("visitor_id", "anna"),
        ("visitor_id", "both"),
        ("visits", 1),
    ]
    for field, value in others:
        expression = {"all": [{"field": field, "op": "=", "value": value}]}
        assert without_id(expression, CLAIM) is expression


def test_a_member_called_as_somebody_elses_visitor_is_not_taken_for_it() -> None:
    claim = Claim(
        "s", "v0", stints=[Range("v1", 0, OPEN)], seen=[1_000], erased=[Erased("v1", 0, OPEN, 900, 1)], upto_person=900
    )
    order = {"visitor_id": "v0", "order": {"transaction_id": "t"}}
    for told in (event("v0", 7), internal("order", order), internal("part", {"member_id": "v1", "visitor_id": "v0"})):
        assert replacement(json.dumps(told).encode(), 0, 500, claim) is None


def tie(at: int, member_id: str, event_id: str = "e", name: str = "identify") -> dict[str, Any]:
    return {"at": at, "member_id": member_id, "event_id": event_id, "name": name, "bot": False}


def test_what_a_record_erased_is_told_by_all_events_up_to_it() -> None:
    claim = Claim("s", "anna", stints=[Range("v", 0, OPEN)], upto={"v": 70})
    ties = [tie(50, "anna"), tie(100, "bert"), tie(200, "anna"), tie(300, "anna", name="logout"), tie(20, "carl")]
    claim.add_erased("v", ties, 3)
    assert claim.erased == [Erased("v", 50, 100, 70, 3), Erased("v", 200, 301, 70, 3)]
    claim = Claim("s", "anna", stints=[Range("v", 0, 60)], upto={"v": 70})
    claim.add_erased("v", ties, 1)
    assert claim.erased == [Erased("v", 50, 100, 70, 1)]
    nobody = Claim("s", "", stints=[Range("v", 301, OPEN)], upto={"v": 70})
    nobody.add_erased("v", ties, 1)
    assert nobody.erased == []  # nothing was done in it
    nobody.add_erased("v", [*ties, tie(302, "", name="search"), tie(40, "anna") | {"bot": True}], 1)
    assert nobody.erased == [Erased("v", 301, OPEN, 70, 1)]
    alone = Claim("s", "", stints=[Range("v", 0, OPEN)], upto={"v": 70})
    alone.add_erased("v", [tie(7, "", name="search")], 1)
    assert alone.erased == [Erased("v", 0, OPEN, 70, 1)]
