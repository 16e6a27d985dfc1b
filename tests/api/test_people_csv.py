"""All people of Live as CSV: everybody once, page by page, and no name is a formula."""

from __future__ import annotations

import csv
import io

import pytest

import api.routes.exports
from api.csv_text import BOM, in_parts
from api.people_csv import HEADINGS
from tests.api.conftest import MINUTE, NOW, Shop, World
from tests.api.visitors import Order, Visit, Visitor, insert_visitors, person


def people(world: World, shop: Shop, body: dict[str, object]) -> list[dict[str, str]]:
    answer = world.client.post("/v1/live/visitors.csv?language=en", json=body, headers=shop.reads)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    assert answer.headers["content-disposition"].startswith(f'attachment; filename="sonnim-people-{shop.site_id}-')
    told = answer.content.decode()
    assert told.startswith(f"{BOM}{','.join(HEADINGS)}\r\n")
    return list(csv.DictReader(io.StringIO(told.removeprefix(BOM), newline=""), strict=True))


def test_everybody_stands_there_once_however_many_pages_it_takes(
    world: World, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.routes.exports, "PAGE", 3)
    rows = [Visitor(f"v{n}", [Visit(NOW - MINUTE, NOW, 2)], columns={"visits": n}) for n in range(10)]
    insert_visitors(world.store, shop.site_id, [*rows, person("m", [Visit(NOW, NOW)], [("d", 0, NOW)])])
    found = people(world, shop, {})
    assert sorted(one["person_id"] for one in found) == sorted(["member:m", *(f"visitor:v{n}" for n in range(10))])
    some = people(world, shop, {"segment": {"field": "visits", "op": ">=", "value": 8}, "window": "7d"})
    assert {one["person_id"] for one in some} == {"visitor:v8", "visitor:v9"}
    assert [one["member_id"] for one in people(world, shop, {"q": "m"})] == ["m"]


def test_a_line_says_what_the_card_says(world: World, shop: Shop) -> None:
    visit = Visit(NOW - MINUTE, NOW, 4, [Order("o", NOW, 5_000, [("i", 2)])])
    insert_visitors(world.store, shop.site_id, [Visitor("v", [visit], [("i", 3)])])
    (card,) = world.client.get("/v1/live/visitors", headers=shop.reads).json()["visitors"]
    (line,) = people(world, shop, {})
    for name in ("visits", "pageviews", "stay_seconds", "orders", "units", "revenue", "average_order_value"):
        assert float(line[name]) == card[name], name
    assert (line["online"], line["last_seen"], line["cart_units"]) == ("true", card["last_seen"], "3")
    assert (line["member_id"], line["channel"], line["segments"]) == ("", "", "")


@pytest.mark.parametrize("evil", ["=1+1", "@x", "\t=1", "\uff1d1", "a\r\n=1"])
def test_an_id_is_never_a_formula(world: World, shop: Shop, evil: str) -> None:
    insert_visitors(world.store, shop.site_id, [Visitor(evil, [Visit(NOW, NOW)], columns={"page_title": evil})])
    (line,) = people(world, shop, {})
    assert line["visitor_id"].startswith(("'", "\\u0009", "a\\u000d\\u000a"))
    assert line["person_id"].startswith("visitor:")


def test_a_wrong_body_is_refused_before_anything_is_sent(world: World, shop: Shop) -> None:
    segment = {"field": "visits", "op": ">=", "value": "ten"}
    answer = world.client.post("/v1/live/visitors.csv", json={"segment": segment}, headers=shop.reads)
    assert (answer.status_code, answer.json()["errors"][0]["place"]) == (422, "/segment/value")
    assert world.client.post("/v1/live/visitors.csv", json={"limit": 1}, headers=shop.reads).status_code == 422
    assert world.client.post("/v1/live/visitors.csv", json={}, headers=shop.writes).status_code == 403


def test_lines_are_sent_in_parts_and_none_is_lost() -> None:
    lines = [f"{number:0>999}\r\n" for number in range(200)]
    parts = list(in_parts(lines))
    assert "".join(parts) == "".join(lines)
    assert 3 <= len(parts) <= 5
