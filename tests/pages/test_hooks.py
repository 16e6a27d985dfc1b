"""Hooks and their deliveries, in a real Chromium."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from api.dispatch.delivery import Delivery
from api.dispatch.ledger import Ledger
from api.dispatch.signing import new_secret
from deploy.clock import now_ms
from sql.hooks import Hook, HookTerms, create_hook, disable_hook, get_hook, list_hooks
from sql.segments import create_segment
from tests.pages.conftest import Desk, Desks, Server
from tests.pages.look import EN, KO, PHONE, overflow, violations

URL = "https://93.184.216.34/hooks"
MINUTE = 60_000
DAY = 86_400_000
EVIL = """"><img src=x onerror=alert(1)><script>alert(2)</script>\u202e\u0007"""
SEEN = EVIL.replace("\u202e", "\\u202e").replace("\u0007", "\\u0007")
LONG = "x" * 1_900


def segment(server: Server, site_id: str, name: str = "장바구니를 둔 사람") -> str:
    expression = {"field": "visits", "op": ">=", "value": 1}
    return create_segment(server.store, site_id, name, expression, now_ms()).segment_id


def hook(server: Server, site_id: str, url: str = URL, **terms: Any) -> Hook:
    told = HookTerms(url, **{"events": ("segment.entered", "segment.exited"), **terms})
    return create_hook(server.store, site_id, told, new_secret(), now_ms() - 3 * DAY)


def written(server: Server, of: Hook, *deliveries: dict[str, Any]) -> None:
    """Deliveries in the ledger, the first one the newest, a minute apart."""
    now = now_ms()
    rows = []
    for number, more in enumerate(deliveries):
        at = now - number * MINUTE
        values: dict[str, Any] = {
            "site_id": of.site_id, "hook_id": of.hook_id, "webhook_id": f"msg_{of.hook_id[-6:]}_{number:03}", "partition": 0,
            "transition_id": f"tr_{number}", "type": "segment.entered", "segment_id": "seg_gone", "person_id": f"member:{number}",
            "member_id": str(number), "visitor_id": "", "entry": 1, "at": at, "body": json.dumps({"n": number}), "created_at": at,
            "changed_at": at, "next_attempt_at": 0, "status": "delivered", "attempts": 1, "last_status": 204,
        }  # fmt: skip
        rows.append(Delivery(**{**values, **more}).row(at))
    Ledger(server.store).write(rows)


def told(page: Page, path: str) -> Any:
    """What the API tells the page's session."""
    return page.evaluate("(path) => fetch(path, { headers: { 'X-Sonnim': '1' } }).then((told) => told.json())", path)


def row(page: Page, person_id: str) -> Any:
    return page.locator("[data-delivery]", has=page.get_by_role("link", name=person_id, exact=True))


