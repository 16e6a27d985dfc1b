"""Law 5: a report equals the brute-force figure over visits, and Live agrees with it, for any segment and both windows.

The rows of the store come from raw events by `sql/queries/visitor_rows.sql` and `people_rows.sql`, those of the brute force from
`people.py`: everyone who counts, members as one person. Membership comes from the segments' own brute force.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from api.asked import Asked
from api.live import Question, find
from api.live_report import read_report
from api.reports import Sums, measures
from api.schemas import Top
from api.times import WINDOW_MS, Window
from flows.segments.parse import parse
from sql.store import Store
from tests.flows.segments.brute_force import matches
from tests.laws import model, tables
from tests.laws.events import CURRENCIES, DAY, MINUTE, START, arrivals, random_world
from tests.laws.people import people

ONLINE_MINUTES = 5
LEAVES = [
    {"field": "environment", "op": "in", "value": ["mobile_web", "hybrid_app"]},
    {"field": "environment", "op": "is_set"},
    {"field": "os", "op": "is_not", "value": "iOS"},
    {"field": "visits", "op": ">=", "value": 3},
    {"field": "visits_24h", "op": "=", "value": 1},
    {"field": "logged_in", "op": "is", "value": True},
    {"field": "orders", "op": "=", "value": 0},
    {"field": "orders_7d", "op": ">=", "value": 1},
    {"field": "revenue", "op": "between", "value": [3000, 10_000]},
    {"field": "cart_units", "op": ">", "value": 2},
    {"field": "cart_adds_24h", "op": ">", "value": 0},
    {"field": "landing_page", "op": "contains", "value": "sale"},
    {"field": "first_channel", "op": "is", "value": "search"},
    {"field": "viewed_items", "op": "contains_any", "value": ["i0", "i7"]},
    {"field": "search_terms", "op": "contains_none", "value": ["bag"]},
    {"field": "last_order_at", "op": "within_last", "value": {"days": 2}},
    {"field": "last_seen", "op": "more_than_ago", "value": {"hours": 36}},
]
expressions = st.recursive(
    st.sampled_from(LEAVES),
    lambda inner: (
        st.fixed_dictionaries({"all": st.lists(inner, max_size=3)})
        | st.fixed_dictionaries({"any": st.lists(inner, min_size=1, max_size=3)})
        | st.fixed_dictionaries({"not": inner})
    ),
    max_leaves=5,
)
moments = st.builds(
    lambda day, slot, jitter: START + day * DAY + slot * 30 * MINUTE + jitter,
    st.sampled_from([7, 8, 9, 10, 14, 15, 16, 17]),
    st.sampled_from([0, 1, 2, 3, 20, 21]),
    st.sampled_from([0, -1, 1, 7000]),
)
windows = st.sampled_from(list(WINDOW_MS))
law = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
hunt = settings(law, max_examples=3000, database=None, phases=[Phase.generate])


@dataclass(frozen=True)
class Shop:
    """A store with people of two sites, and the model's rows of them by site."""

    store: Store
    rows: dict[str, list[model.Row]]

    def wanted(self, site: str, expression: Any, window: Window, now: int) -> model.Row:
        return model.report(self.rows[site], now, WINDOW_MS[window], lambda row: matches(expression, row, now))


@pytest.fixture
def shop(clickhouse_url: str, database: str) -> Iterator[Shop]:
    rng = np.random.default_rng(5)
    members = [f"m{i}" for i in range(25)]
    crowd = random_world(rng, 2500, sites=tuple(CURRENCIES), visitors=90, items=12, transactions=150, members=members)
    with tables.migrated(clickhouse_url, database) as client:
        tables.set_currencies(client, CURRENCIES)
        tables.set_events(client, arrivals(crowd, rng))
        for site in CURRENCIES:
            tables.set_visitors(client, site)
    rows: dict[str, list[model.Row]] = {site: [] for site in CURRENCIES}
    for (site, _), row in people(crowd, currencies=CURRENCIES).items():
        rows[site].append(row)
    store = Store(clickhouse_url, database)
    yield Shop(store, rows)
    store.close()


