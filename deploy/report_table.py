"""A Live Report as tables in the terminal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from deploy import figures
from deploy.figures import Language

_TOTALS: Final = ("visitors", "visits", "pageviews", "orders", "units", "revenue")
_RATES: Final = (
    "pageviews_per_visit",
    "avg_stay_seconds",
    "purchase_rate",
    "converting_visit_rate",
    "average_order_value",
)
_LISTS: Final = ("purchased", "carted", "in_cart")

_WORDS: Final[dict[str, dict[Language, str]]] = {
    "title": {"en": "Live Report", "ko": "라이브 리포트"},
    "24h": {"en": "last 24 hours", "ko": "최근 24시간"},
    "7d": {"en": "last 7 days", "ko": "최근 7일"},
    "segment": {"en": "segment", "ko": "세그먼트"},
    "site": {"en": "whole site", "ko": "사이트 전체"},
    "others": {"en": "everyone else", "ko": "나머지"},
    "share": {"en": "share", "ko": "비중"},
    "difference": {"en": "difference", "ko": "차이"},
    "visitors": {"en": "visitors", "ko": "방문자"},
    "visits": {"en": "visits", "ko": "방문"},
    "pageviews": {"en": "pageviews", "ko": "페이지뷰"},
    "orders": {"en": "orders", "ko": "주문"},
    "units": {"en": "units", "ko": "판매 수량"},
    "revenue": {"en": "revenue", "ko": "매출"},
    "pageviews_per_visit": {"en": "pageviews per visit", "ko": "방문당 페이지뷰"},
    "avg_stay_seconds": {"en": "average stay", "ko": "평균 체류시간"},
    "purchase_rate": {"en": "purchase rate", "ko": "구매율"},
    "converting_visit_rate": {"en": "converting visit rate", "ko": "구매 전환율"},
    "average_order_value": {"en": "average order value", "ko": "평균 주문 금액"},
    "purchased": {"en": "purchased", "ko": "구매 상품"},
    "carted": {"en": "put into the cart", "ko": "장바구니에 담은 상품"},
    "in_cart": {"en": "in carts now", "ko": "지금 장바구니 상품"},
    "as_of": {"en": "as of", "ko": "기준"},
    "never": {"en": "No event has been counted yet.", "ko": "아직 집계된 이벤트가 없습니다."},
    "stale": {
        "en": "The figures lag behind: `sonnim doctor` tells why.",
        "ko": "집계가 지연되고 있습니다. 원인은 `sonnim doctor`로 확인하세요.",
    },
    "now_condition": {
        "en": "A condition on this very moment has no population, so the segment has no figures.",
        "ko": "지금 이 순간의 상태를 보는 조건이라 세그먼트 수치를 집계할 수 없습니다.",
    },
}


def words(name: str, language: Language) -> str:
    """A label in a language."""
    return _WORDS[name][language]


def report_tables(report: dict[str, Any], language: Language) -> RenderableType:
    """The answer of `POST /v1/reports/live` for the terminal."""
    parts: list[RenderableType] = [_heading(report, language), _figures(report, language)]
    if report["top"] is not None:
        parts += [Text(""), _products(report["top"], language)]
    if report["reason"]:
        parts.append(Text(words(report["reason"], language), "yellow"))
    parts += [Text(""), *freshness(report, language)]
    return Group(*parts)


def freshness(answer: dict[str, Any], language: Language) -> list[RenderableType]:
    """Lines on how fresh an answer is."""
    if answer["as_of"] is None:
        return [Text(words("never", language), "yellow")]
    lines: list[RenderableType] = [Text(f"{words('as_of', language)} {answer['as_of']}", "dim")]
    if answer["stale"]:
        lines.append(Text(words("stale", language), "yellow"))
    return lines


def _heading(report: dict[str, Any], language: Language) -> Text:
    asked = report["asked"]
    name = f"{asked['name']}: " if asked["name"] else ""
    text = Text(f"{words('title', language)} · {words(report['window'], language)}\n", "bold")
    return text.append(f"{name}{asked['sentence'][language]}", "not bold")


def _figures(report: dict[str, Any], language: Language) -> Table:
    base = report["compare"]
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="bold")
    table.add_column("")
    for name in ("segment", base, "share", "difference"):
        table.add_column(words(name, language), justify="right")
    formats = _formats(report["currency"], language)
    segment, other = report["segment"] or {}, report[base] or {}
    share, percents, points = report["share"] or {}, report["diff_pct"] or {}, report["diff_pp"] or {}
    for name in (*_TOTALS, *_RATES):
        told = figures.percent(share.get(name)) if name in _TOTALS else ""
        apart = figures.difference(percents.get(name)) if name in _RATES else ""
        if points.get(name) is not None:
            apart += f" ({figures.points(points[name])})"
        shown = formats[name]
        table.add_row(words(name, language), shown(segment.get(name)), shown(other.get(name)), told, apart)
    return table


def _formats(currency: str, language: Language) -> dict[str, Callable[[figures.Number], str]]:
    def money(amount: figures.Number) -> str:
        return figures.money(amount, currency)

    return {
        **dict.fromkeys(_TOTALS, figures.count),
        "revenue": money,
        "average_order_value": money,
        "pageviews_per_visit": figures.decimal,
        "avg_stay_seconds": lambda seconds: figures.stay(seconds, language),
        "purchase_rate": figures.percent,
        "converting_visit_rate": figures.percent,
    }


def _products(top: dict[str, list[dict[str, Any]]], language: Language) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="bold")
    for name in _LISTS:
        table.add_column(f"Top 7 {words(name, language)}", max_width=34, overflow="ellipsis", no_wrap=True)
        table.add_column("", justify="right")
    for rank in range(max((len(top[name]) for name in _LISTS), default=0)):
        cells: list[str] = []
        for name in _LISTS:
            line = top[name][rank] if rank < len(top[name]) else None
            cells += [line["item_name"] or line["item_id"], figures.count(line["units"])] if line else ["", ""]
        table.add_row(*map(Text, cells))
    return table