def test_a_hook_is_made_from_a_segment_and_its_secret_is_shown_once(server: Server, desk: Desk) -> None:
    desk.expected.append("422")
    desk.context.grant_permissions(["clipboard-read", "clipboard-write"])
    site_id = server.site()
    wanted, _ = segment(server, site_id), segment(server, site_id, "다른 세그먼트")
    page = desk.sign_in(server.user(**{site_id: "editor"}), f"/hooks?segment={wanted}")
    expect(page.get_by_text(KO["hooks.what_it_is"])).to_be_visible()
    page.get_by_role("link", name=KO["hooks.connect"]).click()
    page.get_by_role("button", name=KO["hook.create"]).click()
    url = page.get_by_label(KO["hook.field.url"])
    expect(url).to_be_focused()
    expect(url).to_have_accessible_description(re.compile(re.escape(KO["hook.wrong.url_missing"])))
    url.fill("https://169.254.169.254/latest")
    page.get_by_label(KO["hook.policy.not_within"]).check()
    page.get_by_label(KO["hook.policy.within"]).fill("0")
    page.get_by_role("button", name=KO["hook.create"]).click()
    expect(page.get_by_role("group", name=KO["hook.field.policy"])).to_have_accessible_description(
        KO["hook.wrong.span"]
    )
    page.get_by_label(KO["hook.policy.within"]).fill("3")
    page.get_by_label(KO["hook.delay.some"]).check()
    page.get_by_label(KO["hook.delay.how_long"]).fill("8")
    page.locator("#delay_seconds select").select_option(label=KO["hook.span.days"])
    page.get_by_role("button", name=KO["hook.create"]).click()
    expect(page.get_by_role("group", name=KO["hook.field.delay"])).to_have_accessible_description(
        re.compile(re.escape(KO["hook.wrong.delay_long"]))
    )
    page.get_by_label(KO["hook.delay.how_long"]).fill("2")
    page.get_by_role("button", name=KO["hook.create"]).click()
    expect(url).to_have_accessible_description(re.compile(re.escape(KO["hook.wrong.url_private"])))
    url.fill(URL)
    assert list_hooks(server.store, site_id) == []
    page.get_by_role("button", name=KO["hook.create"]).click()
    secret = page.locator("[data-secret]").inner_text()
    (made,) = list_hooks(server.store, site_id)
    assert secret == made.secret
    assert made.terms == HookTerms(URL, ("segment.entered",), (wanted,), "not_within", 3 * 86_400, 2 * 86_400, True)
    page.get_by_role("button", name=KO["hook.secret.copy"]).click()
    expect(page.get_by_text(KO["hook.secret.copied_yes"])).to_be_visible()
    assert page.evaluate("() => navigator.clipboard.readText()") == secret
    assert page.url == f"{server.url}/hooks/{made.hook_id}"
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("93.184.216.34")
    expect(page.locator(".told")).to_contain_text("장바구니를 둔 사람")
    expect(page.locator(".told")).to_contain_text(KO("common.hook.not_within", time="3일"))
    assert secret not in page.content()
    page.goto(f"{server.url}/hooks")
    expect(page.locator("[data-hook]")).to_have_count(1)
    assert secret not in page.content()


def test_a_link_to_a_segment_that_was_deleted_chooses_nothing(server: Server, desk: Desk) -> None:
    site_id = server.site()
    segment(server, site_id)
    page = desk.sign_in(server.user(**{site_id: "editor"}), "/hooks/new?segment=seg_gone")
    expect(page.get_by_text(KO["hook.segment_gone"])).to_be_visible()
    expect(page.get_by_label(KO["hook.segments.chosen"])).to_be_checked()
    page.get_by_label(KO["hook.field.url"]).fill(URL)
    page.get_by_role("button", name=KO["hook.create"]).click()
    expect(page.get_by_text(KO["hook.wrong.segments"])).to_be_visible()


