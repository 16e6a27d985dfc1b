"""Live in a real Chromium: who is there, as the API says it, and as it changes."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Locator, Page, ViewportSize, expect

from api.pages.assets import assets
from deploy.clock import now_ms
from sql.store import Store
from tests.api.visitors import Order, Visit, Visitor, insert_rows, insert_visitors, person
from tests.pages.conftest import Desk, Desks, Server, api
from tests.pages.look import EN, KO, PHONE, overflow, violations

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
DESK: ViewportSize = {"width": 1280, "height": 800}
SMALL: ViewportSize = {"width": 360, "height": 740}
COLOURS: tuple[Literal["light"], Literal["dark"]] = ("light", "dark")
FREQUENT = {"field": "visits", "op": ">=", "value": 10}
NOW_CONDITION = {"field": "viewing_item", "op": "is_set"}
EVIL = "<img src=x onerror=alert(1)><script>alert(2)</script>\u202egnp.exe\u0000\u0007{{7*7}}${1}"
LONG = "가" * 1_000 + "x" * 1_000


def someone(visitor_id: str, at: int, **columns: Any) -> Visitor:
    """A visitor nobody knows, who came two minutes before a moment (epoch ms)."""
    return Visitor(visitor_id, [Visit(at - 2 * MINUTE, at, 3)], columns=columns)


def come(store: Store, site_id: str, visitors: Sequence[Visitor]) -> None:
    """Write their rows: those with the same columns in one INSERT."""
    alike: dict[frozenset[str], list[Visitor]] = defaultdict(list)
    for visitor in visitors:
        alike[frozenset(visitor.columns)].append(visitor)
    for some in alike.values():
        insert_visitors(store, site_id, some)


def crowd(count: int) -> list[Visitor]:
    """Visitors, the newest first, one a minute: `v-000` is here now. Each tenth came often."""
    now = now_ms()
    return [
        someone(f"v-{n:03}", now - n * MINUTE, visits=10 if n % 10 == 0 else 1, page_title=f"상품 {n}")
        for n in range(count)
    ]


class Flow:
    """Writes as the flow does: rows, and the commit that covers them."""

    def __init__(self, store: Store, site_id: str) -> None:
        self.store, self.site_id = store, site_id
        self.write()

    def write(self, *visitors: Visitor) -> None:
        offset = now_ms()
        rows = [Visitor(one.visitor_id, one.visits, one.cart, offset, {"shard": 1, **one.columns}) for one in visitors]
        come(self.store, self.site_id, rows)
        told = [{"partition": one, "from_offset": offset, "to_offset": offset, "at": now_ms()} for one in (0, 1)]
        insert_rows(self.store, "commits", told)


def rows(page: Page) -> Locator:
    return page.locator(".rows > li")


def names(page: Page) -> Locator:
    return page.locator(".rows .who-name")


def sse(*events: tuple[str, Any]) -> dict[str, Any]:
    """An answer of the stream that says this and ends."""
    told = "".join(f"event: {kind}\ndata: {json.dumps(data)}\n\n" for kind, data in events)
    return {"content_type": "text/event-stream", "body": f"retry: 600000\n\n{told}"}


def test_list_and_counters_are_those_of_the_api_page_by_page(server: Server, desk: Desk) -> None:
    site_id = server.site()
    come(server.store, site_id, [*crowd(120), someone("old", now_ms() - 3 * DAY)])
    page = desk.sign_in(server.user(**{site_id: "viewer"}))
    told = api(desk, site_id, "GET", "/v1/live/visitors?limit=200")
    ids = [card["visitor_id"] for card in told["visitors"]]
    online = told["population"]["online"]
    expect(page.locator(".count-figure")).to_have_text([f"{online}명", "120명", "121명"])
    expect(names(page)).to_have_text(ids[:50])
    expect(page.locator(".people-head .pages-range")).to_have_text("1–50 / 120명")
    first = rows(page).first
    expect(first).to_contain_text("상품 0")
    expect(first).to_contain_text(KO("common.n_pages.other", n=3))
    expect(first.locator(".person-dot")).to_have_count(1)
    foot = page.locator(".people-foot")
    expect(foot.get_by_role("button", name=KO["live.previous"])).to_be_disabled()
    foot.get_by_role("button", name=KO["live.next"]).click()
    expect(names(page)).to_have_text(ids[50:100])
    page.reload()
    expect(names(page)).to_have_text(ids[50:100])
    foot.get_by_role("button", name=KO["live.next"]).click()
    expect(names(page)).to_have_text(ids[100:])
    expect(page.locator(".people-foot .pages-range")).to_have_text("101–120 / 120명")
    expect(foot.get_by_role("button", name=KO["live.next"])).to_be_disabled()
    foot.get_by_role("button", name=KO["live.previous"]).click()
    expect(names(page)).to_have_text(ids[50:100])
    page.get_by_role("button", name=KO["common.window.7d"]).click()
    expect(page.locator(".people-head .pages-range")).to_have_text("1–50 / 121명")
    assert "window=7d" in page.url
    assert f"site={site_id}" in page.url  # whoever opens it sees this site, however many he has


def test_what_a_row_says_of_a_member(server: Server, desk: Desk) -> None:
    site_id, now = server.site(), now_ms()
    order = Order("o1", now - HOUR, 1_234_500, [("hat", 2)])
    visits = [Visit(now - HOUR, now - HOUR, 2, [order]), Visit(now - 3 * MINUTE, now, 4)]
    columns = {
        "environment": "mobile_web",
        "os": "iOS",
        "browser": "Safari",
        "page_title": "모자",
        "search_keyword": "겨울 모자",
        "page_url": "https://shop.example/hat?a=1",
        "channel": "paid_search",
        "cart_value": 30_000,
        "cart_price": [15_000, 0],
        "member_name": "이서연",
        "member_grade": "VIP",
        "member_points": 12_300,
    }
    kim = person("kim", visits, [("phone", 0, now)], [("hat", 2), ("cap", 1)], columns=columns)
    come(server.store, site_id, [Visitor("phone", visits, columns={"member_id": "kim"}), kim])
    page = desk.sign_in(server.user(**{site_id: "viewer"}))
    row = rows(page)
    expect(row).to_have_count(1)
    for words in (
        "이서연",
        "VIP · 12,300P · 모바일 웹 · iOS · Safari",
        "모자",
        "/hat?a=1",
        "4페이지",
        "방문 2회",
        "3개",
        "1,234,500원",
        "1건",
        "검색 광고",
        "“겨울 모자”",
    ):
        expect(row).to_contain_text(words)
    before = row.locator(".visit .cell-first").text_content()
    expect(row.locator(".visit .cell-first")).not_to_have_text(str(before))  # the stay of who is online goes on
    row.click(position={"x": 400, "y": 20})
    page.wait_for_url(f"{server.url}/people/member%3Akim")
    page.locator("#app").get_by_role("link", name=KO["person.back"]).click()
    expect(rows(page)).to_have_count(1)


def test_a_search_narrows_the_list_and_stays_in_the_address(server: Server, desk: Desk) -> None:
    site_id = server.site()
    come(server.store, site_id, crowd(60))
    page = desk.sign_in(server.user(**{site_id: "viewer"}))
    expect(rows(page)).to_have_count(50)
    search = page.get_by_role("searchbox", name=KO["live.search"])
    search.fill("v-05")
    expect(names(page)).to_have_text([f"v-05{n}" for n in range(10)])
    expect(page.locator(".people-head .pages-range")).to_have_text("10명")
    expect(page.locator(".count-figure").nth(1)).to_have_text("60명")
    page.reload()
    expect(search).to_have_value("v-05")
    expect(rows(page)).to_have_count(10)
    search.fill("nobody <b>")
    expect(page.get_by_text(KO["live.none_found"])).to_be_visible()
    page.get_by_role("button", name=KO["live.search_again"]).click()
    expect(rows(page)).to_have_count(50)
    expect(search).to_have_value("")
    assert "q=" not in page.url


def test_segments_narrow_list_and_counters_and_lead_on(server: Server, desk: Desk) -> None:
    site_id = server.site()
    come(server.store, site_id, crowd(40))
    desk.sign_in(server.user(**{site_id: "editor"})).close()
    saved = api(desk, site_id, "POST", "/v1/segments", {"name": "자주 <b>방문</b>", "expression": FREQUENT})
    page = desk.go()
    choice = page.get_by_label(KO["live.segment"], exact=False).and_(page.locator("select"))
    choice.select_option(label="자주 <b>방문</b>")
    expect(names(page)).to_have_text(["v-000", "v-010", "v-020", "v-030"])
    expect(page.locator(".count-part").nth(1)).to_have_text("4명 전체의 10.0%")
    expect(page.locator(".count-figure").nth(1)).to_have_text("40명")
    expect(page.locator(".sentence")).to_have_text(saved["sentence"]["ko"])
    assert f"segment={saved['id']}" in page.url
    report = page.get_by_role("link", name=KO["live.report"])
    assert report.get_attribute("href") == f"/report?segment={saved['id']}&window=24h"
    page.reload()
    expect(rows(page)).to_have_count(4)
    expect(choice).to_have_value(saved["id"])
    page.goto(f"{server.url}/?expression={json.dumps(NOW_CONDITION)}")
    expect(page.locator(".count-part").first).to_have_text(KO["live.now_condition"])
    expect(page.locator(".people .empty-title")).to_have_text(KO("live.none_in_segment", window="24시간"))
    expect(choice).to_have_value("(unsaved)")
    change = page.get_by_role("link", name=KO["live.change"]).get_attribute("href")
    assert change is not None
    assert change.startswith("/segments/new?expression=")
    choice.select_option(label=KO["common.everyone"])
    expect(rows(page)).to_have_count(40)
    desk.expected.append("404")
    page.goto(f"{server.url}/?segment=seg_nothere")
    page.get_by_role("button", name=KO["live.show_everyone"]).click()
    expect(rows(page)).to_have_count(40)


def test_what_happens_appears_in_its_place_and_nothing_moves_under_a_pointer(server: Server, desk: Desk) -> None:
    site_id = server.site()
    now = now_ms()
    come(server.store, site_id, [someone(f"v-{n}", now - (n + 1) * HOUR, page_title="처음") for n in range(3)])
    flow = Flow(server.store, site_id)
    page = desk.sign_in(server.user(**{site_id: "viewer"}))
    expect(names(page)).to_have_text(["v-0", "v-1", "v-2"])
    page.evaluate("() => { window.kept = document.querySelector('[data-person=\"visitor:v-2\"]') }")
    flow.write(someone("v-2", now_ms(), page_title="<b>새 상품</b>"))
    expect(names(page)).to_have_text(["v-2", "v-0", "v-1"])
    expect(rows(page).first).to_contain_text("<b>새 상품</b>")
    assert page.evaluate("() => window.kept === document.querySelector('.rows > li')")
    assert "glow-" in str(rows(page).first.get_attribute("class"))
    expect(page.locator(".count-figure").first).to_have_text("1명")
    rows(page).nth(1).hover()
    flow.write(someone("v-1", now_ms(), page_title="또 다른 상품"), someone("new", now_ms()))
    expect(rows(page).nth(2)).to_contain_text("또 다른 상품")
    more = page.get_by_role("button", name=KO("live.new_people.other", n=1))
    expect(more).to_be_visible()
    expect(names(page)).to_have_text(["v-2", "v-0", "v-1"])
    page.get_by_role("heading", level=1).hover()
    expect(rows(page)).to_have_count(4)
    expect(more).to_have_count(0)
    assert set(names(page).all_text_contents()[:2]) == {"new", "v-1"}


def test_a_further_page_that_nobody_is_on_any_more_leads_back_to_the_first(server: Server, desk: Desk) -> None:
    site_id = server.site()
    now = now_ms()
    come(server.store, site_id, [someone(f"v-{n:02}", now - n * MINUTE, visits=12) for n in range(53)])
    flow = Flow(server.store, site_id)
    page = desk.sign_in(server.user(**{site_id: "viewer"}), f"/?expression={json.dumps(FREQUENT)}")
    page.goto(f"{server.url}/?expression={json.dumps(FREQUENT)}")
    page.locator(".people-foot").get_by_role("button", name=KO["live.next"]).click()
    expect(names(page)).to_have_text(["v-50", "v-51", "v-52"])
    expect(page.locator(".person-dot")).to_have_count(0)
    flow.write(*(someone(f"v-{n}", now - n * MINUTE, visits=2) for n in (50, 51, 52)))
    expect(page.locator(".rows > .left")).to_have_count(3)  # they stay in their places while one is further down
    page.mouse.move(0, 0)
    page.mouse.wheel(0, -10_000)
    expect(rows(page)).to_have_count(50)
    expect(names(page).first).to_have_text("v-00")


def test_conditions_nobody_can_read_are_not_taken_for_everyone(server: Server, desk: Desk) -> None:
    site_id = server.site()
    come(server.store, site_id, crowd(3))
    page = desk.sign_in(server.user(**{site_id: "viewer"}), "/")
    page.goto(f"{server.url}/?expression=%7B%22field")
    expect(page.get_by_text(KO["common.wrong_expression"])).to_be_visible()
    expect(rows(page)).to_have_count(0)
    page.get_by_role("button", name=KO["live.show_everyone"]).click()
    expect(rows(page)).to_have_count(3)
    assert "expression" not in page.url


def test_a_person_who_came_while_the_last_of_a_full_page_acted_is_shown(server: Server, desk: Desk) -> None:
    """Pure: what `board.js` makes of one batch of changes."""
    page = desk.go("/login")
    shown = page.evaluate(
        """async (address) => {
          const { PAGE, boardOf, changed, settled } = await import(address);
          const card = (person_id, at) => ({ person_id, visitor_id: person_id, devices: [], last_seen: new Date(at).toISOString() });
          const now = Date.now();
          const full = boardOf(Array.from({ length: PAGE }, (_, n) => card(`v${n}`, now - n * 60_000)), { first: true });
          const next = settled(changed(full, [card(`v${PAGE - 1}`, now + 2_000), card("new", now + 1_000)]));
          return next.people.slice(0, 3).map((one) => one.person_id);
        }""",
        assets().url("live/board.js"),
    )
    assert shown == ["v49", "new", "v0"]


def test_who_leaves_the_segment_leaves_the_list(server: Server, desk: Desk) -> None:
    site_id = server.site()
    come(server.store, site_id, [someone("stays", now_ms(), visits=12), someone("goes", now_ms(), visits=12)])
    flow = Flow(server.store, site_id)
    page = desk.sign_in(server.user(**{site_id: "viewer"}), f"/?expression={json.dumps(FREQUENT)}")
    page.goto(f"{server.url}/?expression={json.dumps(FREQUENT)}")
    expect(rows(page)).to_have_count(2)
    flow.write(someone("goes", now_ms(), visits=2))
    expect(names(page)).to_have_text(["stays"])


def test_where_motion_is_not_wanted_new_people_wait_and_are_never_too_many(server: Server, desks: Desks) -> None:
    site_id = server.site()
    come(server.store, site_id, crowd(50))
    desk = desks(reduced_motion="reduce")
    email = server.user(**{site_id: "viewer"})
    desk.sign_in(email).close()
    card = api(desk, site_id, "GET", "/v1/live/visitors?limit=1")["visitors"][0]
    moment = "2099-01-01T00:00:00.000Z"
    told = [
        {**card, "person_id": f"visitor:n-{n}", "visitor_id": f"n-{n}", "devices": [], "last_seen": moment}
        for n in range(450)
    ]
    events = [
        ("people", {"as_of": None, "changed": told[at : at + 150], "gone": [], "more": 0}) for at in (0, 150, 300)
    ]
    desk.context.route("**/v1/live/stream?*", lambda route: route.fulfill(**sse(*events)))
    page = desk.go()
    button = page.locator(".waiting-button")
    expect(button).to_have_text(KO("live.new_people.other", n=200))
    expect(names(page).first).to_have_text("v-000")
    button.click()
    expect(names(page).first).to_contain_text("n-")
    expect(rows(page)).to_have_count(50)
    expect(button).to_have_count(0)


def test_without_a_stream_the_list_is_asked_for_and_a_lost_one_comes_back(server: Server, desk: Desk) -> None:
    desk.expected += ["503", "ERR_FAILED", "ERR_CONNECTION"]
    server.forget_commits()  # of other tests: figures that stand still have the same line
    site_id = server.site()
    come(server.store, site_id, [someone("one", now_ms(), visits=12)])
    email = server.user(**{site_id: "viewer"})
    desk.context.route("**/v1/live/stream?*", lambda route: route.fulfill(status=503, json={"detail": "too many"}))
    page = desk.sign_in(email, f"/?expression={json.dumps(FREQUENT)}")
    page.goto(f"{server.url}/?expression={json.dumps(FREQUENT)}")
    expect(page.locator(".line-said")).to_have_text(KO["live.asking"])
    expect(page.locator(".count-figure")).to_have_text(["1명"] * 3)
    expect(page.locator(".count-part").first).to_have_text("1명 전체의 100.0%")
    come(server.store, site_id, [someone("two", now_ms(), visits=12)])
    expect(rows(page)).to_have_count(2)
    desk.context.unroute("**/v1/live/stream?*")
    desk.context.route("**/v1/live/stream?*", lambda route: route.abort())
    page.goto(server.url)
    expect(page.locator(".line-said")).to_have_text(KO["live.lost"])
    expect(rows(page)).to_have_count(2)
    desk.context.unroute("**/v1/live/stream?*")
    expect(page.locator(".line-said")).to_have_count(0)
    expect(page.locator(".count-figure")).to_have_text(["2명"] * 3)


def test_a_hidden_tab_lets_go_of_its_stream_and_comes_back_with_the_list_anew(server: Server, desk: Desk) -> None:
    site_id = server.site()
    come(server.store, site_id, [someone("one", now_ms())])
    desk.sign_in(server.user(**{site_id: "viewer"})).close()
    page = desk.tab()
    page.clock.install()
    streams: list[str] = []
    page.on("request", lambda request: streams.append(request.url) if "/live/stream" in request.url else None)
    page.goto(server.url)
    expect(page.locator(".count-figure")).to_have_text(["1명"] * 3)
    look = "(hidden) => { Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });"
    look += " document.dispatchEvent(new Event('visibilitychange')); }"
    page.evaluate(look, True)
    page.clock.fast_forward(30_000)
    page.evaluate(look, False)
    page.clock.fast_forward(61_000)
    assert len(streams) == 1  # a short look elsewhere ends nothing
    page.evaluate(look, True)
    with page.expect_event("requestfailed", lambda request: "/live/stream" in request.url):
        page.clock.fast_forward(61_000)
    come(server.store, site_id, [someone("two", now_ms())])
    page.evaluate(look, False)
    expect(rows(page)).to_have_count(2)
    expect(page.locator(".count-figure")).to_have_text(["2명"] * 3)
    assert len(streams) == 2


def test_stale_figures_say_since_when_and_what_is_on_its_way_has_its_place(server: Server, desk: Desk) -> None:
    site_id = server.site()
    page = desk.sign_in(server.user(**{site_id: "viewer"}))
    everyone = api(desk, site_id, "GET", "/v1/live/visitors")["segment"]
    window = {"site": 7, "population": {"visitors": 7, "share": 1.0, "online": 0}}
    told = {
        "as_of": "2026-05-04T03:02:01.000Z",
        "age_seconds": 90.0,
        "stale": True,
        "window": "24h",
        "currency": "KRW",
        "segment": everyone,
        "reason": None,
        "online": 0,
        "windows": {"24h": window, "7d": window},
    }
    desk.context.route("**/v1/live/stream?*", lambda route: route.fulfill(**sse(("counters", told))))
    page.reload()
    expect(page.locator(".line-said")).to_have_text(re.compile(r"2026년 5월 4일 12:02 이후"))
    expect(page.locator(".count-figure").nth(1)).to_have_text("7명")
    waiting: list[Any] = []
    desk.context.route("**/v1/live/visitors?*", lambda route: waiting.append(route))
    page.reload()
    expect(page.locator(".people-state .loading").first).to_be_visible()
    expect(page.locator(".people-state [role=status]")).to_have_text(KO["common.loading"])
    desk.context.unroute("**/v1/live/visitors?*")
    for route in waiting:
        route.continue_()
    expect(page.get_by_text(KO["live.nobody"])).to_be_visible()


def test_keys_alone_are_enough_and_hold_the_list(server: Server, desk: Desk) -> None:
    site_id = server.site()
    come(server.store, site_id, crowd(3))
    flow = Flow(server.store, site_id)
    page = desk.sign_in(server.user(**{site_id: "viewer"}))
    expect(rows(page)).to_have_count(3)
    page.get_by_role("searchbox").focus()
    reached = []
    for _ in range(6):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("() => document.activeElement.textContent"))
        if reached[-1] == "v-000":
            break
    assert reached[-1] == "v-000", reached
    flow.write(someone("new", now_ms()))
    expect(page.locator(".waiting-button")).to_be_visible()
    expect(names(page).first).to_have_text("v-000")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/people/visitor%3Av-001$"))


def evil(site_id: str, store: Store) -> None:
    now = now_ms()
    hostile = {
        **dict.fromkeys(("page_title", "os", "browser", "search_keyword", "channel"), EVIL),
        "page_url": f"https://shop.example/{EVIL}{LONG}",
        "app_version": LONG,
        "cart_value": 10**15,
    }
    long = {**hostile, **dict.fromkeys(("page_title", "os", "search_keyword", "channel", "page_item"), LONG)}
    visits = [Visit(now - MINUTE, now, 10**6)]
    visitors = [
        Visitor(EVIL[:100], visits, [(EVIL, 3)], columns={**hostile, "visits": 10**6, "orders": 9, "revenue": 10**15}),
        Visitor("x" * 128, visits, [(LONG, 10**9), (EVIL, 1)], columns=long),
    ]
    come(store, site_id, visitors)


@pytest.mark.parametrize("size", [{}, PHONE], ids=["desk", "phone"])
def test_strings_of_strangers_are_text_and_break_nothing(server: Server, desks: Desks, size: dict[str, Any]) -> None:
    site_id = server.site()
    evil(site_id, server.store)
    desk = desks(**size)
    page = desk.sign_in(server.user(**{site_id: "editor"}))
    api(desk, site_id, "POST", "/v1/segments", {"name": EVIL.replace("\u0000", "")[:200], "expression": FREQUENT})
    page.reload()
    expect(rows(page)).to_have_count(2)
    expect(page.locator(".rows")).to_contain_text("<script>alert(2)</script>\\u202egnp.exe\\u0000\\u0007{{7*7}}${1}")
    assert overflow(page) == 0
    assert page.locator("#app img, #app script").count() == 0
    heights = [row.bounding_box() for row in rows(page).all()]
    assert all(box is not None and box["height"] < 500 for box in heights)
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    told = Path(download.value.path()).read_text("utf-8-sig")
    assert len(list(csv.reader(io.StringIO(told)))) == 3
    page.get_by_role("searchbox").fill("<img src=x")
    expect(rows(page)).to_have_count(1)
    rows(page).locator("a").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("<img src=x onerror=alert(1)>")
    assert overflow(page) == 0


def test_everything_is_said_in_english_too(server: Server, desk: Desk) -> None:
    site_id = server.site()
    come(server.store, site_id, crowd(60))
    page = desk.sign_in(server.user("en", **{site_id: "viewer"}))
    expect(page.locator(".count-figure").nth(1)).to_have_text("60people")
    expect(page.locator(".people-head .pages-range")).to_have_text("1–50 of 60 people")
    expect(page.locator(".columns .column").first).to_have_text(EN["live.who"])
    assert re.findall("[가-힣]+", page.locator(".live-head, .live-top, .people-head").first.inner_text()) == []


def test_axe_finds_nothing_wrong(server: Server, desk: Desk) -> None:
    site_id = server.site()
    come(server.store, site_id, crowd(60))
    evil(site_id, server.store)
    page = desk.sign_in(server.user(**{site_id: "viewer"}))
    expect(rows(page)).to_have_count(50)
    expect(page.locator(".count-figure").nth(1)).to_have_text("62명")
    look_at(page)
    page.goto(f"{server.url}/?expression={json.dumps(FREQUENT)}")
    expect(page.locator(".count-part").first).to_be_visible()
    expect(rows(page)).to_have_count(7)
    look_at(page)


def look_at(page: Page) -> None:
    """With axe-core, in light and dark, on a desk and a phone."""
    for viewport in (SMALL, DESK):
        page.set_viewport_size(viewport)
        assert overflow(page) == 0
        for colours in COLOURS:
            page.emulate_media(color_scheme=colours, reduced_motion="reduce")
            assert violations(page) == [], (viewport, colours)
