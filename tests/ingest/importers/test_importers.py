"""Files of every format, through the door."""

import gzip
import os
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest

from ingest.door import SiteRules, open_door
from ingest.importers import FORMATS, NotThisFormat, Unreadable, read, size

NOW = 1_763_800_000_000
SAMPLE = Path(__file__).parents[4] / "shared" / "data" / "otto_sessions.jsonl"


@pytest.fixture(scope="session")
def otto_sample() -> Path:
    """The dataset's own test resource; it lies beside the project, not in it."""
    if not SAMPLE.exists():
        if os.environ.get("CI"):
            pytest.fail(f"{SAMPLE} is needed")
        pytest.skip("OTTO's sample is not here")
    return SAMPLE


def through_the_door(format: str, path: Path, currency: str = "KRW") -> tuple[list[dict[str, Any]], list[Unreadable]]:
    items = list(read(format, path, currency=currency))
    raw = [item for item in items if not isinstance(item, Unreadable)]
    site = SiteRules("shop", currency)
    verdict = open_door(raw, site=site, received_at=NOW, server=True, history=True, max_items=None)
    assert verdict.rejected == []
    return [orjson.loads(accepted.line) for accepted in verdict.accepted], [
        item for item in items if isinstance(item, Unreadable)
    ]


def written(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n")
    return path


def test_ottos_sample_is_accounted_for_to_the_last_event(otto_sample: Path) -> None:
    records, unreadable = through_the_door("otto", otto_sample)
    assert unreadable == []
    assert Counter(record["name"] for record in records) == {"view_item": 800, "add_to_cart": 52, "purchase": 10}
    assert len({record["event_id"] for record in records}) == 862
    assert len({record["visitor_id"] for record in records}) == 20
    assert len({record["transaction_id"] for record in records if record["name"] == "purchase"}) == 10
    assert sum(record["pageview"] for record in records) == 800
    assert {item["quantity"] for record in records for item in record["items"]} == {1}
    source = [event for line in otto_sample.read_bytes().splitlines() for event in orjson.loads(line)["events"]]
    assert [record["occurred_at"] for record in records] == [event["ts"] for event in source]
    assert [record["items"][0]["item_id"] for record in records] == [str(event["aid"]) for event in source]


def test_otto_lines_that_are_no_sessions_are_unreadable_and_the_others_are_read(tmp_path: Path) -> None:
    path = written(
        tmp_path / "o.jsonl",
        '{"session":1,"events":[{"aid":5,"ts":1659304800025,"type":"clicks"},{"aid":5,"ts":1,"type":"stares"}]}',
        "[]",
        '{"session":2',
        '{"session":3,"events":[{"aid":6,"ts":1659304800026,"type":"orders"}]}',
    )
    records, unreadable = through_the_door("otto", path)
    assert [record["visitor_id"] for record in records] == ["otto-1", "otto-3"]
    assert [line.line_number for line in unreadable] == [1, 2, 3]


@pytest.mark.parametrize("array", [True, False])
def test_our_own_events_are_read_from_lines_and_from_an_array(tmp_path: Path, array: bool) -> None:
    events = [{"event_id": f"e{n}", "visitor_id": "v", "name": "page_view", "occurred_at": NOW - n} for n in range(3)]
    path = tmp_path / "events.json"
    path.write_bytes(orjson.dumps(events) if array else b"\n".join(map(orjson.dumps, events)))
    records, unreadable = through_the_door("sonnim", path)
    assert [record["event_id"] for record in records] == ["e0", "e1", "e2"]
    assert unreadable == []


def test_broken_lines_of_our_own_are_unreadable_with_their_number(tmp_path: Path) -> None:
    path = written(
        tmp_path / "e.jsonl", "", '{"event_id": NaN}', "5", '{"event_id":"e","visitor_id":"v","name":"search"}'
    )
    records, unreadable = through_the_door("sonnim", path)
    assert len(records) == 1
    assert [(line.line_number, line.text) for line in unreadable] == [(2, '{"event_id": NaN}'), (3, "5")]


def test_a_broken_array_is_not_this_format(tmp_path: Path) -> None:
    with pytest.raises(NotThisFormat):
        list(read("sonnim", written(tmp_path / "e.json", '[{"a":1},'), currency="KRW"))


def test_segments_calls_are_read_alone_and_in_batches(tmp_path: Path) -> None:
    call = '{"messageId":"m%d","anonymousId":"a","type":"track","event":"Product Viewed","timestamp":"2025-11-22T00:00:00Z"}'
    path = written(
        tmp_path / "s.jsonl", call % 1, '{"batch":[%s,{"type":"group"}]}' % (call % 2), '{"type":"?"}', "nonsense"
    )
    records, unreadable = through_the_door("segment", path)
    assert [record["event_id"] for record in records] == ["m1", "m2"]
    assert [line.line_number for line in unreadable] == [2, 3, 4]


REES46 = "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session"


def rees46_line(time: str, kind: str, product: str, price: str = "35.79", session: str = "s1", user: str = "u1") -> str:
    return f"2019-11-01 {time} UTC,{kind},{product},77,appliances.kitchen.kettle,tefal,{price},{user},{session}"


def test_rees46_lines_are_events_and_purchases_of_one_second_one_order(tmp_path: Path) -> None:
    path = tmp_path / "r.csv.gz"
    lines = [
        REES46,
        rees46_line("00:00:01", "view", "p1"),
        rees46_line("00:00:02", "cart", "p1"),
        rees46_line("00:00:03", "remove_from_cart", "p1"),
        rees46_line("00:00:04", "purchase", "p1"),
        rees46_line("00:00:04", "purchase", "p1"),
        rees46_line("00:00:04", "purchase", "p2", "0.5"),
        rees46_line("00:00:04", "purchase", "p2", session="s2", user="u2"),
        rees46_line("00:00:05", "purchase", "p3", ""),
    ]
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    records, unreadable = through_the_door("rees46", path, "USD")
    assert unreadable == []
    assert [record["name"] for record in records] == ["view_item", "add_to_cart", "remove_from_cart"] + ["purchase"] * 3
    assert records[0]["pageview"]
    assert records[0]["occurred_at"] == 1_572_566_401_000
    assert records[0]["items"] == [
        {
            "item_id": "p1",
            "price": 3_579,
            "quantity": 1,
            "brand": "tefal",
            "category": "appliances",
            "category2": "kitchen",
            "category3": "kettle",
        }
    ]
    first, second, third = records[3:]
    assert [(item["item_id"], item["quantity"]) for item in first["items"]] == [("p1", 2), ("p2", 1)]
    assert [record["visitor_id"] for record in (first, second, third)] == ["u1", "u2", "u1"]
    assert len({record["transaction_id"] for record in (first, second, third)}) == 3
    assert len({record["event_id"] for record in records}) == 6
    assert through_the_door("rees46", path, "USD")[0] == records


def test_rees46_prices_are_rounded_to_the_currency_of_the_site(tmp_path: Path) -> None:
    path = written(tmp_path / "r.csv", REES46, rees46_line("00:00:01", "view", "p1", "35.5"))
    assert through_the_door("rees46", path, "KRW")[0][0]["items"][0]["price"] == 36


@pytest.mark.parametrize(
    "line",
    [
        rees46_line("00:00:01", "stare", "p1"),
        rees46_line("25:00:01", "view", "p1"),
        rees46_line("00:00:01", "view", "p1", "cheap"),
        rees46_line("00:00:01", "view", "p1", "Infinity"),
        "too,few",
        '"',
    ],
)
def test_rees46_lines_that_make_no_sense_are_unreadable(tmp_path: Path, line: str) -> None:
    path = written(tmp_path / "r.csv", REES46, line, rees46_line("00:00:01", "view", "p1"))
    records, unreadable = through_the_door("rees46", path)
    assert len(records) == 1
    assert [entry.line_number for entry in unreadable] == [2]


def test_retailrockets_lines_come_in_order_of_time_and_a_transaction_is_one_order(tmp_path: Path) -> None:
    path = written(
        tmp_path / "events.csv",
        "timestamp,visitorid,event,itemid,transactionid",
        "1433221340000,7,transaction,11,900",
        "1433221332117,257597,view,355908,",
        "1433221330000,7,addtocart,10,",
        "1433221350000,8,transaction,12,901",
        "1433221339000,7,transaction,10,900",
        "1433221341000,7,transaction,10,900",
        "nonsense",
        "1433221341000,7,stare,10,",
        "1433221341000,7,transaction,10,",
        "x,7,view,10,",
    )
    records, unreadable = through_the_door("retailrocket", path)
    assert [(record["name"], record["visitor_id"], record["occurred_at"]) for record in records] == [
        ("add_to_cart", "7", 1_433_221_330_000),
        ("view_item", "257597", 1_433_221_332_117),
        ("purchase", "7", 1_433_221_339_000),
        ("purchase", "8", 1_433_221_350_000),
    ]
    assert records[2]["transaction_id"] == "900"
    assert {item["item_id"]: item["quantity"] for item in records[2]["items"]} == {"10": 2, "11": 1}
    assert [line.line_number for line in unreadable] == [8, 9, 10, 11]


@pytest.mark.parametrize("format", ["rees46", "retailrocket"])
def test_a_table_with_other_columns_is_not_this_format(tmp_path: Path, format: str) -> None:
    with pytest.raises(NotThisFormat):
        list(read(format, written(tmp_path / "t.csv", "a,b,c", "1,2,3"), currency="KRW"))


def test_an_unknown_format_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=", ".join(FORMATS)):
        read("excel", tmp_path, currency="KRW")


@pytest.mark.parametrize("format", FORMATS)
def test_an_empty_file_holds_nothing(tmp_path: Path, format: str) -> None:
    path = tmp_path / "empty"
    path.touch()
    assert list(read(format, path, currency="KRW")) == []


@pytest.mark.parametrize("packed", [True, False])
def test_progress_ends_at_the_size_of_the_file(tmp_path: Path, packed: bool) -> None:
    text = b'{"event_id":"e","visitor_id":"v","name":"search"}\n' * 5_000
    path = tmp_path / ("e.jsonl.gz" if packed else "e.jsonl")
    path.write_bytes(gzip.compress(text) if packed else text)
    seen: list[int] = []
    assert len(list(read("sonnim", path, currency="KRW", progress=seen.append))) == 5_000
    assert seen == sorted(seen)
    assert seen[-1] == size(path)
