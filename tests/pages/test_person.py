"""One person in a real Chromium: who it is, what he did, and why he is in which segments."""

from __future__ import annotations

import re
from typing import Any, Literal
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, Page, ViewportSize, expect

from deploy.clock import now_ms
from flows.visitors.profiles import NOTHING, after
from sql.store import Store
from tests.api.visitors import Order, Visit, Visitor, insert_rows, insert_visitors, person
from tests.pages.conftest import Desk, Desks, Server, api
from tests.pages.look import EN, KO, PHONE, overflow, violations

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
EVIL = "<img src=x onerror=alert(1)><script>alert(2)</script>\u202egnp.exe\u0007{{7*7}}"
LONG = "가" * 1_000 + "x" * 1_000
DESK: ViewportSize = {"width": 1280, "height": 800}
SMALL: ViewportSize = {"width": 360, "height": 740}
COLOURS: tuple[Literal["light"], Literal["dark"]] = ("light", "dark")
EVENT: dict[str, Any] = {
    "name": "page_view", "member_id": "", "bot": False, "pageview": True, "url": "", "title": "", "search_term": "",
    "transaction_id": "", "value": None, "currency": "", "environment": "mobile_web", "items.item_id": [], "items.item_name": [],
    "items.price": [], "items.quantity": [], "shard": 0,
}  # fmt: skip


class Shop:
    """A site with what its people did."""

    def __init__(self, store: Store, site_id: str) -> None:
        self.store, self.site_id, self.offset = store, site_id, 0

    def events(self, visitor_id: str, *told: dict[str, Any]) -> None:
        """Raw events of a visitor; `at` is epoch ms."""
        rows = []
        for one in told:
            self.offset += 1
            at, columns = one["at"], {name: value for name, value in one.items() if name != "at"}
            known = {"event_id": f"e-{self.offset:05}", "occurred_at": at, "received_at": at, "log_offset": self.offset}
            rows.append({"site_id": self.site_id, "visitor_id": visitor_id, **EVENT, **known, **columns})
        insert_rows(self.store, "events", rows)

    def orders(self, visitor_id: str, *told: tuple[str, int, int, int, bool]) -> None:
        """Orders: (transaction, value, refunded, when, whether it counts)."""
        rows = [
            {"site_id": self.site_id, "version": 1, "transaction_id": one, "visitor_id": visitor_id, "value": value}
            | {"refunded": refunded, "currency": "KRW", "occurred_at": at, "counted": counted}
            for one, value, refunded, at, counted in told
        ]
        insert_rows(self.store, "orders", rows)


def items(*told: tuple[str, int, int]) -> dict[str, Any]:
    """Columns of an event about products: (name, price, quantity)."""
    names = [name for name, _, _ in told]
    return {
        "items.item_id": names,
        "items.item_name": names,
        "items.price": [price for _, price, _ in told],
        "items.quantity": [quantity for _, _, quantity in told],
    }


