"""Live as a table in the terminal: who is here, and who was."""

from __future__ import annotations

from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from deploy import figures
from deploy.figures import Language
from deploy.report_table import freshness

_COLUMNS: Final[dict[str, dict[Language, str]]] = {
    "visitor": {"en": "visitor", "ko": "방문자"},
    "visits": {"en": "visits", "ko": "방문"},
    "pageviews": {"en": "pages now", "ko": "이번 방문 페이지뷰"},
    "page": {"en": "page", "ko": "현재 페이지"},
    "carted": {"en": "recently put into the cart", "ko": "최근 장바구니"},
    "bought": {"en": "recently bought", "ko": "최근 구매"},
    "spend": {"en": "spend", "ko": "누적 구매 금액"},
}
_RIGHT: Final = frozenset({"visits", "pageviews", "spend"})
_SENTENCE: Final[dict[Language, str]] = {
    "en": "{visitors} visitors ({share} of all), {online} online",
    "ko": "방문자 {visitors}명 (전체의 {share}), 접속 중 {online}명",
}


def live_table(live: dict[str, Any], language: Language) -> RenderableType:
    """The answer of `/v1/live/visitors` for the terminal."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for name, labels in _COLUMNS.items():
        right = name in _RIGHT
        table.add_column(labels[language], justify="right" if right else "left", no_wrap=True, overflow="ellipsis")
    for card in live["visitors"]:
        table.add_row(*_cells(card))
    population = live["population"]
    heading = Text(live["segment"]["sentence"][language] + "\n", "bold")
    if population:
        told = _SENTENCE[language].format(
            visitors=figures.count(population["visitors"]),
            share=figures.percent(population["share"]),
            online=figures.count(population["online"]),
        )
        heading.append(told, "not bold")
    return Group(heading, Text(""), table, Text(""), *freshness(live, language))


def _cells(card: dict[str, Any]) -> list[Text]:
    mark = ("● ", "green") if card["online"] else ("○ ", "dim")
    page = card["page"]
    return [
        Text.assemble(mark, card["person_id"].removeprefix("visitor:")),
        Text(figures.count(card["visits"])),
        Text(figures.count(card["visit"]["pageviews"] if card["visit"] else None)),
        Text(page["title"] or page["url"] or ""),
        Text(_names(card["recent_carted"])),
        Text(_names(card["recent_purchased"])),
        Text(figures.money(card["revenue"], card["currency"])),
    ]


def _names(products: list[dict[str, Any]]) -> str:
    return ", ".join(product["item_name"] or product["item_id"] for product in products[:3])