def test_deliveries_say_why_and_are_sent_again_and_what_is_open_stays_open(server: Server, desk: Desk) -> None:
    site_id = server.site()
    of = hook(server, site_id)
    skipped = [
        {"status": "skipped", "attempts": 0, "last_status": 0, "reason": why} for why in ("once", "left", "returned")
    ]
    written(
        server,
        of,
        {"status": "waiting", "attempts": 2, "last_status": 503, "last_error": "HTTP 503: not accepted", "next_attempt_at": now_ms() + DAY},
        {"status": "failed", "attempts": 10, "last_status": 500, "last_error": "HTTP 500: not accepted"},
        *skipped,
        {"status": "failed", "last_status": 410, "reason": "disabled"},
        {"status": "failed", "attempts": 10, "last_status": 0, "last_error": "OSError: refused", "at": now_ms() - 3 * DAY},
        *({} for _ in range(30)),
    )  # fmt: skip
    page = desk.sign_in(server.user(**{site_id: "editor"}), f"/hooks/{of.hook_id}")
    expect(page.locator("[data-delivery]")).to_have_count(25)
    for person_id, words in (
        ("member:0", KO("hook.answer.status", status=503)), ("member:0", "시도 2회"), ("member:0", "다음 시도 24시간 후"),
        ("member:1", KO("hook.answer.status", status=500)), ("member:2", KO["hook.reason.once"]), ("member:3", KO["hook.reason.left"]),
        ("member:4", KO["hook.reason.returned"]), ("member:5", KO["hook.reason.disabled"]),
        ("member:6", KO("hook.answer.error", error="OSError: refused")), ("member:7", KO("hook.answer.status", status=204)),
    ):  # fmt: skip
        expect(row(page, person_id)).to_contain_text(words)
    assert row(page, "member:1").get_by_role("link").get_attribute("href") == "/people/member%3A1"
    row(page, "member:7").get_by_role("button", name=KO["hook.body"]).click()
    expect(row(page, "member:7").locator("pre")).to_contain_text('"n": 7')
    page.get_by_role("button", name=KO["common.more"]).click()
    expect(page.locator("[data-delivery]")).to_have_count(37)

    row(page, "member:1").get_by_role("button", name=KO["hook.replay"]).click()
    expect(row(page, "member:1")).to_contain_text(KO["hook.reason.replayed"])
    waiting = told(page, f"/v1/hooks/{of.hook_id}/deliveries?status=waiting")["deliveries"]
    assert {(one["person_id"], one["attempts"]) for one in waiting} == {("member:0", 2), ("member:1", 0)}
    expect(page.locator("[data-delivery]")).to_have_count(37)
    expect(row(page, "member:7").locator("pre")).to_be_visible()

    filters = page.get_by_role("group", name=KO["hook.filter"])
    filters.get_by_role("button", name=KO["hook.delivery.failed"]).click()
    expect(page.locator("[data-delivery]")).to_have_count(2)
    page.get_by_role("button", name=KO["hook.replay_many"]).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(KO("hook.failed_count.other", n=1))
    dialog.get_by_role("button", name=KO["hook.since.week"]).click()
    expect(dialog).to_contain_text(KO("hook.failed_count.other", n=2))
    dialog.get_by_role("button", name=KO["hook.replay"]).click()
    expect(page.get_by_text(KO["hook.none_of_status"])).to_be_visible()
    waiting = told(page, f"/v1/hooks/{of.hook_id}/deliveries?status=waiting")["deliveries"]
    assert {one["person_id"] for one in waiting} == {"member:0", "member:1", "member:5", "member:6"}
    filters.get_by_role("button", name=KO["hook.delivery.skipped"]).click()
    expect(page.locator("[data-delivery]")).to_have_count(3)


def test_a_hook_is_tried_paused_changed_given_another_secret_and_deleted(server: Server, desk: Desk) -> None:
    desk.expected.append("404")  # the page may look once more while it leaves
    site_id = server.site()
    of = hook(server, site_id)
    page = desk.sign_in(server.user(**{site_id: "editor"}), f"/hooks/{of.hook_id}")
    expect(page.get_by_text(KO["hook.no_deliveries"], exact=True)).to_be_visible()
    page.get_by_role("button", name=KO["hook.test"]).click()
    expect(page.locator("[data-delivery]")).to_contain_text(KO["hook.test_event"])
    page.get_by_role("button", name=KO["hook.pause"]).click()
    expect(page.get_by_role("button", name=KO["hook.resume"])).to_be_visible()
    assert told(page, f"/v1/hooks/{of.hook_id}")["active"] is False
    expect(page.get_by_role("button", name=KO["hook.test"], exact=True)).to_have_count(0)
    page.get_by_role("button", name=KO["hook.resume"]).click()
    expect(page.get_by_role("button", name=KO["hook.pause"])).to_be_visible()
    disable_hook(server.store, site_id, of.hook_id, "the receiver answered 410: it wants no more", now_ms())
    expect(page.get_by_text(KO["hook.disabled.title"])).to_be_visible()
    expect(page.locator(".notice")).to_contain_text(KO["common.hook.gone"])

    page.get_by_role("button", name=KO["hook.change"], exact=True).click()
    page.get_by_label(KO["common.segment.exited"]).uncheck()
    page.get_by_label(KO["hook.active.on"]).check()
    page.get_by_role("button", name=KO["common.save"]).click()
    expect(page.get_by_text(KO["hook.disabled.title"])).to_have_count(0)
    page.get_by_role("button", name=KO["hook.secret.change"]).click()
    page.get_by_role("dialog").get_by_role("button", name=KO["hook.secret.change"]).click()
    secret = page.locator("[data-secret]").inner_text()
    kept = get_hook(server.store, site_id, of.hook_id)
    assert kept is not None
    assert (kept.secret, kept.terms.events, kept.terms.active) == (secret, ("segment.entered",), True)
    expect(page.locator(".old-secret")).to_be_visible()
    page.get_by_role("button", name=KO["hook.secret.kept"]).click()
    expect(page.locator("[data-secret]")).to_have_count(0)
    page.get_by_role("button", name=KO["common.delete"]).click()
    page.get_by_role("dialog").wait_for()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name=KO["common.delete"])).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("dialog").get_by_role("button", name=KO["common.delete"]).click()
    page.wait_for_url(f"{server.url}/hooks")
    expect(page.get_by_text(KO["hooks.none"])).to_be_visible()
    assert list_hooks(server.store, site_id) == []