def mina(shop: Shop, now: int) -> None:
    """A member with a phone and a pc, two visits, two orders, and all a shop may tell of her."""
    old = [
        Order("o1", now - DAY, 12_000, [("hat", 1)]),
        Order("o2", now - DAY + MINUTE, 9_000, [("cap", 1)], counted=False),
    ]
    phone, pc = Visit(now - DAY, now - DAY + 2 * MINUTE, 3, old), Visit(now - 10 * MINUTE, now - MINUTE, 4)
    told = {
        "name": "민아", "grade": "골드", "points": 5_110, "birthday": "08-09", "kakao_friend": True,
        "consent/sms": {"granted": True, "at": now - DAY, "source": ""},
        "consent/email": {"granted": False, "at": now - DAY, "source": ""},
        "coupon/c1": {"name": "신규 가입", "issued_at": None, "expires_at": now + DAY},
        "coupon/c2": {"name": "지난 쿠폰", "issued_at": None, "expires_at": now - DAY},
        "trait/size": "M",
    }  # fmt: skip
    device = {"member_id": "mina", "stint_end": 0}
    insert_visitors(
        shop.store, shop.site_id, [Visitor("phone", [phone], columns=device), Visitor("pc", [pc], columns=device)]
    )
    columns = {
        "profile": after(NOTHING, now - HOUR, told).decode(),
        "environment": "pc_web",
        "page_title": "모자",
        "page_url": "https://shop.example/hat",
        "cart_value": 30_000,
        "cart_price": [15_000, 2_000],
        "cart_added_at": [now, now - HOUR],
    }
    parts = [("pc", 0, now - MINUTE), ("phone", 0, now - DAY)]
    member = person("mina", [phone, pc], parts, [("scarf", 2), ("belt", 1)], columns=columns)
    insert_visitors(shop.store, shop.site_id, [member])
    shop.orders("phone", ("o1", 15_000, 3_000, now - DAY, True), ("o2", 9_000, 9_000, now - DAY + MINUTE, False))
    bought = {"name": "purchase", "pageview": False, "transaction_id": "o1", "value": 15_000, "currency": "KRW"}
    shop.events(
        "phone",
        {"at": now - DAY, "title": "첫 화면", "url": "https://shop.example/?q=1"},
        {"at": now - DAY + 1_000, "name": "search", "search_term": "겨울 모자"},
        {"at": now - DAY + 2_000, "name": "add_to_cart", "pageview": False, **items(("hat", 7_500, 2))},
        {"at": now - DAY + 60_000, **bought, **items(("hat", 7_500, 2))},
    )
    shop.events(
        "pc",
        {"at": now - 10 * MINUTE, "title": "모자", "url": "https://shop.example/hat", "environment": "pc_web"},
        {"at": now - 9 * MINUTE, "name": "heartbeat", "pageview": False},
        {"at": now - 8 * MINUTE, "name": "heartbeat", "pageview": False},
        {"at": now - MINUTE, "name": "wished_for", "pageview": False, "title": "찜"},
    )


def card(page: Page, name: str) -> Locator:
    """The section with this heading."""
    heading = page.get_by_role("heading", name=KO[f"person.{name}"], exact=True)
    return page.locator("section.card").filter(has=heading)


def test_the_page_says_what_the_api_knows(server: Server, desk: Desk) -> None:
    site_id, now = server.site(), now_ms()
    mina(Shop(server.store, site_id), now)
    email = server.user(**{site_id: "editor"})
    desk.sign_in(email).close()
    rich = {"all": [{"field": "orders", "op": ">=", "value": 1}, {"field": "visits", "op": ">=", "value": 50}]}
    api(desk, site_id, "POST", "/v1/segments", {"name": "단골 <b>", "expression": rich})
    page = desk.go("/people/member%3Amina")
    expect(page.get_by_role("heading", level=1)).to_have_text("민아")
    expect(page.locator(".person-head")).to_contain_text("mina")
    expect(page.locator(".person-dot")).to_have_count(1)
    figures = page.locator(".sum dd")
    for nth, words in enumerate(["2회", "7페이지", "11분 00초", "1건", "12,000원", "12,000원"]):
        expect(figures.nth(nth)).to_contain_text(words)
    expect(card(page, "now")).to_contain_text("https://shop.example/hat")
    expect(card(page, "now")).to_contain_text("4페이지")
    cart = card(page, "cart")
    expect(cart.locator(".card-head")).to_contain_text("30,000원 3개")
    expect(cart.locator("li")).to_have_text([re.compile("scarf.*× 2.*15,000원"), re.compile("belt.*× 1.*2,000원")])
    member = card(page, "member")
    for words in ("골드", "5,110P", "08-09", "✓문자 동의", "✕이메일 거부", "✓카카오 채널 친구", "size", "신규 가입"):
        expect(member).to_contain_text(words)
    expect(member.locator(".coupons .expired")).to_contain_text("지난 쿠폰")
    orders = card(page, "orders").locator(".order")
    expect(orders.nth(0)).to_contain_text(KO["person.refunded.whole"])
    expect(orders.nth(1)).to_contain_text("3,000원 환불")
    expect(orders.nth(1).locator("strong")).to_have_text("12,000원")
    segments = card(page, "segments")
    segments.get_by_text("단골 <b>").click()
    expect(segments.locator(".condition")).to_have_count(2)
    expect(segments.locator(".condition.holds")).to_contain_text(KO("person.value", value=1))
    told = api(desk, site_id, "GET", "/v1/people/member%3Amina/segments")["segments"][0]["conditions"]
    expect(segments.locator(".condition-words").nth(1)).to_contain_text(told[1]["sentence"]["ko"])


