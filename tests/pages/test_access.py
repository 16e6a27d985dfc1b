"""Accounts, in a real Chromium: roles given and taken, passwords, and the audit."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from deploy.clock import now_ms
from sql.audit import Entry, write_entry
from sql.users import find_user
from tests.pages.conftest import PASSWORD, Desk, Desks, Server, entered
from tests.pages.look import EN, KO, PHONE, overflow, violations
from tests.pages.test_hooks import EVIL, LONG, SEEN, told


def of(page: Page, email: str) -> Any:
    return page.locator("[data-user]", has_text=email)


def test_a_role_is_given_changed_and_taken_and_the_audit_shows_it(server: Server, desk: Desk, desks: Desks) -> None:
    desk.expected.extend(["422", "409"])
    site_id = server.site()
    kim = server.user(**{site_id: "admin"})
    page = desk.sign_in(kim, "/access")
    expect(page.get_by_text(KO["access.no_entries"])).to_be_visible()
    page.get_by_role("button", name=KO["access.add"]).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label(KO["access.email"]).fill("no e-mail")
    dialog.get_by_role("button", name=KO["access.add"]).click()
    expect(dialog.get_by_label(KO["access.email"])).to_have_accessible_description(KO["access.wrong.email"])
    expect(dialog.get_by_label(KO["access.email"])).to_be_focused()
    email = f"lee-{site_id}@shop.example"
    dialog.get_by_label(KO["access.email"]).fill(email)
    dialog.get_by_label(KO["access.name"]).fill("이서준")
    dialog.get_by_role("button", name=KO["access.role.editor"]).click()
    dialog.get_by_role("button", name=KO["access.add"]).click()
    expect(dialog.get_by_text(KO["access.wrong.needs_password"])).to_be_visible()
    dialog.get_by_label(KO["access.password"]).fill("short")
    dialog.get_by_role("button", name=KO["access.add"]).click()
    expect(dialog.get_by_text(KO["access.wrong.short"])).to_be_visible()
    dialog.get_by_label(KO["access.password"]).fill(PASSWORD)
    dialog.get_by_role("button", name=KO["access.add"]).click()
    expect(of(page, email)).to_contain_text(KO["access.role.editor"])
    expect(page.locator("[data-entry]")).to_contain_text([KO["access.what.user.added"]])
    of_lee = desks()
    of_lee.expected.append("403")
    lee = of_lee.sign_in(email, "/access")
    expect(lee.get_by_text(KO["access.role_detail.editor"])).to_be_visible()
    expect(lee.get_by_role("heading", name=KO["access.own_password"])).to_be_visible()
    expect(lee.get_by_role("heading", name=KO["access.users"])).to_have_count(0)
    assert told(lee, "/v1/users")["status"] == 403
    lee.context.close()

    of(page, email).get_by_role("button", name=KO["access.change_short"]).click()
    dialog.get_by_role("button", name=KO["access.role.viewer"]).click()
    dialog.get_by_role("button", name=KO["common.save"]).click()
    expect(of(page, email)).to_contain_text(KO["access.role.viewer"])
    changed = page.locator("[data-entry]").first
    expect(changed).to_contain_text(KO["access.what.user.changed"])
    expect(changed.locator("del")).to_contain_text(KO["access.role.editor"])
    expect(changed.locator("ins")).to_contain_text(KO["access.role.viewer"])
    expect(changed.locator("dt")).to_have_text([KO["access.key.role"]])
    expect(changed).to_contain_text(kim)
    of(page, kim).get_by_role("button", name=KO["access.remove_short"]).click()
    dialog.get_by_role("button", name=KO["access.remove"]).click()
    expect(dialog.get_by_role("alert")).to_have_text(KO["access.wrong.last_admin"])
    page.keyboard.press("Escape")
    of(page, email).get_by_role("button", name=KO["access.remove_short"]).click()
    dialog.get_by_role("button", name=KO["access.remove"]).click()
    expect(of(page, email)).to_have_count(0)
    expect(page.locator("[data-entry]").first).to_contain_text(KO["access.what.user.removed"])
    assert find_user(server.store, email=email) is None
    assert [one["what"] for one in told(page, "/v1/audit")["entries"]] == ["user.removed", "user.changed", "user.added"]


def test_a_viewer_changes_his_own_password_and_wrong_ones_are_told_where_they_are(server: Server, desk: Desk) -> None:
    desk.expected.extend(["422", "401"])
    email = server.user("en", **{server.site(): "viewer"})
    page = desk.sign_in(email)
    page.get_by_role("link", name=EN["nav.access"]).click()
    current = page.get_by_label(EN["access.current_password"])
    fresh = page.get_by_label(EN["access.new_password"])
    current.focus()
    page.keyboard.press("Enter")
    expect(current).to_be_focused()
    expect(current).to_have_accessible_description(EN["access.wrong.missing"])
    current.fill("not the password")
    fresh.fill("another horse battery")
    page.keyboard.press("Enter")
    expect(current).to_have_accessible_description(EN["access.wrong.current"])
    expect(current).to_be_focused()
    current.fill(PASSWORD)
    fresh.fill("aaaaaaaaaaaa")
    page.keyboard.press("Enter")
    expect(page.get_by_text(EN["access.wrong.one_character"])).to_be_visible()
    fresh.fill("another horse battery")
    page.keyboard.press("Enter")
    expect(page.get_by_text(EN["access.password_changed"])).to_be_visible()
    expect(current).to_have_value("")
    expect(page.get_by_role("heading", name=EN["access.audit"])).to_have_count(0)
    desk.context.clear_cookies()
    entered(desk.sign_in(email, password="another horse battery"))


def test_the_audit_is_paged_and_what_strangers_wrote_is_text(server: Server, desks: Desks) -> None:
    desk = desks(**PHONE)
    site_id = server.site()
    now = now_ms()
    for number in range(32):
        before = f'{{"name": "{number}", "version": 1, "active": true}}'
        after = f'{{"name": "{number}!", "version": 2, "active": true}}'
        write_entry(
            server.store, Entry(site_id, now - number * 1_000, "key", "key_1", "segment.changed", "seg", before, after)
        )
    evil = f'{{"name": "{LONG[:400]}", "host": "<img src=x onerror=alert(1)>", "segment_count": null, "active": false}}'
    write_entry(server.store, Entry(site_id, now + 1, "user", EVIL, "hook.created", EVIL, "", evil, EVIL))
    page = desk.sign_in(server.user(name=EVIL[:90], **{site_id: "admin"}), "/access")
    first = page.locator("[data-entry]").first
    expect(first).to_contain_text(KO["access.what.hook.created"])
    expect(first).to_contain_text("<img src=x onerror=alert(1)>")
    expect(first.locator(".entry-who")).to_contain_text(SEEN)
    expect(first).to_contain_text(KO["access.all_segments"])
    expect(page.locator(".user-name").first).to_contain_text("<script>")
    assert page.locator("#app img, #app script").count() == 0
    assert overflow(page) == 0
    second = page.locator("[data-entry]").nth(1)
    expect(second.locator("dt")).to_have_text([KO["access.key.name"], KO["access.key.version"]])
    expect(second).to_contain_text(KO("access.by_key", id="key_1"))
    expect(page.locator("[data-entry]")).to_have_count(30)
    page.get_by_role("button", name=KO["common.more"]).click()
    expect(page.locator("[data-entry]")).to_have_count(33)
    expect(page.get_by_role("button", name=KO["common.more"])).to_have_count(0)


@pytest.mark.parametrize(("colours", "size"), [("light", {}), ("dark", PHONE)])
def test_axe_finds_nothing_wrong_with_accounts(
    server: Server, desks: Desks, colours: str, size: dict[str, Any]
) -> None:
    desk = desks(color_scheme=colours, **size)
    desk.expected.append("503")
    site_id = server.site()
    server.user(**{site_id: "viewer"})
    before, after = '{"email": "a@shop.example", "role": "viewer"}', '{"email": "a@shop.example", "role": "admin"}'
    write_entry(server.store, Entry(site_id, now_ms(), "user", "a", "user.changed", "u", before, after, "203.0.113.7"))
    page = desk.sign_in(server.user(**{site_id: "admin"}), "/access")
    expect(page.locator("[data-entry]")).to_have_count(1)
    expect(page.locator("[data-user]")).to_have_count(2)
    assert (violations(page), overflow(page)) == ([], 0)
    page.get_by_role("button", name=KO["access.add"]).click()
    page.get_by_role("dialog").get_by_role("button", name=KO["access.add"]).click()
    expect(page.get_by_text(KO["access.wrong.email"])).to_be_visible()
    assert (violations(page), overflow(page)) == ([], 0)
    page.keyboard.press("Escape")
    desk.context.route("**/v1/audit*", lambda route: route.fulfill(status=503, json={"detail": "away"}))
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text(KO["access.audit_failed"])
    assert violations(page) == []
