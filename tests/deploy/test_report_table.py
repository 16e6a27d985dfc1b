from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from deploy.live_table import live_table
from deploy.report_table import report_tables

SENTENCE = {"ko": "방문수 10 이상", "en": "visits at least 10"}


def measures(**told: float) -> dict[str, Any]:
    names = ("visitors", "visits", "pageviews", "orders", "units", "revenue", "pageviews_per_visit")
    rates = ("avg_stay_seconds", "purchase_rate", "converting_visit_rate", "average_order_value")
    return {**dict.fromkeys((*names, *rates)), **told}


def report(**told: Any) -> dict[str, Any]:
    base = {
        "as_of": "2026-05-04T03:02:01.000Z",
        "age_seconds": 0.5,
        "stale": False,
        "window": "24h",
        "currency": "KRW",
        "compare": "site",
        "asked": {"id": None, "version": None, "name": None, "sentence": SENTENCE},
        "reason": None,
        "segment": measures(visits=170, orders=30, purchase_rate=30 / 170, revenue=1_234_500),
        "site": measures(visits=947, orders=75, purchase_rate=75 / 947, revenue=9_876_500),
        "others": None,
        "share": {"orders": 0.4},
        "diff_pct": {"purchase_rate": 122.8},
        "diff_pp": {"purchase_rate": 9.727},
        "top": {
            "purchased": [{"item_id": "p1", "item_name": "머그컵 [특가]", "units": 3, "orders": 2}],
            "carted": [],
            "in_cart": [],
        },
    }
    return {**base, **told}


def shown(renderable: Any) -> str:
    console = Console(record=True, width=160, file=io.StringIO())
    console.print(renderable)
    return console.export_text()


def test_segment_and_site_stand_side_by_side() -> None:
    text = shown(report_tables(report(), "en"))
    assert "visits at least 10" in text
    row = next(line for line in text.splitlines() if line.startswith("purchase rate"))
    assert row.split("  ")[0] == "purchase rate"
    assert [part.strip() for part in row.split("   ") if part.strip()][1:] == ["17.6 %", "7.9 %", "+122.8 % (+9.7 %p)"]
    assert "₩1,234,500" in text
    assert "40.0 %" in text


def test_labels_come_in_korean_too() -> None:
    text = shown(report_tables(report(), "ko"))
    assert all(word in text for word in ("라이브 리포트", "최근 24시간", "구매율", "방문수 10 이상", "비중"))


def test_names_of_products_are_taken_as_they_are() -> None:
    assert "머그컵 [특가]" in shown(report_tables(report(), "en"))


def test_a_segment_without_figures_says_why() -> None:
    told = report(reason="now_condition", segment=None, share=None, diff_pct=None, diff_pp=None, top=None)
    text = shown(report_tables(told, "en"))
    assert "no population" in text
    assert "947" in text


def test_old_figures_say_so() -> None:
    assert "lag behind" in shown(report_tables(report(stale=True), "en"))
    assert "No event has been counted yet." in shown(report_tables(report(as_of=None, stale=True), "en"))


def test_live_shows_a_card_a_line() -> None:
    card = {
        "person_id": "visitor:guest-1",
        "visitor_id": "guest-1",
        "online": True,
        "visits": 12,
        "visit": {"pageviews": 3},
        "page": {"url": "https://shop.example/", "title": "[Home]", "item": None},
        "recent_carted": [{"item_id": "p1", "item_name": "머그컵"}],
        "recent_purchased": [{"item_id": "p2", "item_name": None}],
        "revenue": 52_000,
        "currency": "KRW",
    }
    live = {
        "as_of": "2026-05-04T03:02:01.000Z",
        "stale": False,
        "segment": {"sentence": SENTENCE},
        "population": {"visitors": 1_234, "share": 0.25, "online": 5},
        "visitors": [card, {**card, "person_id": "member:m-7"}],
    }
    text = shown(live_table(live, "en"))
    assert "visitor:" not in text
    assert "member:m-7" in text
    assert "1,234 visitors (25.0 % of all), 5 online" in text
    assert all(word in text for word in ("guest-1", "[Home]", "머그컵", "p2", "₩52,000"))