def test_the_timeline_is_in_visits_goes_on_and_can_be_narrowed(server: Server, desk: Desk) -> None:
    site_id, now = server.site(), now_ms()
    shop = Shop(server.store, site_id)
    mina(shop, now)
    page = desk.sign_in(server.user(**{site_id: "viewer"}), "/people/member%3Amina")
    page.goto(f"{server.url}/people/member%3Amina")
    visits = page.locator(".visit")
    expect(visits).to_have_count(2)
    expect(visits.nth(0).locator(".event-first")).to_have_text(
        [re.compile("wished_for.*찜"), re.compile("페이지 열어 둠.*× 2"), re.compile("페이지 보기.*모자")]
    )
    expect(visits.nth(1).locator(".event-first")).to_have_text(
        [
            re.compile("구매.*15,000원"),
            re.compile("장바구니 담기"),
            re.compile("검색.*“겨울 모자”"),
            re.compile("페이지 보기.*첫 화면"),
        ]
    )
    expect(visits.nth(1).locator(".visit-figures")).to_contain_text("3페이지 · 2분 00초 · 12,000원")
    expect(visits.nth(1).locator(".visit-from")).to_contain_text("모바일 웹 · phone")
    kinds = page.get_by_label(KO["person.kind"])
    kinds.select_option(label=KO["person.event.purchase"])
    expect(page.locator(".event")).to_have_count(1)
    kinds.select_option(label=KO["person.event.logout"])
    expect(page.get_by_text(KO["person.events.none_of_kind"])).to_be_visible()
    kinds.select_option("")
    expect(page.locator(".event")).to_have_count(7)
    shop.events("pc", *[{"at": now - 5 * MINUTE + n, "title": f"상품 {n}"} for n in range(120)])
    expect(page.locator(".event")).to_have_count(50)  # what is new is there by itself
    expect(page.locator(".event").nth(1)).to_contain_text("상품 119")
    more = page.get_by_role("button", name=KO["person.older"])
    more.click()
    expect(page.locator(".event")).to_have_count(100)
    more.click()
    expect(page.locator(".event")).to_have_count(127)
    expect(more).to_have_count(0)
    expect(visits).to_have_count(2)


def test_a_person_who_is_not_there_and_one_who_cannot_be_read(server: Server, desk: Desk) -> None:
    desk.expected += ["404", "503"]
    site_id = server.site()
    insert_visitors(server.store, site_id, [Visitor("here", [Visit(now_ms(), now_ms())])])
    page = desk.sign_in(server.user(**{site_id: "viewer"}), "/people/visitor%3Anobody")
    page.goto(f"{server.url}/people/visitor%3Anobody")
    expect(page.get_by_role("heading", level=1)).to_have_text("nobody")
    expect(page.get_by_text(KO["person.nobody"], exact=True)).to_be_visible()
    expect(page.get_by_text(KO["person.nobody_detail"])).to_be_visible()
    desk.context.route("**/v1/people/**", lambda route: route.fulfill(status=503, json={"detail": "away"}))
    page.goto(f"{server.url}/people/visitor%3Ahere")
    expect(page.get_by_role("alert")).to_contain_text(KO["common.failed"])
    desk.context.unroute("**/v1/people/**")
    page.get_by_role("button", name=KO["common.retry"]).click()
    expect(page.locator(".sum dd").first).to_contain_text("1회")
    expect(page.get_by_text(KO["person.cart.none"])).to_be_visible()


