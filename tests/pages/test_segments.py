"""Segments, in a real Chromium: built by clicking and with keys alone, previewed, saved, changed, brought back and deleted."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, Page, expect

from api.pages.assets import assets
from deploy.clock import now_ms
from flows.segments.catalogue import catalogue
from flows.segments.presets import presets
from sql.hooks import HookTerms, create_hook
from sql.segments import create_segment, get_segment, segment_history
from sql.store import Store
from tests.api.visitors import Order, Visit, Visitor, insert_rows, insert_visitors
from tests.flows.segments.regenerate import operator_texts
from tests.flows.segments.visitor_rows import TRAITS
from tests.pages.conftest import Desk, Desks, Server
from tests.pages.look import EN, KO, PHONE, overflow, violations

DAY, HOUR = 86_400_000, 3_600_000
MOBILE = ("mobile_web", "hybrid_app")
BUILT: dict[str, Any] = {
    "all": [
        {"field": "environment", "op": "in", "value": ["mobile_web", "hybrid_app"]},
        {
            "any": [
                {"field": "revenue", "op": "between", "value": [10_000, 50_000]},
                {"not": {"field": "os", "op": "in", "value": ["iOS", "Windows"]}},
            ]
        },
    ]
}
NAUGHTY = "<script>alert(1)</script>\u202e\u0000'\"" + "가" * 170


def people(store: Store, site_id: str) -> int:
    """Puts 60 people into a site; how many of them match `BUILT`."""
    now, found, matching = now_ms(), [], 0
    for n in range(60):
        environment = ("pc_web", "mobile_web", "hybrid_app")[n % 3]
        system, revenue = ("iOS", "Windows", "Android", "")[n % 4], 5_000 * (n % 12)
        orders = [Order(f"o{n}", now - HOUR, revenue, [("SKU-1", 1)])] if revenue else []
        visits = [Visit(now - HOUR - (n % 2) * 2 * DAY, now - (n % 2) * 2 * DAY, orders=orders)]
        columns = {"environment": environment, "os": system}
        found.append(Visitor(f"v{n}", visits, cart=[("SKU-9", 1 + n % 3)] if n % 5 == 0 else [], columns=columns))
        matching += environment in MOBILE and (10_000 <= revenue < 50_000 or system not in ("iOS", "Windows"))
    insert_visitors(store, site_id, found)
    return matching


def add(place: Page | Locator, page: Page, field: str, button: str = "condition") -> Locator:
    """Adds a condition on a field with a button; the condition."""
    place.locator(f"[data-add={button}]").last.click()
    page.get_by_role("combobox", name=KO["segment.pick.search"]).fill(field)
    page.keyboard.press("Enter")
    expect(page.locator("dialog")).to_have_count(0)
    found = page.wait_for_function(
        "() => document.activeElement.matches('[data-part]:not([data-add])') && document.activeElement.closest('.condition').dataset.node"
    )
    return page.locator(f"[data-node='{found.json_value()}']")


def asked(page: Page, expression: dict[str, Any], window: str = "7d") -> Any:
    """What the API says to an expression."""
    return page.evaluate(
        """([expression, window]) => fetch("/v1/segments/preview", {
             method: "POST", headers: {"Content-Type": "application/json", "X-Sonnim": "1"},
             body: JSON.stringify({window, expression})}).then((answer) => answer.json())""",
        [expression, window],
    )


def drafted(page: Page) -> Any:
    """The expression that the JSON view has."""
    page.get_by_role("button", name=KO["segment.view.json"], exact=True).click()
    told = json.loads(page.locator("#json").input_value())
    page.get_by_role("button", name=KO["segment.view.form"], exact=True).click()
    return told


def count(page: Page, window: str = "7d") -> Locator:
    return page.locator(f"[data-count='{window}']")


def test_a_segment_is_built_by_clicking_saved_changed_brought_back_and_deleted(server: Server, desk: Desk) -> None:
    site_id = server.site()
    matching = people(server.store, site_id)
    page = desk.sign_in(server.user(**{site_id: "editor"}), "/segments")
    expect(page.get_by_text(KO["segments.empty"])).to_be_visible()
    page.get_by_role("link", name=KO["segments.new"]).first.click()
    expect(count(page)).to_have_text("60명")
    environment = add(page, page, "사용환경")
    for name in ("모바일 웹", "하이브리드 앱"):
        environment.get_by_role("button", name=name).click()
    expect(count(page)).to_have_text("40명")
    add(page, page, "revenue", "group")
    money = page.locator(".condition", has_text="누적 구매 금액")
    money.get_by_label(KO["segment.value.from"]).fill("10,000")
    expect(page.get_by_text(KO["segment.lacks.missing"])).to_be_visible()
    expect(page.get_by_text(KO("segment.left_out.other", n=1))).to_be_visible()
    expect(count(page)).to_have_text("40명")
    money.get_by_label(KO["segment.value.to"]).fill("50000")
    inner = page.locator(".node.group")
    system = add(inner, page, "운영")
    system.locator("select.operator").select_option("in")
    system.get_by_label(KO["segment.chip.add"]).fill("iOS")
    page.keyboard.press("Enter")
    page.keyboard.type("Windows")
    page.keyboard.press("Enter")
    expect(system.locator("ul.chips li")).to_have_count(2)
    system.get_by_role("button", name=KO["segment.tool.not"], exact=True).click()
    expect(inner.locator(".joiner").first).to_have_text(KO["segment.between.any"])
    expect(count(page)).to_have_text(f"{matching}명")
    told = asked(page, BUILT)
    assert told["population"]["visitors"] == matching
    expect(page.locator("[data-sentence]")).to_have_text(told["sentence"]["ko"])
    expect(count(page, "24h")).to_have_text(f"{asked(page, BUILT, '24h')['population']['visitors']}명")
    assert drafted(page) == BUILT
    page.wait_for_url(re.compile(r"/segments/new\?expression="))

    page.locator("[data-save]").click()
    page.get_by_label(KO["segment.name"]).fill("모바일 단골")
    expect(page.get_by_label(KO["segment.tells"])).not_to_be_checked()
    page.locator("dialog").get_by_role("button", name=KO["common.save"]).click()
    page.wait_for_url(re.compile(r"/segments/seg_"))
    expect(page.get_by_role("heading", level=1)).to_have_text("모바일 단골")
    segment_id = page.url.rsplit("/", 1)[1]
    saved = get_segment(server.store, site_id, segment_id)
    assert saved
    assert (saved.expression, saved.name, saved.fire_for_current) == (BUILT, "모바일 단골", False)

    page.locator(".node.group").get_by_role("button", name=KO["segment.tool.remove_group"]).click()
    expect(page.get_by_text(KO["segment.draft"])).to_be_visible()
    expect(count(page)).to_have_text("40명")
    page.locator("[data-save]").click()
    expect(page.get_by_text(KO["segment.save.exit"])).to_be_visible()
    assert violations(page) == []
    page.get_by_label(KO["segment.tells"]).check()
    page.locator("dialog").get_by_role("button", name=KO["common.save"]).click()
    versions = page.locator("[data-versions] > li")
    expect(versions).to_have_count(2)
    expect(page.get_by_text(KO["segment.draft"])).to_have_count(0)
    versions.nth(1).get_by_role("button", name=KO["segment.version.look"]).click()
    assert json.loads(page.locator("dialog pre").inner_text()) == BUILT
    page.keyboard.press("Escape")
    versions.nth(1).get_by_role("button", name=KO["segment.version.restore"]).click()
    page.locator("dialog").get_by_role("button", name=KO["common.save"]).click()
    expect(versions).to_have_count(3)
    expect(count(page)).to_have_text(f"{matching}명")
    history = segment_history(server.store, site_id, segment_id)
    assert [one.expression for one in history] == [BUILT, {"all": BUILT["all"][:1]}, BUILT]
    assert [one.fire_for_current for one in history] == [False, True, False]

    create_hook(
        server.store,
        site_id,
        HookTerms("https://shop.example/told", ("segment.entered",), (segment_id,)),
        "whsec_AA==",
        now_ms(),
    )
    page.goto(server.url + "/segments")
    row = page.locator("[data-segment]")
    expect(row).to_contain_text(KO("segments.version", n=3))
    expect(row).to_contain_text(asked(page, BUILT)["sentence"]["ko"])
    expect(row.get_by_role("link", name=KO["segments.live"])).to_have_attribute("href", f"/?segment={segment_id}")
    expect(row.get_by_role("link", name=KO["segments.report"])).to_have_attribute(
        "href", f"/report?segment={segment_id}"
    )
    row.get_by_role("button", name=KO["common.delete"]).click()
    expect(page.locator("dialog")).to_contain_text("https://shop.example/told")
    page.locator("dialog").get_by_role("button", name=KO["common.delete"]).click()
    expect(page.get_by_text(KO["segments.empty"])).to_be_visible()
    assert get_segment(server.store, site_id, segment_id) is None


def test_a_channel_is_one_of_those_that_are_known_or_another_one(server: Server, desk: Desk) -> None:
    page = desk.sign_in(server.user(**{server.site(): "editor"}), "/segments/new")
    channel = add(page, page, "유입 채널")
    channel.get_by_role("button", name="소셜").click()
    another = channel.get_by_label(KO["segment.chip.add"])
    another.fill("affiliate")
    another.press("Enter")
    expect(page.locator("[data-sentence]")).to_have_text("유입 채널이 소셜, 'affiliate' 중 하나임")
    another.press("Backspace")
    assert drafted(page) == {"field": "channel", "op": "in", "value": ["social"]}
    assert violations(page) == []


def test_one_starts_from_a_preset_and_asks_for_amounts_and_records(server: Server, desk: Desk) -> None:
    site_id = server.site()
    people(server.store, site_id)
    page = desk.sign_in(server.user(**{site_id: "editor"}), "/segments")
    page.locator("[data-presets]").get_by_role("link", name="구매 금액 30만원 이상").click()
    amount = page.get_by_label(KO["segment.value"], exact=True)
    expect(amount).to_have_value("300,000")
    expect(count(page)).to_have_text("0명")
    amount.fill("30000")
    amount.blur()
    expect(amount).to_have_value("30,000")
    expected = asked(page, {"field": "revenue", "op": ">=", "value": 30_000})["population"]["visitors"]
    assert 0 < expected < 60
    expect(count(page)).to_have_text(f"{expected}명")
    page.get_by_role("button", name=KO["segment.tool.remove"]).click()
    products = add(page, page, "장바구니 품목")
    expect(page.get_by_text(KO["segment.lacks.empty"])).to_be_visible()
    add(products, page, "수량", "record")
    page.locator(".condition .condition").get_by_label(KO["segment.value"], exact=True).fill("2")
    where = {"field": "quantity", "op": ">=", "value": 2}
    expression = {"field": "cart_products", "op": "some", "where": where}
    expected = asked(page, expression)["population"]["visitors"]
    assert 0 < expected < 60
    expect(count(page)).to_have_text(f"{expected}명")
    assert drafted(page) == expression
    page.get_by_role("button", name=KO["segment.tool.wrap"]).first.click()
    assert drafted(page) == {"any": [expression]}
    page.wait_for_url(re.compile(r"expression=%7B%22any%22"))
    again = desk.go(page.url.removeprefix(server.url))
    expect(again.locator(".condition .condition")).to_be_visible()
    assert drafted(again) == {"any": [expression]}
    with page.expect_event("dialog") as told:
        page.evaluate("() => void setTimeout(() => location.reload())")
    assert told.value.type == "beforeunload"
    told.value.dismiss()
    expect(page.locator(".node.group")).to_be_visible()


def test_what_is_wrong_is_told_where_it_is(server: Server, desk: Desk) -> None:
    desk.expected.append("422")
    page = desk.sign_in(server.user(**{server.site(): "editor"}), "/segments/new")
    expression = {
        "any": [
            {"field": "visits", "op": ">=", "value": 3},
            {"not": {"field": "birthday", "op": "<=", "value": 40_000}},
            {"field": "trait.gone", "op": "is", "value": "x"},
        ]
    }
    page.goto(f"{server.url}/segments/new?expression={quote(json.dumps(expression))}")
    conditions = page.locator(".condition")
    expect(conditions.nth(1).get_by_role("alert")).to_contain_text("36500")
    expect(conditions.nth(2).get_by_role("alert")).to_contain_text("trait")
    expect(conditions.nth(2).locator("pre")).to_contain_text("trait.gone")
    expect(conditions.nth(0).get_by_role("alert")).to_have_count(0)
    assert drafted(page) == expression
    page.locator("[data-save]").click()
    expect(page.locator("dialog")).to_have_count(0)
    expect(page.locator(".messages")).to_have_text(KO["segment.save.not_yet"])
    conditions.nth(1).get_by_label(KO["segment.value"], exact=True).fill("7")
    conditions.nth(2).get_by_role("button", name=KO["segment.tool.remove"]).click()
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(count(page)).to_have_text("0명")
    page.get_by_role("button", name=KO["segment.view.json"], exact=True).click()
    page.locator("#json").fill('{"field": "viewing_item", "op": "is", "value": "A"')
    expect(page.get_by_text(KO["segment.json.broken"])).to_be_visible()
    page.locator("#json").press_sequentially("}")
    expect(page.locator(".result .card-body p").first).to_have_text(KO["segment.now.detail"])
    expect(page.locator("[data-sentence]")).to_contain_text("'A'")


def test_keys_alone_build_and_save_a_condition(server: Server, desk: Desk) -> None:
    site_id = server.site()
    page = desk.sign_in(server.user(**{site_id: "editor"}), "/segments/new")
    expect(count(page)).to_have_text("0명")
    page.get_by_role("link", name=KO["segment.to_list"]).focus()

    def reach(wanted: Locator) -> None:
        for _ in range(60):
            if wanted.evaluate("(one) => one === document.activeElement"):
                return
            page.keyboard.press("Tab")
        raise AssertionError("it cannot be reached")

    reach(page.locator("[data-add=condition]"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("combobox")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("[data-add=condition]")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("combobox")).to_be_focused()
    page.keyboard.type("visits")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.get_by_label(KO["segment.value"], exact=True)).to_be_focused()
    page.keyboard.type("7")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("ArrowDown")
    expect(page.locator("[data-sentence]")).to_have_text("방문 횟수가 7회 미만")
    page.locator(".bar-brand").focus()
    reach(page.locator("[data-save]"))
    page.keyboard.press("Enter")
    expect(page.get_by_label(KO["segment.name"])).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#name-said")).to_have_text(KO["segment.name.missing"])
    page.keyboard.type("자주 오는 손님")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/segments/seg_"))
    expect(page.get_by_role("heading", level=1)).to_have_text("자주 오는 손님")


def test_a_viewer_builds_in_english_and_saves_nothing(server: Server, desk: Desk) -> None:
    site_id = server.site()
    people(server.store, site_id)
    segment = create_segment(server.store, site_id, "Mobile", BUILT, now_ms())
    page = desk.sign_in(server.user("en", **{site_id: "viewer"}), "/segments")
    expect(page.get_by_role("heading", level=1)).to_have_text(EN["segments.title"])
    expect(page.locator("[data-segment]")).to_contain_text("environment is one of mobile web, hybrid app")
    expect(page.get_by_role("button", name=EN["common.delete"])).to_have_count(0)
    page.get_by_role("link", name=EN("segments.look.of", name="Mobile")).click()
    expect(page.get_by_text(EN["segment.viewer"])).to_be_visible()
    expect(page.locator("[data-save], [data-rename]")).to_have_count(0)
    page.get_by_role("button", name=EN["segment.tool.remove"]).first.click()
    expect(page.locator("[data-sentence]")).to_have_text(
        re.compile("^revenue from 10,000 KRW to under 50,000 KRW or not")
    )
    expect(page.get_by_text(EN["segment.draft"])).to_be_visible()
    expect(page.locator("[data-save]")).to_have_count(0)
    expect(page.get_by_role("button", name=EN["segment.version.restore"])).to_have_count(0)
    page.goto(f"{server.url}/segments/new?expression=%7B")
    expect(page.locator(".messages")).to_have_text(EN["segment.link_broken"])
    page.goto(f"{server.url}/segments/{segment.segment_id}x")
    expect(page.get_by_text(EN["segment.never_there"])).to_be_visible()
    desk.expected.append("404")


def test_a_saved_one_shows_who_came_and_went_and_a_deleted_one_its_versions(server: Server, desk: Desk) -> None:
    site_id, now = server.site(), now_ms()
    segment = create_segment(server.store, site_id, "단골", BUILT, now - 10_000)
    about = {"site_id": site_id, "segment_id": segment.segment_id, "segment_version": 1, "shard": 0}
    rows = [
        {
            "transition_id": f"tr_{n}",
            "type": ("entered", "exited")[n % 2],
            "person_id": f"member:a/{n}",
            "member_id": f"a/{n}",
            "visitor_id": "",
            "entry": 1,
            "at": now - 60_000 * n,
            "since": now - 90_000 * n,
            "reason": "event",
            "fires": True,
            **about,
        }
        for n in range(13)
    ]
    insert_rows(server.store, "transitions", rows)
    told = {"people": 200, "evaluated": 200, "problem": ""}
    counts = [
        {**about, "at": now - 600_000 * n, "members": 120 - n, "as_of": now - 5_000 * n, **told} for n in (2, 1, 0)
    ]
    insert_rows(server.store, "segment_counts", counts)
    shards = [{"site_id": site_id, "window": "24h", "at": row["at"], "shard": 0, "shards": 1} for row in counts]
    insert_rows(server.store, "rollups", shards)
    page = desk.sign_in(server.user(**{site_id: "admin"}), f"/segments/{segment.segment_id}")
    expect(page.locator("[data-members]")).to_have_text("120명")
    expect(page.get_by_role("img", name=re.compile(re.escape(KO["segment.members.curve"])))).to_be_visible()
    listed = page.locator("[data-transitions] > li")
    expect(listed).to_have_count(10)
    expect(listed.first.get_by_role("link")).to_have_attribute("href", "/people/member%3Aa%2F0")
    assert violations(page) == []
    page.get_by_role("button", name=KO["common.more"]).click()
    expect(listed).to_have_count(13)
    page.get_by_role("button", name=KO["segment.exited"], exact=True).click()
    expect(listed).to_have_count(6)
    page.get_by_role("button", name=KO["common.delete"], exact=True).click()
    expect(page.get_by_text(KO["common.delete_segment.no_hooks"])).to_be_visible()
    page.locator("dialog").get_by_role("button", name=KO["common.delete"]).click()
    page.wait_for_url(f"{server.url}/segments")
    desk.expected.append("404")
    page.goto(f"{server.url}/segments/{segment.segment_id}")
    expect(page.get_by_role("heading", level=1)).to_have_text(KO["segment.gone"])
    expect(page.locator("[data-versions] > li")).to_have_count(2)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_hostile_names_are_text_and_everybody_can_use_it(server: Server, desks: Desks, scheme: str) -> None:
    site_id = server.site()
    people(server.store, site_id)
    strange = {"field": "os", "op": "in", "value": ["<img src=x onerror=alert(1)>", "\u202eevil", "x" * 400]}
    expression = {"all": [*BUILT["all"], strange, {"field": "visits", "op": "maybe"}]}
    for nth in range(7):
        create_segment(server.store, site_id, NAUGHTY.replace("\u0000", ""), expression if nth else BUILT, now_ms())
    desk = desks(**PHONE, color_scheme=scheme)
    desk.expected.append("422")
    email = server.user(**{site_id: "editor"})
    page = desk.sign_in(email, "/segments")
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.accept()))
    expect(page.locator("[data-segment]")).to_have_count(7)
    expect(page.locator("[data-segment] h2").first).to_contain_text("<script>alert(1)</script>\\u202e")
    assert (overflow(page), violations(page)) == (0, [])
    page.get_by_role("searchbox").fill("nobody")
    expect(page.get_by_text(KO["segments.search.none"])).to_be_visible()
    page.goto(f"{server.url}/segments/new?expression={quote(json.dumps(expression))}")
    expect(page.get_by_role("alert")).to_have_count(1)
    expect(page.locator(".chip", has_text="<img src=x")).to_be_visible()
    assert (overflow(page), violations(page)) == (0, [])
    page.locator("[data-add=condition]").last.click()
    expect(page.locator(".picker-option").first).to_be_visible()
    assert (overflow(page), violations(page)) == (0, [])
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    assert dialogs == []


def test_every_expression_comes_out_of_the_form_as_it_went_in(desk: Desk) -> None:
    page = desk.go("/login")
    golden = [json.loads(block.split("\n")[0]) for block in operator_texts().values()]
    fields = catalogue(TRAITS)
    examples = [field["example"] for field in fields] + [preset["expression"] for preset in presets()]
    nested: Any = golden[0]
    for _ in range(5):
        nested = {"any": [nested, {"not": {"all": [nested, {"not": {"not": golden[1]}}]}}]}
    strange = [
        {"all": []},
        {"any": []},
        {"not": {"all": []}},
        {"all": [{"x": 1}, 7, None, []]},
        "text",
        [],
        {},
        {"all": {}},
    ]
    strange += [{"field": "visits"}, {"field": "visits", "op": ">=", "value": 1, "more": 2}, {"all": [], "any": []}]
    strange += [
        {"field": "coupons", "op": "some", "value": golden[0]},
        {"field": "coupons", "op": "some", "where": {"all": []}},
    ]
    ranges = [{"field": "visits", "op": "between", "value": {"from": 1, "to": 3}}]
    spans = [{"field": "joined_at", "op": "within_last", "value": {"days": 1, "hours": 12}}]
    drawn = [*golden, *examples, nested, *ranges, *spans, BUILT]
    assert len(drawn) > 1_000
    wrong = page.evaluate(
        """async ([tree, check, drawn, strange, fields]) => {
          const {read, write, leaves} = await import(tree);
          const {faultsOf} = await import(check);
          const wrong = [];
          for (const [nth, told] of [...drawn, ...strange].entries()) {
            const form = read(told);
            const came = JSON.stringify(write(form).expression);
            if (came !== JSON.stringify(told)) wrong.push([JSON.stringify(told), came]);
            if (nth < drawn.length && (leaves(form).some((one) => one.kind === "raw") || faultsOf(form, fields).size)) wrong.push(told);
          }
          return wrong;
        }""",
        [assets().url("segment/tree.js"), assets().url("segment/check.js"), drawn, strange, fields],
    )
    assert wrong == []


def test_numbers_and_times_are_what_was_typed_and_conditions_go_where_they_are_moved(desk: Desk) -> None:
    page = desk.go("/login")
    urls = [assets().url(f"segment/{name}.js") for name in ("values", "zone", "tree")]
    told = page.evaluate(
        """async (urls) => {
          const [values, zone, tree] = await Promise.all(urls.map((url) => import(url)));
          const leaf = (field) => ({field, op: "is", value: 1});
          const root = tree.read({all: [leaf("a"), {any: [leaf("b"), {not: leaf("c")}]}]});
          const says = (form) => JSON.stringify(tree.write(form).expression, (key, one) => (one?.field ? one.field : one));
          const {places} = tree.write(root, (node) => node.told.field !== "a");
          const [b, c] = root.parts[1].parts;
          const {typed, asTyped, unitOf, lacking} = values;
          const {moved, removed, wrapped, unwrapped, negated, duplicated, nodeAt} = tree;
          const typing = [["1,234.5", 2, 2], ["-10", 0], ["0.1", 12], ["1.5", 0], ["x", 0], ["", 0], ["9999999999999999", 0]];
          const showing = [[123450, 2], [123400, 2], [-5, 2], [1000000], [2.5], [1e-7]];
          const having = [["whole", undefined], ["range", [5, 5]], ["span", {days: 0}], ["texts", []], ["truth", false]];
          const edits = [moved(root, [0], 1), moved(root, [1, 0], -1), removed(removed(root, [1, 0]), [1, 0]), wrapped(root, [0])];
          edits.push(unwrapped(root, [1]), negated(root, [1]), duplicated(root, [0]), moved(root, [0], -1));
          return {
            typed: typing.map((one) => String(typed(...one))),
            shown: showing.map((one) => asTyped(...one)),
            units: [unitOf(180), unitOf(353), unitOf(86400, 172800), unitOf(undefined)],
            lacking: having.map((one) => lacking(...one)),
            clocks: [
              zone.onClock("2026-10-01T09:00:00+09:00", "America/New_York"),
              zone.fromClock("2026-10-01T09:00", "Asia/Seoul"),
              zone.fromClock("2026-03-08T02:30", "America/New_York"),
              zone.fromClock("2026-11-01T01:30", "America/New_York"),
              zone.fromClock("0002-10-01T09:00", "UTC"), // a year while it is typed
            ],
            moves: edits.map(says),
            same: edits.at(-1) === root,
            places: ["/all/0/any/1/not/value", "/all/0/any/0", "/elsewhere"].map((place) => nodeAt(places, place)),
            ids: [c.id, b.id, root.id],
          };
        }""",
        urls,
    )
    assert told == {
        "typed": ["123450", "-10", "0.1", "undefined", "undefined", "undefined", "undefined"],
        "shown": ["1,234.50", "1,234", "-0.05", "1,000,000", "2.5", "0.0000001"],
        "units": ["minutes", "seconds", "days", "minutes"],
        "lacking": ["missing", "order", "zero", "missing", None],
        "clocks": [
            "2026-09-30T20:00",
            "2026-10-01T09:00:00+09:00",
            "2026-03-08T02:30:00-05:00",
            "2026-11-01T01:30:00-04:00",
            "0002-10-01T09:00:00+00:00",
        ],
        "moves": [
            '{"all":[{"any":["a","b",{"not":"c"}]}]}',
            '{"all":["a","b",{"any":[{"not":"c"}]}]}',
            '{"all":["a"]}',
            '{"all":[{"any":["a"]},{"any":["b",{"not":"c"}]}]}',
            '{"all":["a","b",{"not":"c"}]}',
            '{"all":["a",{"not":{"any":["b",{"not":"c"}]}}]}',
            '{"all":["a","a",{"any":["b",{"not":"c"}]}]}',
            '{"all":["a",{"any":["b",{"not":"c"}]}]}',
        ],
        "same": True,
        "places": told["ids"],
        "ids": told["ids"],
    }


def test_lengths_and_times_are_given_in_the_unit_and_the_zone_that_are_shown(server: Server, desk: Desk) -> None:
    expression = {
        "all": [
            {"field": "visit_stay_seconds", "op": "between", "value": [60, 300]},
            {"field": "joined_at", "op": "after", "value": "2026-10-01T00:00:00+00:00"},
            {"field": "last_seen", "op": "within_last", "value": {"minutes": 90}},
            {"field": "has_bought", "op": "is", "value": True},
        ]
    }
    page = desk.sign_in(
        server.user(**{server.site(): "viewer"}), f"/segments/new?expression={quote(json.dumps(expression))}"
    )
    stay, joined, seen, bought = (page.locator(".condition").nth(nth) for nth in range(4))
    expect(stay.get_by_label(KO["segment.value.to"])).to_have_value("5")
    stay.get_by_label(KO["segment.unit"]).select_option("hours")
    stay.get_by_label(KO["segment.value.to"]).fill("7.5")
    expect(joined.get_by_label(KO["segment.value.time"])).to_have_value("2026-10-01T09:00")
    joined.get_by_label(KO["segment.value.time"]).fill("2026-10-02T18:30")
    seen.get_by_label(KO["segment.unit"]).select_option("days")
    bought.locator("select.operator").select_option(KO["segment.no"])
    assert drafted(page) == {
        "all": [
            {"field": "visit_stay_seconds", "op": "between", "value": [3_600, 27_000]},
            {"field": "joined_at", "op": "after", "value": "2026-10-02T18:30:00+09:00"},
            {"field": "last_seen", "op": "within_last", "value": {"days": 90}},
            {"field": "has_bought", "op": "is", "value": False},
        ]
    }
    stay.locator("select.operator").select_option(">=")
    seen.locator("select.operator").select_option("never")
    bought.locator("select.operator").select_option("is_set")
    assert drafted(page) == {
        "all": [
            {"field": "visit_stay_seconds", "op": ">=", "value": 3_600},
            {"field": "joined_at", "op": "after", "value": "2026-10-02T18:30:00+09:00"},
            {"field": "last_seen", "op": "never"},
            {"field": "has_bought", "op": "is_set"},
        ]
    }


def test_what_is_drawn_and_not_touched_stays_as_it_was(server: Server, desk: Desk) -> None:
    page = desk.sign_in(server.user(**{server.site(): "viewer"}), "/segments/new")
    types = {field["name"]: field["type"] for field in catalogue()}
    once: dict[tuple[str, str], Any] = {}
    for path, block in operator_texts().items():
        name, _, operator = path.partition("/")
        if name in types and "/" not in operator:
            once.setdefault((types[name], operator), json.loads(block.split("\n")[0]))
    expression = {"all": list(once.values())}
    assert len(once) > 50
    page.get_by_role("button", name=KO["segment.view.json"], exact=True).click()
    page.locator("#json").fill(json.dumps(expression))
    page.get_by_role("button", name=KO["segment.view.form"], exact=True).click()
    expect(page.locator(".parts").first.locator("> li")).to_have_count(len(once))
    expect(page.locator(".raw")).to_have_count(0)
    expect(page.locator("[data-sentence]")).to_contain_text("10,000원 이상 50,000원 미만")
    for place in page.locator("input[data-part=value]").all()[:40]:
        place.focus()
        place.blur()
    assert drafted(page) == expression
