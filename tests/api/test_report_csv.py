"""The report as CSV: the figures of the JSON, in a shape that spreadsheets and scripts read, and never a formula."""

from __future__ import annotations

import csv
import io
from typing import Any

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from api import csv_text
from api.csv_text import BOM, cell, document, harmless
from api.pages.texts import text
from api.report_csv import HEADINGS
from api.reports import MEASURES
from tests.api.conftest import MINUTE, NOW, Shop, World
from tests.api.test_golden_reports import visitors
from tests.api.visitors import Order, Visit, Visitor, insert_rows, insert_visitors

FREQUENT = {"field": "visits", "op": ">=", "value": 10}
COMPUTED = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    " =1",
    "\u3000=1",
    '"=1',
    "' =1",
    "\uff1d1",
    "\uff0b1",
    "\uff0d1",
    "\uff20a",
    "\u22121",
    "\u201c=1",
]


def asked(world: World, shop: Shop, body: dict[str, Any], query: str = "", **headers: str) -> httpx.Response:
    answer = world.client.post(f"/v1/reports/live.csv{query}", json=body, headers={**shop.reads, **headers})
    assert answer.status_code == 200, answer.text
    return answer


def read(answer: httpx.Response) -> list[dict[str, str]]:
    told = answer.content.decode("utf-8")
    assert told.startswith(BOM)
    lines = list(csv.reader(io.StringIO(told.removeprefix(BOM), newline=""), strict=True))
    assert {len(line) for line in lines} == {len(HEADINGS)}
    return [dict(zip(HEADINGS, line, strict=True)) for line in lines[1:]]


def frequent(world: World, shop: Shop) -> None:
    some = visitors("f", 170, 500, 30, 0, {"visits": 10})
    rest = visitors("r", 947 - 170, 1000, 45, 0, {"visits": 9})
    insert_visitors(world.store, shop.site_id, [*some, *rest])


def test_every_figure_of_the_json_stands_in_it_unrounded(world: World, shop: Shop) -> None:
    frequent(world, shop)
    body = {"segment": FREQUENT, "compare": "others"}
    told = world.client.post("/v1/reports/live", json=body, headers=shop.reads).json()
    lines = read(asked(world, shop, body))
    measures = {line["measure"]: line for line in lines if line["part"] == "지표"}
    assert list(measures) == list(MEASURES)
    for name, line in measures.items():
        for column in ("segment", "site", "others", "share", "diff_pct", "diff_pp"):
            figure = told[column].get(name)
            assert line[column] == ("" if figure is None else repr(figure)), (name, column)
    rate = measures["purchase_rate"]
    assert float(rate["segment"]) == 30 / 170
    assert float(rate["site"]) == 75 / 947
    assert (float(measures["orders"]["share"]), rate["share"], measures["orders"]["diff_pp"]) == (0.4, "", "")
    (bought,) = [line for line in lines if line["part"] == "많이 산 상품"]
    assert (bought["rank"], bought["item_id"], bought["units"], bought["orders"]) == ("1", "i", "30", "30")
    assert {line["sentence"] for line in lines} == {told["asked"]["sentence"]["ko"]}
    assert {(line["window"], line["compare"], line["segment_id"]) for line in lines} == {("24h", "others", "")}


def test_the_headings_are_in_the_language_that_is_asked_for(world: World, shop: Shop) -> None:
    def heading(answer: httpx.Response) -> str:
        return answer.text.removeprefix(BOM).split("\r\n")[0]

    korean, english = ",".join(HEADINGS.values()), ",".join(HEADINGS)
    assert heading(asked(world, shop, {})) == korean
    answer = asked(world, shop, {}, **{"Accept-Language": "en-US,en;q=0.9"})
    assert (heading(answer), answer.headers["content-language"]) == (english, "en")
    assert heading(asked(world, shop, {}, "?language=ko", **{"Accept-Language": "en"})) == korean
    lines = read(asked(world, shop, {}, "?language=en"))
    assert (lines[0]["part"], lines[0]["name"]) == ("measures", text("en", "report.measure.visitors"))
    answer = world.client.post("/v1/reports/live.csv?language=fr", json={}, headers=shop.reads)
    assert [error["place"] for error in answer.json()["errors"]] == ["?language"]


def test_it_is_a_file_that_says_what_it_is(world: World, shop: Shop) -> None:
    body = {"name": "VIP", "expression": FREQUENT}
    segment_id = world.client.post("/v1/segments", json=body, headers=shop.reads).json()["id"]
    for segment, name in ((None, "everyone"), (FREQUENT, "expression"), ({"id": segment_id}, segment_id)):
        answer = asked(world, shop, {"segment": segment, "window": "7d"})
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert (answer.headers["cache-control"], answer.headers["x-content-type-options"]) == ("no-store", "nosniff")
        disposition = answer.headers["content-disposition"]
        assert disposition.startswith(f'attachment; filename="sonnim-report-{shop.site_id}-{name}-7d-20')
        assert disposition.endswith('.csv"')
    assert {line["segment_name"] for line in read(answer)} == {"VIP"}