def test_a_viewer_sees_everything_and_may_do_nothing(server: Server, desk: Desk) -> None:
    desk.expected.extend(["403", "404"])
    site_id = server.site()
    of = hook(server, site_id)
    written(server, of, {"status": "failed", "last_status": 500})
    page = desk.sign_in(server.user(**{site_id: "viewer"}), "/hooks")
    expect(page.locator("[data-hook]")).to_contain_text(KO("hooks.count.failed.other", n=1))
    expect(page.get_by_role("link", name=KO["hooks.new"])).to_have_count(0)
    page.locator("[data-hook] a").click()
    expect(row(page, "member:0")).to_contain_text(KO("hook.answer.status", status=500))
    names = page.locator("#app button").all_inner_texts()
    statuses = [KO[f"hook.delivery.{one}"] for one in ("all", "waiting", "delivered", "failed", "skipped")]
    assert names == [*statuses, KO["hook.body"]]
    asks = """([method, path]) => fetch(path, { method, headers: { 'X-Sonnim': '1', 'Content-Type': 'application/json' },
        body: method === 'DELETE' ? undefined : '{}' }).then((told) => told.status)"""
    url = f"/v1/hooks/{of.hook_id}"
    for method, path in (
        ("POST", "/v1/hooks"), ("PUT", url), ("DELETE", url), ("POST", f"{url}/secret"), ("POST", f"{url}/test"), ("POST", f"{url}/replay"),
        ("POST", f"{url}/deliveries/msg_{of.hook_id[-6:]}_000/replay"),
    ):  # fmt: skip
        assert page.evaluate(asks, [method, path]) == 403, path
    page.goto(f"{server.url}/hooks/new")
    expect(page.get_by_text(KO["hook.no_right"])).to_be_visible()
    page.goto(f"{server.url}/hooks/hook_none")
    expect(page.get_by_role("heading", level=1)).to_have_text(KO["hook.missing"])