@pytest.mark.parametrize("size", [{}, PHONE], ids=["desk", "phone"])
def test_strings_of_strangers_are_text_and_break_nothing(server: Server, desks: Desks, size: dict[str, Any]) -> None:
    site_id, now = server.site(), now_ms()
    shop, visitor_id = Shop(server.store, site_id), "a/b?c#d%2f../.." + EVIL
    hostile = dict.fromkeys(("page_title", "os", "browser", "search_keyword", "channel", "utm_campaign"), LONG)
    orders = [Order(LONG[:200], now - MINUTE, 10**14, [(LONG, 10**9)])]
    visit = Visit(now - HOUR, now, 10**6, orders)
    columns = {**hostile, "page_url": f"javascript:alert(1)//{EVIL}{LONG}", "stint_end": 0}
    insert_visitors(server.store, site_id, [Visitor(visitor_id, [visit], [(LONG, 5), (EVIL, 1)], columns=columns)])
    shop.orders(visitor_id, (LONG[:200], 10**14, 1, now - MINUTE, True))
    shop.events(
        visitor_id,
        {"at": now - MINUTE, "title": EVIL + LONG, "url": f"https://shop.example/{EVIL}{LONG}"},
        {"at": now - 2_000, "name": "search", "search_term": LONG},
        {
            "at": now - 1_000,
            "name": "purchase",
            "value": 10**14,
            "transaction_id": LONG[:200],
            **items((LONG, 10**12, 10**6)),
        },
    )
    desk = desks(**size)
    page = desk.sign_in(server.user(**{site_id: "viewer"}), f"/people/{quote('visitor:' + visitor_id, safe='')}")
    page.goto(f"{server.url}/people/{quote('visitor:' + visitor_id, safe='')}")
    shown = visitor_id.replace("\u202e", "\\u202e").replace("\u0007", "\\u0007")
    expect(page.get_by_role("heading", level=1)).to_have_text(shown)
    expect(page.locator(".event")).to_have_count(3)
    expect(page.locator(".events")).to_contain_text("<script>alert(2)</script>\\u202egnp.exe\\u0007{{7*7}}")
    assert overflow(page) == 0
    assert page.locator("#app img, #app script, #app a[href^=javascript]").count() == 0
    assert violations(page) == []


def test_everything_is_said_in_english_too_and_by_keys_alone(server: Server, desk: Desk) -> None:
    site_id = server.site()
    mina(Shop(server.store, site_id), now_ms())
    email = server.user("en", **{site_id: "editor"})
    desk.sign_in(email).close()
    api(
        desk,
        site_id,
        "POST",
        "/v1/segments",
        {"name": "Buyers", "expression": {"field": "orders", "op": ">=", "value": 1}},
    )
    page = desk.go("/people/mina")
    expect(page.locator(".visit")).to_have_count(2)
    expect(page.locator(".sum dt").first).to_have_text(EN["person.sum.visits"])
    summary = page.locator(".why summary")
    expect(summary).to_contain_text("Buyers")
    page.locator(".back").focus()
    for _ in range(6):
        page.keyboard.press("Tab")
        if summary.evaluate("(one) => one === document.activeElement"):
            break
    expect(summary).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".condition")).to_be_visible()
    written = page.locator(".person-columns h2, .sums dt, .event-name").all_inner_texts()
    assert [words for words in written if re.search("[가-힣]", words)] == []


def test_axe_finds_nothing_wrong(server: Server, desk: Desk) -> None:
    site_id = server.site()
    mina(Shop(server.store, site_id), now_ms())
    desk.sign_in(server.user(**{site_id: "editor"})).close()
    buyers = {"name": "구매자", "expression": {"field": "orders", "op": ">=", "value": 1}}
    api(desk, site_id, "POST", "/v1/segments", buyers)
    page = desk.go("/people/member%3Amina")
    page.locator(".why summary").click()
    expect(page.locator(".visit")).to_have_count(2)
    expect(page.locator("[data-status]")).not_to_have_attribute("data-status", "waiting")
    for viewport in (DESK, SMALL):
        page.set_viewport_size(viewport)
        assert overflow(page) == 0
        for colours in COLOURS:
            page.emulate_media(color_scheme=colours, reduced_motion="reduce")
            assert violations(page) == [], (viewport, colours)