def test_what_is_null_is_empty_and_0_is_0(world: World, shop: Shop) -> None:
    insert_visitors(world.store, shop.site_id, [Visitor("v", [Visit(NOW - MINUTE, NOW, 3)])])
    lines = {line["measure"]: line for line in read(asked(world, shop, {"segment": FREQUENT}))}
    assert (lines["visits"]["segment"], lines["visits"]["site"], lines["visits"]["share"]) == ("0", "1", "0.0")
    assert (lines["orders"]["share"], lines["orders"]["diff_pct"]) == ("", "")
    assert (lines["average_order_value"]["site"], lines["purchase_rate"]["site"]) == ("", "0.0")
    now = {"segment": {"field": "viewing_item", "op": "is", "value": "shoes"}}
    lines = {line["measure"]: line for line in read(asked(world, shop, now))}
    assert {line["segment"] + line["share"] + line["diff_pct"] for line in lines.values()} == {""}
    assert {line["reason"] for line in lines.values()} == {"now_condition"}
    assert lines["visits"]["site"] == "1"


def test_money_says_what_it_is_in(world: World) -> None:
    for currency, unit in (("KRW", "KRW"), ("USD", "0.01 USD"), ("KWD", "0.001 KWD")):
        lines = {line["measure"]: line for line in read(asked(world, world.shop(currency), {}))}
        assert (lines["revenue"]["unit"], lines["average_order_value"]["unit"]) == (unit, unit)
        assert (lines["avg_stay_seconds"]["unit"], lines["purchase_rate"]["unit"], lines["orders"]["unit"]) == (
            "seconds",
            "0..1",
            "",
        )


@pytest.mark.parametrize(
    "evil",
    [*COMPUTED, "a;=1+1", "\t=1", "\r=1", "x\r\n=1", 'a","=1', "<script>alert(1)</script>", "\u202e=1", "가" * 2_000],
)
def test_names_and_ids_of_strangers_are_never_formulas(world: World, shop: Shop, evil: str) -> None:
    visit = Visit(NOW - MINUTE, NOW, 1, [Order("o", NOW, 100, [(evil, 2)])], [(evil, 3, 0)])
    insert_visitors(world.store, shop.site_id, [Visitor("v", [visit], [(evil, 1)])])
    product = {"site_id": shop.site_id, "item_id": evil, "item_name": evil, "seen_at": NOW}
    insert_rows(world.store, "products", [product])
    lines = read(asked(world, shop, {}))
    products = [line for line in lines if line["rank"]]
    assert [(line["units"], line["orders"]) for line in products] == [("2", "1"), ("3", "1"), ("1", "1")]
    assert {line[name] for line in products for name in ("name", "item_id")} == {harmless(evil)}
    assert len(lines) == len(MEASURES) + 3


def test_a_segment_may_be_called_anything(world: World, shop: Shop) -> None:
    body = {"name": '=HYPERLINK("//evil.example")', "expression": FREQUENT}
    segment_id = world.client.post("/v1/segments", json=body, headers=shop.reads).json()["id"]
    lines = read(asked(world, shop, {"segment": {"id": segment_id}}))
    assert {line["segment_name"] for line in lines} == {'\'=HYPERLINK("//evil.example")'}


@pytest.mark.parametrize("evil", COMPUTED)
def test_what_would_be_computed_gets_an_apostrophe(evil: str) -> None:
    assert harmless(evil) == f"'{evil}"


@pytest.mark.parametrize("good", ["a=b", "T-shirt", "3 + 4", "mail@shop.example", "", "10%", "셔츠 (-20%)", "a; b"])
def test_other_text_stays_as_it_is(good: str) -> None:
    assert harmless(good) == good


def test_control_characters_are_made_visible() -> None:
    assert harmless("a\tb\r\n\x00\x1b\u200b\u202e\u2028\U000e0041") == (
        "a\\u0009b\\u000d\\u000a\\u0000\\u001b\\u200b\\u202e\\u2028\\U000e0041"
    )
    assert harmless("\t=1") == "\\u0009=1"


def test_numbers_stay_numbers() -> None:
    told: list[tuple[csv_text.Cell, str]] = [
        (-5, "-5"), (-0.25, "-0.25"), (1e-7, "1e-07"), (10**18, "1" + "0" * 18), (None, ""), (True, "true"),
        (float("nan"), ""), (float("-inf"), ""), ("-5", "'-5"),
    ]  # fmt: skip
    assert [cell(value) for value, _ in told] == [written for _, written in told]


def test_a_row_of_another_length_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="3 cells under a header of 2"):
        list(document(["a", "b"], [[1, 2, 3]]))


@given(st.lists(st.tuples(st.text(), st.text(), st.integers() | st.none()), max_size=5))
@example([('"', ",", 1), (" a ", "\r\n", None), ("\u2028", "=\n", -1)])
def test_any_text_is_read_back_as_it_was_made_harmless(rows: list[tuple[str, str, int | None]]) -> None:
    told = "".join(document(["a", "b", "c"], rows))
    found = list(csv.reader(io.StringIO(told.removeprefix(BOM), newline=""), strict=True))
    assert found[1:] == [[harmless(one), harmless(other), "" if n is None else str(n)] for one, other, n in rows]
    for line in found[1:]:
        assert not any(
            text.lstrip(" \"'").startswith(("=", "+", "-", "@", "\t", "\r"))
            for text in line[:2]
            if not text.startswith("'")
        )