def lists(top: Top) -> dict[str, list[tuple[str, int, int]]]:
    return {
        name: [(product.item_id, product.units, product.orders) for product in getattr(top, name)]
        for name in ("purchased", "carted", "in_cart")
    }


def side(sums: Sums, wanted: model.Row) -> None:
    assert measures(sums) == {name: value for name, value in wanted.items() if name != "top"}, "measures differ"


def check_reports(shop: Shop, trying: settings) -> None:
    @trying
    @given(site=st.sampled_from(list(CURRENCIES)), expression=expressions, window=windows, now=moments)
    def agree(site: str, expression: Any, window: Window, now: int) -> None:
        asked = Asked(expression, parse(expression))
        read = read_report(shop.store, site, window, asked, now, ONLINE_MINUTES)
        wanted = shop.wanted(site, expression, window, now)
        side(read.segment, wanted)
        side(read.site, shop.wanted(site, {"all": []}, window, now))
        assert lists(read.top) == wanted["top"], "lists of products differ"

    agree()


def test_a_report_equals_the_brute_force_figure(shop: Shop) -> None:
    check_reports(shop, law)


def test_live_shows_as_many_cards_as_the_report_counts_people(shop: Shop) -> None:
    @law
    @given(expression=expressions, window=windows, now=moments, limit=st.sampled_from([7, 40, 200]))
    def agree(expression: Any, window: Window, now: int, limit: int) -> None:
        asked = Asked(expression, parse(expression))
        question = Question("alpha", window, asked, "", "last_seen", limit)
        found = find(shop.store, question, None, now, ONLINE_MINUTES)
        assert found.population is not None
        counted, cards = found.population.visitors, list(found.people)
        while found.next_cursor is not None:
            found = find(shop.store, question, found.next_cursor, now + DAY, ONLINE_MINUTES)
            cards += found.people
        since = now - WINDOW_MS[window]
        wanted = {
            (f"member:{row['member_id']}" if row["member_id"] else f"visitor:{row['visitor_id']}", row["last_seen"])
            for row in shop.rows["alpha"]
            if row["last_seen"] >= since and matches(expression, row, now)
        }
        assert len(cards) == counted == len(wanted)
        assert {(card.person_id, card.seen_at) for card in cards} == wanted
        assert counted == shop.wanted("alpha", expression, window, now)["visitors"]

    agree()


PLANTED = {
    "the window is open at its edge": ("live_report", "end -> end >= from", "end -> end > from"),
    "stay counts the first visit's part": ("live_report", "row.visit_start, row.visit_end),", "row.visit_start, row.visit_start),"),
    "all visits count": ("live_report", "sumArray(in_window) AS visits", "sum(length(row.visit_end)) AS visits"),
    "units are orders": ("live_report", "sumIfArray(row.visit_units, in_window)", "sumIfArray(row.visit_orders, in_window)"),
    "converting visits are orders": ("live_report", "(placed, inside) -> placed > 0 AND inside", "(placed, inside) -> placed * inside"),
    "removals count as carted": ("live_top", "row.bought_units, row.op_delta,", "row.bought_units, arrayMap(d -> abs(d), row.op_delta),"),
    "folded operations are carted": ("live_top", "if(kind = 0 AND end", "if(kind != 1 AND end"),
    "carts of everyone": ("live_top", "/* segment */ true", "true"),
}  # fmt: skip


def test_planted_bugs_are_found(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    for bug, (name, right, wrong) in PLANTED.items():
        text = shop.store.text(name)
        assert right in text, f"{bug}: no longer fits the query"
        with monkeypatch.context() as patched:
            patched.setitem(shop.store._texts, name, text.replace(right, wrong))
            with pytest.raises(AssertionError, match="differ"):
                check_reports(shop, hunt)
