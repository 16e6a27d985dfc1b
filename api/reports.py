"""Formulas of a Live Report: pure, unrounded, null where the base is 0 (docs/api.md, Live Report)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

TOTALS = ("visitors", "visits", "pageviews", "orders", "units", "revenue")
RATES = ("pageviews_per_visit", "avg_stay_seconds", "purchase_rate", "converting_visit_rate", "average_order_value")
MEASURES = TOTALS + RATES
IN_PERCENT = ("purchase_rate", "converting_visit_rate")

Number = int | float | None


@dataclass(frozen=True)
class Sums:
    """What a report is computed from, over the visits of one window: all integers, stay in ms, revenue in minor units."""

    visitors: int = 0
    visits: int = 0
    pageviews: int = 0
    stay_ms: int = 0
    converting_visits: int = 0
    orders: int = 0
    units: int = 0
    revenue: int = 0

    def plus(self, other: Sums) -> Sums:
        """The sums of both, who have no visitor in common."""
        return Sums(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(Sums)))

    def less(self, part: Sums) -> Sums:
        """The sums of everyone but a part of them."""
        return Sums(*(getattr(self, field.name) - getattr(part, field.name) for field in fields(Sums)))


def sums_of(row: Mapping[str, int]) -> Sums:
    """Sums from the columns of a query."""
    return Sums(*(int(row[field.name]) for field in fields(Sums)))


def measures(sums: Sums) -> dict[str, Number]:
    """All measures, unrounded."""
    return {
        **{name: getattr(sums, name) for name in TOTALS},
        "pageviews_per_visit": ratio(sums.pageviews, sums.visits),
        "avg_stay_seconds": ratio(sums.stay_ms, sums.visits * 1000),
        "purchase_rate": ratio(sums.orders, sums.visits),
        "converting_visit_rate": ratio(sums.converting_visits, sums.visits),
        "average_order_value": ratio(sums.revenue, sums.orders),
    }


def shares(segment: Sums, site: Sums) -> dict[str, Number]:
    """Part of the site's totals that is the segment's, 0 to 1."""
    return {name: ratio(getattr(segment, name), getattr(site, name)) for name in TOTALS}


def differences_in_percent(segment: Mapping[str, Number], base: Mapping[str, Number]) -> dict[str, Number]:
    """(segment - base) / base * 100 of every measure: relative, signed."""
    return {name: _difference(segment[name], base[name]) for name in MEASURES}


def differences_in_points(segment: Mapping[str, Number], base: Mapping[str, Number]) -> dict[str, Number]:
    """(segment - base) * 100 of the measures that are percentages: percentage points."""
    points: dict[str, Number] = {}
    for name in IN_PERCENT:
        one, other = segment[name], base[name]
        points[name] = None if one is None or other is None else (one - other) * 100
    return points


def ratio(part: int, base: int) -> float | None:
    """part / base; None where the base is 0."""
    return part / base if base else None


def _difference(one: Number, base: Number) -> float | None:
    return None if one is None or not base else (one - base) / base * 100
