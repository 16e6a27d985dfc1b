"""What scripts make of figures and of strangers' texts, and how Live keeps its list, in a real Chromium's own modules."""

from __future__ import annotations

from typing import Any

import pytest

from api.pages.assets import assets
from deploy.clock import now_ms
from sql.sites import add_site
from tests.pages.conftest import Desk, Server

CARD = {"member_id": None, "devices": [], "visits": 1}


def told(desk: Desk, module: str, script: str, *given: Any) -> Any:
    """What `script`, a function of the module and of `given`, makes of them, on the page that is open."""
    page = desk.context.pages[-1]
    return page.evaluate(
        f"async ([at, given]) => ({script})(await import(at), ...given)", [assets().url(module), given]
    )


@pytest.mark.parametrize(
    ("currency", "shown"),
    [("KRW", "₩12,345"), ("USD", "$123.45"), ("IDR", "Rp 123.45"), ("HUF", "Ft 123.45"), ("KWD", "KWD 12.345")],
)
def test_money_has_the_decimals_that_the_door_counts(server: Server, desk: Desk, currency: str, shown: str) -> None:
    """Browsers show some currencies with fewer."""
    site_id = f"shop-{currency.lower()}"
    add_site(server.store, site_id, "Shop", currency, "UTC", now_ms())
    desk.sign_in(server.user("en", **{site_id: "viewer"}))
    said = told(desk, "figures.js", "(figures) => [figures.money(12345), figures.money(12345, 'CAD')]")
    assert [one.replace("\u00a0", " ") for one in said] == [shown, "CAD 123.45"]


def test_durations_and_moments(server: Server, desk: Desk) -> None:
    desk.sign_in(server.user("ko", **{server.site(): "viewer"}))
    seconds = [0, 59, 128, 3_600, 3_661, 90_000, 1_000_000]
    durations = told(desk, "figures.js", "(figures, all) => all.map(figures.duration)", seconds)
    assert durations == ["0초", "59초", "2분 08초", "1시간 00분", "1시간 01분", "1일 1시간", "11일 13시간"]
    today, other = told(
        desk,
        "figures.js",
        "(figures) => [figures.moment(new Date().toISOString()), figures.moment('2026-01-02T03:04:05Z')]",
    )
    assert today.count(":") == 2
    assert "2026" in other


def test_what_cannot_be_seen_is_shown_and_what_can_stays(desk: Desk) -> None:
    desk.go("/login")
    names = [
        "\u202ehidden",
        "\u061c",
        "\u3164",
        "\u115f",
        "\u00ad",
        "\u2028",
        "\U000e0041",
        "a\tb",
        "가나 é 👍🏽",
        "<b>",
    ]
    assert told(desk, "figures.js", "(figures, names) => names.map(figures.plain)", names) == [
        "\\u202ehidden", "\\u061c", "\\u3164", "\\u115f", "\\u00ad", "\\u2028", "\\U000e0041", "a\tb", "가나 é 👍🏽", "<b>",
    ]  # fmt: skip


def test_an_older_answer_undoes_nothing_and_who_left_comes_back_only_by_a_newer_one(desk: Desk) -> None:
    desk.go("/login")
    cards = [
        {**CARD, "person_id": f"visitor:{n}", "visitor_id": str(n), "last_seen": f"2026-01-01T00:00:0{n}.000Z"}
        for n in (5, 3)
    ]
    newer = {**cards[0], "last_seen": "2026-01-01T00:00:09.000Z", "visits": 2}
    said = told(
        desk,
        "live/board.js",
        """({ boardOf, changed, settled }, cards, newer) => {
          const board = changed(boardOf(cards, { first: true }), [newer]);
          const after = settled(changed(board, cards, [cards[1].person_id + "x"]));
          return [after.people.map((card) => [card.person_id, card.visits]), after.waiting.size];
        }""",
        cards,
        newer,
    )
    assert said == [[["visitor:5", 2], ["visitor:3", 1]], 0]