def test_what_strangers_wrote_is_text_and_breaks_no_layout(server: Server, desks: Desks) -> None:
    desk = desks(**PHONE)
    site_id = server.site()
    named = segment(server, site_id, EVIL + "가" * 150)
    of = hook(server, site_id, f"https://shop.invalid/{EVIL}{LONG[:1800]}", segments=(named, LONG[:60]))
    written(
        server,
        of,
        {"person_id": f"visitor:{EVIL}", "segment_id": named, "body": json.dumps({"data": [EVIL, LONG]})},
        {"status": "failed", "last_status": 0, "last_error": EVIL + LONG[:200], "person_id": f"visitor:{LONG}"},
    )
    disable_hook(server.store, site_id, of.hook_id, EVIL + LONG[:200], now_ms())
    page = desk.sign_in(server.user(**{site_id: "editor"}), "/hooks")
    expect(page.locator("[data-hook]")).to_contain_text(SEEN)
    assert overflow(page) == 0
    page.goto(f"{server.url}/hooks/{of.hook_id}")
    first = page.locator("[data-delivery]").first
    first.get_by_role("button", name=KO["hook.body"]).click()
    expect(first.locator("pre")).to_contain_text(json.dumps(EVIL).replace("\\u202e", "\\u202e"))
    expect(first.get_by_role("link")).to_have_text(f"visitor:{SEEN}")
    expect(page.locator("[data-delivery]").nth(1)).to_contain_text(KO("hook.answer.error", error=SEEN))
    assert page.locator("#app img, #app script").count() == 0
    assert overflow(page) == 0
    page.get_by_role("button", name=KO["hook.change"], exact=True).click()
    expect(page.locator(".segment-list")).to_contain_text(SEEN)
    assert overflow(page) == 0
    first.get_by_role("link").click()
    assert page.url.startswith(f"{server.url}/people/visitor%3A%22%3E%3Cimg")


def test_keys_alone_make_a_hook(server: Server, desk: Desk) -> None:
    site_id = server.site()
    page = desk.sign_in(server.user("en", **{site_id: "editor"}), "/hooks")
    expect(page.get_by_text(EN["hooks.what_it_is"])).to_be_visible()
    page.get_by_role("link", name=EN["hooks.new"]).focus()
    page.keyboard.press("Enter")
    page.get_by_label(EN["hook.field.url"]).focus()
    page.keyboard.type(URL)
    for key in ("Tab", "Tab", "Space", "Tab", "Tab", "ArrowDown"):  # exits, too; once per person
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    page.get_by_role("button", name=EN["hook.secret.kept"]).wait_for()
    (made,) = list_hooks(server.store, site_id)
    assert made.terms == HookTerms(URL, ("segment.entered", "segment.exited"), None, "once")


@pytest.mark.parametrize(("colours", "size"), [("light", {}), ("dark", PHONE)])
def test_axe_finds_nothing_wrong_with_hooks(server: Server, desks: Desks, colours: str, size: dict[str, Any]) -> None:
    desk = desks(color_scheme=colours, **size)
    desk.expected.append("503")
    site_id = server.site()
    name = segment(server, site_id)
    of, paused = hook(server, site_id, segments=(name,)), hook(server, site_id, active=False)
    written(server, of, *({"status": one} for one in ("waiting", "failed", "skipped", "delivered")))
    page = desk.sign_in(server.user(**{site_id: "editor"}), "/hooks")
    expect(page.locator("[data-hook]")).to_have_count(2)
    assert (violations(page), overflow(page)) == ([], 0)
    page.goto(f"{server.url}/hooks/{of.hook_id}")
    page.locator("[data-delivery]").first.get_by_role("button", name=KO["hook.body"]).click()
    assert (violations(page), overflow(page)) == ([], 0)
    page.get_by_role("button", name=KO["hook.replay_many"]).click()
    expect(page.get_by_role("dialog")).to_contain_text(KO("hook.failed_count.other", n=1))
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.goto(f"{server.url}/hooks/new?segment={name}")
    page.get_by_role("button", name=KO["hook.create"]).click()
    page.get_by_label(KO["hook.policy.not_within"]).check()
    page.get_by_label(KO["hook.delay.some"]).check()
    expect(page.get_by_text(KO["hook.wrong.url_missing"])).to_be_visible()
    assert (violations(page), overflow(page)) == ([], 0)
    desk.context.route("**/v1/hooks/**", lambda route: route.fulfill(status=503, json={"detail": "away"}))
    page.goto(f"{server.url}/hooks/{paused.hook_id}")
    expect(page.get_by_role("alert")).to_contain_text(KO["hook.hook_failed"])
    assert violations(page) == []
    desk.context.unroute("**/v1/hooks/**")
    page.get_by_role("button", name=KO["common.retry"]).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("93.184.216.34")
