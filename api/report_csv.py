"""A Live Report as a table of one header: a line a measure, then a line a product of each list. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from api.csv_text import Cell
from api.pages.texts import template
from api.reports import IN_PERCENT, MEASURES
from api.schemas import ReportOut
from ingest.currencies import DECIMALS
from sql.users import Language

HEADINGS: Final[Mapping[str, str]] = {
    "part": "구분",
    "measure": "지표 코드",
    "name": "이름",
    "unit": "단위",
    "segment": "세그먼트",
    "site": "전체",
    "others": "나머지",
    "share": "비중(0~1)",
    "diff_pct": "상대 차이(%)",
    "diff_pp": "포인트 차이(%p)",
    "rank": "순위",
    "item_id": "상품 ID",
    "units": "수량",
    "orders": "주문",
    "window": "기간",
    "compare": "비교 기준",
    "reason": "수치 없는 이유",
    "segment_id": "세그먼트 ID",
    "segment_name": "세그먼트 이름",
    "sentence": "조건",
    "as_of": "기준 시각(UTC)",
    "stale": "갱신 지연",
}
"""Columns by their names, which are the English headings, with the Korean ones."""

_PARTS: Final[Mapping[str, Mapping[Language, str]]] = {
    "measures": {"ko": "지표", "en": "measures"},
    "purchased": {"ko": "많이 산 상품", "en": "purchased"},
    "carted": {"ko": "많이 담은 상품", "en": "carted"},
    "in_cart": {"ko": "지금 장바구니", "en": "in_cart"},
}
_IN_MONEY: Final = frozenset({"revenue", "average_order_value"})


def header(language: Language) -> list[str]:
    """The headings."""
    return list(HEADINGS.values() if language == "ko" else HEADINGS)


def rows(report: ReportOut, language: Language) -> Iterator[list[Cell]]:
    """The lines under them. Figures are those of the JSON: unrounded, and absent (None) where that has null."""
    asked = report.asked
    about: dict[str, Cell] = {
        "window": report.window,
        "compare": report.compare,
        "reason": report.reason,
        "segment_id": asked.id,
        "segment_name": asked.name,
        "sentence": asked.sentence.ko if language == "ko" else asked.sentence.en,
        "as_of": report.as_of,
        "stale": report.stale,
    }
    for line in _lines(report, language):
        told = {**about, **line}
        yield [told.get(name) for name in HEADINGS]


def file_name(report: ReportOut, site_id: str, everyone: bool, now: str) -> str:
    """What the file is called: `sonnim-report-<site>-<segment>-24h-20260504T0302`, and `.csv`; the moment is in UTC.

    An expression that is not saved is `expression`. `now`: ISO 8601, for a report as of never.
    """
    asked = report.asked.id or ("everyone" if everyone else "expression")
    minute = re.sub("[-:]", "", (report.as_of or now)[:16])
    return f"sonnim-report-{site_id}-{asked}-{report.window}-{minute}"


def _lines(report: ReportOut, language: Language) -> Iterator[dict[str, Cell]]:
    columns = {
        name: getattr(report, name).model_dump() if getattr(report, name) is not None else {}
        for name in ("segment", "site", "others", "share", "diff_pct", "diff_pp")
    }
    for measure in MEASURES:
        yield {
            "part": _PARTS["measures"][language],
            "measure": measure,
            "name": template(language, f"report.measure.{measure}"),
            "unit": _unit(measure, report.currency),
            **{name: figures.get(measure) for name, figures in columns.items()},
        }
    for part in ("purchased", "carted", "in_cart"):
        for rank, product in enumerate(getattr(report.top, part) if report.top else (), 1):
            yield {"part": _PARTS[part][language], "rank": rank, "name": product.item_name, **_counts(product)}


def _counts(product: object) -> dict[str, Cell]:
    return {name: getattr(product, name) for name in ("item_id", "units", "orders")}


def _unit(measure: str, currency: str) -> str | None:
    """What a figure counts; money in what it is whole in: `KRW`, `0.01 USD`."""
    if measure in _IN_MONEY:
        digits = DECIMALS.get(currency, 2)
        return f"{10**-digits:.{digits}f} {currency}" if digits else currency
    if measure in IN_PERCENT:
        return "0..1"
    return "seconds" if measure == "avg_stay_seconds" else None
