"""Signing in, in a real Chromium: with keys alone, on a phone, in the dark, in two languages, and for who cannot see it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from api.pages.assets import assets
from deploy.clock import now_ms
from tests.api.visitors import Visit, Visitor, insert_visitors
from tests.pages.conftest import PASSWORD, Desk, Desks, Server, entered
from tests.pages.look import EN, KO, PHONE, overflow, violations


def ground(page: Page) -> str:
    colour: str = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    return colour


def test_one_signs_in_sees_the_shop_and_signs_out(server: Server, desk: Desk) -> None:
    site_id = server.site("라운드 상점")
    insert_visitors(server.store, site_id, [Visitor(f"v{n}", [Visit(now_ms(), now_ms())]) for n in range(1_234)])
    page = desk.sign_in(server.user(**{site_id: "viewer"}))
    page.wait_for_url(f"{server.url}/?site={site_id}&window=24h")
    expect(page.get_by_role("heading", level=1)).to_have_text(KO["live.title"])
    expect(page.locator(".bar-site")).to_contain_text("라운드 상점")
    expect(page.locator(".count dd")).to_have_text(["1,234명"] * 3)
    (cookie,) = [one for one in desk.context.cookies() if one["name"] == "sonnim_session"]
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")
    assert page.evaluate("() => document.cookie.includes('session')") is False
    page.locator(".account-menu summary").click()
    page.get_by_role("button", name=KO["logout"]).click()
    page.wait_for_url(f"{server.url}/login")
    assert [one for one in desk.context.cookies() if one["name"] == "sonnim_session"] == []
    page.goto(server.url + "/")
    assert page.url == f"{server.url}/login"


def test_a_wrong_password_is_told_where_it_is_heard_and_the_next_try_works(server: Server, desk: Desk) -> None:
    desk.expected.append("401")
    email = server.user(**{server.site(): "viewer"})
    page = desk.go("/login")
    page.get_by_label(KO["login.email"]).fill(email)
    page.get_by_label(KO["login.password"], exact=True).fill("not the password")
    page.get_by_role("button", name=KO["login.submit"]).click()
    expect(page.get_by_role("alert")).to_have_text(re.compile(re.escape(KO["login.wrong"])))
    password = page.get_by_label(KO["login.password"], exact=True)
    expect(password).to_be_focused()
    expect(password).to_have_accessible_description(KO["login.wrong"])
    expect(page.get_by_label(KO["login.email"])).to_have_value(email)
    password.fill(PASSWORD)
    page.keyboard.press("Enter")
    entered(page)


def test_keys_alone_are_enough(server: Server, desk: Desk) -> None:
    one, other = server.site("첫째 상점"), server.site("둘째 상점")
    email = server.user(**{one: "viewer", other: "admin"})
    page = desk.go("/login")
    expect(page.get_by_label(KO["login.email"])).to_be_focused()
    page.keyboard.type(email)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name=KO["login.show"])).to_be_focused()
    page.keyboard.press("Space")
    assert page.locator("#password").get_attribute("type") == "text"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    entered(page)
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()
    page.locator(".bar-brand").focus()
    page.keyboard.press("Tab")
    expect(page.locator(".site-menu summary")).to_be_focused()
    assert page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(page.locator(".site-menu summary")).to_be_focused()
    expect(page.locator(".site-menu a").first).to_be_hidden()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    chosen = page.evaluate("() => document.activeElement.querySelector('.cut').textContent")
    page.keyboard.press("Enter")
    expect(page.locator(".site-menu summary")).to_have_text(chosen)


def test_the_menu_shows_the_role_at_the_site_that_is_shown(server: Server, desk: Desk) -> None:
    one, other = server.site("첫째 상점"), server.site("둘째 상점")
    page = desk.sign_in(server.user(**{one: "viewer", other: "admin"}), f"/?site={other}")
    assert page.locator("body").get_attribute("data-site") == other
    expect(page.locator(".account-who small")).to_have_text(f"{KO['role.admin']} · 둘째 상점")
    page.goto(f"{server.url}/?site={one}")
    expect(page.locator(".account-who small")).to_have_text(f"{KO['role.viewer']} · 첫째 상점")
    page.goto(f"{server.url}/")
    assert page.locator("body").get_attribute("data-site") == one


def test_the_language_changes_at_a_click_and_stays_and_so_does_what_is_looked_at(server: Server, desk: Desk) -> None:
    email = server.user(**{server.site(): "viewer"})
    page = desk.go("/login")
    expect(page.locator("html")).to_have_attribute("lang", "ko")
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_role("heading", level=1)).to_have_text(EN["login.title"])
    page = desk.sign_in(email)
    expect(page.get_by_role("heading", level=1)).to_have_text(KO["live.title"])
    page.get_by_role("button", name=KO["common.window.7d"]).click()
    page.wait_for_url("**window=7d**")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(EN["live.title"])
    expect(page.get_by_role("button", name=EN["common.window.7d"])).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".count dt")).to_have_text([EN["live.online"], EN["live.day"], EN["live.week"]])


def test_it_is_dark_where_the_system_is_and_where_one_says_so(server: Server, desks: Desks) -> None:
    dark = desks(color_scheme="dark").go("/login")
    page = desks().go("/login")
    night, day = ground(dark), ground(page)
    assert night != day
    page.get_by_role("button", name=KO["theme.dark"]).click()
    assert ground(page) == night
    page.reload()
    assert ground(page) == night
    expect(page.get_by_role("button", name=KO["theme.dark"])).to_have_attribute("aria-pressed", "true")
    dark.get_by_role("button", name=KO["theme.light"]).click()
    assert ground(dark) == day


def test_the_bar_says_how_fresh_the_figures_are(server: Server, desk: Desk) -> None:
    page = desk.sign_in(server.user(**{server.site(): "viewer"}))
    status = page.locator("[data-status]")
    expect(status).to_have_attribute("data-status", "never")
    expect(page.locator("[data-status-text]")).to_have_text(KO["common.never"])
    told = {"as_of": "2026-05-04T03:02:01.000Z", "age_seconds": 0.5, "stale": False}
    page.route("**/v1/freshness", lambda route: route.fulfill(json=told))
    expect(status).to_have_attribute("data-status", "fresh")
    expect(page.locator("[data-status-text]")).to_have_text(re.compile(r"12[:시 ]+0?2[:분 ]+0?1초? 기준"))
    page.unroute("**/v1/freshness")
    page.route("**/v1/freshness", lambda route: route.fulfill(json={**told, "stale": True}))
    expect(status).to_have_attribute("data-status", "stale")
    page.unroute("**/v1/freshness")
    desk.expected.append("ERR_FAILED")
    page.route("**/v1/freshness", lambda route: route.abort())
    expect(status).to_have_attribute("data-status", "away")
    expect(page.locator("[data-status-said]")).to_have_text(KO["common.away_detail"])


def test_counts_that_cannot_be_loaded_say_so_and_are_tried_again(server: Server, desk: Desk) -> None:
    desk.expected.append("503")
    email = server.user(**{server.site(): "viewer"})
    desk.context.route("**/v1/live/**", lambda route: route.fulfill(status=503, json={"detail": "away"}))
    page = desk.sign_in(email)
    expect(page.get_by_role("alert")).to_contain_text(KO["common.failed"])
    desk.context.unroute("**/v1/live/**")
    page.get_by_role("button", name=KO["common.retry"]).click()
    expect(page.locator(".count dd")).to_have_text(["0명"] * 3)
    expect(page.get_by_text(KO["live.empty"])).to_be_visible()


def test_a_session_that_is_over_leads_to_the_door(server: Server, desk: Desk) -> None:
    desk.expected.append("401")
    page = desk.sign_in(server.user(**{server.site(): "viewer"}))
    desk.context.clear_cookies()
    page.wait_for_url(re.compile(r"/login\?next=%2F(%3Fsite|$)"), timeout=60_000)


def test_signing_in_works_without_scripts(server: Server, desks: Desks) -> None:
    page = desks(java_script_enabled=False).sign_in(server.user(**{server.site("상점"): "viewer"}))
    expect(page.locator(".bar-site")).to_contain_text("상점")
    page.locator(".account-menu summary").click()
    page.get_by_role("button", name=KO["logout"]).click()
    page.wait_for_url(f"{server.url}/login")


def test_a_phone_shows_all_of_it(server: Server, desks: Desks) -> None:
    desk = desks(**PHONE)
    long = "아주 긴 이름을 가진 세상에서 가장 큰 온라인 쇼핑몰 상점"
    email = server.user(name="김" * 60, **{server.site(long): "viewer", server.site(long * 2): "viewer"})
    page = desk.go("/login")
    assert overflow(page) == 0
    page = desk.sign_in(email)
    expect(page.locator(".count dd").first).to_have_text("0명")
    assert overflow(page) == 0
    for menu in (".site-menu", ".account-menu"):
        page.locator(f"{menu} summary").click()
        box = page.locator(f"{menu} .menu-list").bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 360
        assert overflow(page) == 0


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("size", [{}, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing_wrong(server: Server, desks: Desks, colours: str, size: dict[str, Any]) -> None:
    desk = desks(color_scheme=colours, **size)
    desk.expected.append("401")
    email = server.user(**{server.site("첫째 상점"): "viewer", server.site("둘째 상점"): "admin"})
    page = desk.go("/login")
    assert violations(page) == []
    page.locator("[name=email]").fill(email)
    page.locator("[name=password]").fill("not the password")
    page.locator("[type=submit]").click()
    page.wait_for_selector(".notice")
    assert violations(page) == []
    page = desk.sign_in(email)
    expect(page.locator(".count dd").first).to_have_text("0명")
    expect(page.locator("[data-status]")).not_to_have_attribute("data-status", "waiting")
    assert violations(page) == []
    for menu in (".site-menu", ".account-menu"):
        page.locator(f"{menu} summary").click()
        assert violations(page) == []
        page.keyboard.press("Escape")


def test_the_vendored_libraries_run_under_the_policy(server: Server, desk: Desk) -> None:
    page = desk.go("/login")
    drawn = page.evaluate(
        """async (at) => {
            const { h, render } = await import(at + 'vendor/preact.js');
            const { useState } = await import(at + 'vendor/preact-hooks.js');
            const { signal, computed } = await import(at + 'vendor/signals.js');
            const { default: htm } = await import(at + 'vendor/htm.js');
            const { default: uPlot } = await import(at + 'vendor/uplot.js');
            const html = htm.bind(h), people = signal(1), twice = computed(() => people.value * 2);
            const Shown = () => { const [kept] = useState('kept'); return html`<p class="shown">${kept} ${twice} ${'<b>'}</p>` };
            const place = document.body.appendChild(document.createElement('div'));
            render(html`<${Shown} />`, place);
            people.value = 21;
            await new Promise((done) => setTimeout(done, 50));
            const size = { width: 300, height: 120, series: [{}, { stroke: 'green' }] };
            const plot = new uPlot(size, [[1, 2, 3], [4, 5, 6]], document.body.appendChild(document.createElement('div')));
            return [place.textContent, plot.ctx.canvas.width > 0, place.querySelector('b')];
        }""",
        assets().url("base.css").removesuffix("base.css"),
    )
    assert drawn == ["kept 42 <b>", True, None]


def test_what_a_shop_is_called_stays_text(server: Server, desk: Desk) -> None:
    name = """"><img src=x onerror=alert(1)><script>alert(2)</script>"""
    page = desk.sign_in(server.user(name=name, **{server.site(name): "viewer"}))
    expect(page.locator(".bar-site")).to_contain_text(name)
    assert page.locator("img").count() == 0
