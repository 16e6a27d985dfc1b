"""Live Report in a real Chromium: the published figures, what a link and a file reproduce, and who may look at it how."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, Page, expect

from api.csv_text import BOM
from api.pages.assets import assets
from deploy.clock import now_ms
from sql.segments import create_segment
from sql.users import Language
from tests.api.conftest import MINUTE, NOW
from tests.api.test_golden_reports import visitors
from tests.api.visitors import Order, Visit, Visitor, insert_rows, insert_visitors
from tests.pages.conftest import Desk, Desks, Server
from tests.pages.look import EN, KO, PHONE, Words, overflow, violations

MOBILE = {"field": "environment", "op": "in", "value": ["mobile_web", "hybrid_app"]}
FREQUENT = {"field": "visits", "op": ">=", "value": 10}
SPENT = {"field": "revenue", "op": "between", "value": [10_000, 50_000]}
VIEWING = {"field": "viewing_item", "op": "is", "value": "shoes"}
EVIL = "<script>alert(1)</script>\u202e" + "가" * 400


def of_now(rows: Iterable[Visitor]) -> list[Visitor]:
    """Visitors of the tests of the API, as if their now were the clock's."""
    by = now_ms() - NOW - 1000

    def moved(visit: Visit) -> Visit:
        orders = [replace(order, at=order.at + by) for order in visit.orders]
        return replace(visit, start=visit.start + by, end=visit.end + by, orders=orders)

    return [replace(row, visits=[moved(visit) for visit in row.visits]) for row in rows]


def mobile(server: Server, site_id: str) -> None:
    some = visitors("m", 1902, 7520, 96, 0, {"environment": "mobile_web"})
    rest = visitors("p", 2045 - 1902, 8384 - 7520, 4, 0, {"environment": "pc_web"})
    insert_visitors(server.store, site_id, of_now([*some, *rest]))


def frequent(server: Server, site_id: str) -> None:
    some = visitors("f", 170, 500, 30, 0, {"visits": 10})
    rest = visitors("r", 947 - 170, 1000, 45, 0, {"visits": 9})
    insert_visitors(server.store, site_id, of_now([*some, *rest]))


def spent(server: Server, site_id: str) -> None:
    some = visitors("s", 5, 54, 0, 5 * 353, {"revenue": 10_000})
    rest = visitors("r", 95, 356, 0, 100 * 128 - 5 * 353, {"revenue": 50_000})
    insert_visitors(server.store, site_id, of_now([*some, *rest]))


def told_over_time(server: Server, site_id: str, segment_id: str) -> None:
    """What the flow wrote down of the last hours; it is not done with judging."""
    moments = [now_ms() - age * MINUTE for age in (90, 60, 30, 1)]
    rollup = {"site_id": site_id, "window": "24h", "shard": 0, "shards": 1, "visitors": 900}
    insert_rows(server.store, "rollups", [{**rollup, "at": at} for at in moments])
    judged = {"segment_id": segment_id, "shard": 0, "segment_version": 1, "people": 947, "evaluated": 1}
    counts = [{**judged, "site_id": site_id, "at": at, "as_of": at, "members": 170} for at in moments]
    insert_rows(server.store, "segment_counts", counts)


def hostile(server: Server, site_id: str) -> None:
    """A buyer, somebody who only looks, and a product whose name is an attack."""
    now = now_ms() - 1000
    bought = Visit(now - MINUTE, now, 4, [Order("o", now, 5_000, [("evil", 2)])], [("evil", 3, 0)])
    rows = [
        Visitor("b", [bought], [("evil", 1)], columns={"visits": 10}),
        Visitor("l", [Visit(now, now)], columns={"visits": 2}),
    ]
    insert_visitors(server.store, site_id, rows)
    product = {"site_id": site_id, "item_id": "evil", "item_name": EVIL, "seen_at": now}
    insert_rows(server.store, "products", [product])


def path(expression: Any = None, **more: str) -> str:
    told = {**({"expression": json.dumps(expression)} if expression else {}), **more}
    return "/report?" + "&".join(f"{name}={quote(value)}" for name, value in told.items())


def row(page: Page, words: Words, measure: str) -> Locator:
    """The line of a measure, which is called so."""
    found = page.locator(f"tr[data-measure={measure}]")
    expect(found.get_by_role("rowheader")).to_contain_text(words[f"report.measure.{measure}"])
    return found


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=KO[f"report.{name}"], exact=True)


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_published_figures_are_shown(server: Server, desk: Desk, language: Language) -> None:
    words = KO if language == "ko" else EN
    sites = {fill: server.site() for fill in (mobile, frequent, spent)}
    for fill, site_id in sites.items():
        fill(server, site_id)
    roles: dict[str, Any] = dict.fromkeys(sites.values(), "viewer")
    page = desk.sign_in(server.user(language, **roles), path(MOBILE, site=sites[mobile]))
    for measure, share in (("visits", "93.0%"), ("pageviews", "89.7%"), ("orders", "96.0%")):
        expect(row(page, words, measure).get_by_role("cell").last).to_have_text(share)

    page.goto(server.url + path(FREQUENT, site=sites[frequent]))
    sides, relative, points = row(page, words, "purchase_rate").get_by_role("cell").all()
    expect(sides.locator(".report-side-figure")).to_have_text(["17.6%", "7.9%"])
    expect(relative).to_have_text("▲ +122.8%")
    expect(points).to_have_text(f"▲ +9.7{words['common.points']}")
    expect(row(page, words, "orders").get_by_role("cell").last).to_have_text("40.0%")
    heads = [words[f"report.{name}"] for name in ("measure", "figure", "relative", "points_difference")]
    expect(page.locator(".report-rates thead th")).to_have_text(
        [heads[0], heads[1], f"{heads[2]} (%)", f"{heads[3]} (%p)"]
    )
    said = words("report.headline.more", visitors="18.0%", orders="40.0%")
    expect(page.locator(".report-first")).to_have_text(said)
    expect(page.locator(".report-ring strong")).to_have_text(["18.0%", "40.0%", "40.0%"])

    page.goto(server.url + path(SPENT, site=sites[spent]))
    sides, relative, points = row(page, words, "pageviews_per_visit").get_by_role("cell").all()
    expect(sides.locator(".report-side-figure")).to_have_text(["10.8", "4.1"])
    expect(relative).to_have_text("▲ +163.4%")
    expect(points).to_have_text("")
    sides, relative, points = row(page, words, "avg_stay_seconds").get_by_role("cell").all()
    stays = {"ko": ["5분 53초", "2분 08초"], "en": ["5m 53s", "2m 08s"]}
    expect(sides.locator(".report-side-figure")).to_have_text(stays[language])
    expect(relative).to_have_text("▲ +175.8%")
    expect(points).to_have_text("")


def test_a_link_reproduces_what_is_looked_at(server: Server, desks: Desks) -> None:
    desk = desks(permissions=["clipboard-read", "clipboard-write"])
    one, other = server.site(), server.site()
    frequent(server, other)
    segment = create_segment(server.store, other, "자주 오는 손님", FREQUENT, now_ms() - MINUTE)
    told_over_time(server, other, segment.segment_id)
    page = desk.sign_in(server.user(**{one: "viewer", other: "editor"}), path(site=other))
    expect(page.get_by_role("heading", level=1)).to_contain_text(KO["common.everyone"])
    expect(page.locator(".report-first")).to_contain_text("947명")
    page.get_by_role("button", name="자주 오는 손님").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("자주 오는 손님")
    expect(page.locator(".report-sentence")).to_have_text("방문 횟수가 10회 이상")
    expect(page.get_by_role("img", name=re.compile("지금 170명"))).to_be_visible()
    for name in ("common.window.7d", "report.compare.others"):
        page.get_by_role("button", name=KO[name]).click()
        expect(page.get_by_role("button", name=KO[name])).to_have_attribute("aria-pressed", "true")
    expect(row(page, KO, "purchase_rate").locator(".report-side-name")).to_have_text(
        [KO["report.segment"], KO["report.others"]]
    )
    expect(row(page, KO, "visits").get_by_role("cell").nth(1)).to_have_text("777회")
    button(page, "copy").click()
    expect(page.get_by_text(KO["report.copied"])).to_be_visible()
    link = page.evaluate("() => navigator.clipboard.readText()")
    asked = f"segment={segment.segment_id}&window=7d"
    assert link == f"{server.url}/report?site={other}&{asked}&compare=others"
    for name, target in (
        ("live", f"/?{asked}&site={other}"),
        ("edit", f"/segments/{segment.segment_id}?site={other}"),
        ("hook", f"/hooks?segment={segment.segment_id}&site={other}"),
    ):
        expect(page.get_by_role("link", name=KO[f"report.{name}"], exact=True)).to_have_attribute("href", target)
    again = desk.tab()
    again.goto(link)
    expect(row(again, KO, "visits")).to_have_text(row(page, KO, "visits").inner_text(), use_inner_text=True)
    page.go_back()
    expect(page.get_by_role("button", name=KO["report.compare.site"])).to_have_attribute("aria-pressed", "true")


def test_files_are_what_they_say_and_nothing_leaves_the_page(server: Server, desks: Desks) -> None:
    desk = desks(color_scheme="dark")
    site_id = server.site()
    hostile(server, site_id)
    page = desk.sign_in(server.user(**{site_id: "viewer"}), path(FREQUENT, window="7d"))
    expect(row(page, KO, "visits").get_by_role("cell").first).to_have_text("1회")
    called: list[str] = []
    page.on("request", lambda request: called.append(f"{request.method} {request.url}"))
    with page.expect_download() as made:
        button(page, "png").click()
    assert re.fullmatch(rf"sonnim-report-{site_id}-expression-7d-\d{{8}}T\d{{4}}\.png", made.value.suggested_filename)
    assert {one for one in called if not one.endswith("/v1/freshness")} <= {
        one for one in called if one.startswith("GET blob:")
    }
    png = Path(made.value.path()).read_bytes()
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    wide, high, corner, colours = page.evaluate(
        """async (url) => {
            const image = new Image(); image.src = url; await image.decode();
            const canvas = document.createElement('canvas'); canvas.width = image.width; canvas.height = image.height;
            const on = canvas.getContext('2d'); on.drawImage(image, 0, 0);
            const dots = new Uint32Array(on.getImageData(0, 0, image.width, image.height).data.buffer);
            return [image.width, image.height, dots[0] >>> 0, new Set(dots).size];
        }""",
        f"data:image/png;base64,{base64.b64encode(png).decode()}",
    )
    assert (wide, corner) == (2400, 0xFFFFFFFF)
    assert high > 1500
    assert colours > 50
    with page.expect_download() as made:
        button(page, "csv").click()
    assert made.value.suggested_filename.endswith(".csv")
    told = page.evaluate(
        """async (body) => (await fetch('/v1/reports/live.csv?language=ko', { method: 'POST', body: JSON.stringify(body),
            headers: { 'Content-Type': 'application/json', 'X-Sonnim': '1' } })).text()""",
        {"window": "7d", "segment": FREQUENT, "compare": "site"},
    )
    assert Path(made.value.path()).read_bytes().decode() == BOM + told  # a page drops the mark where it reads text
    assert told.startswith("구분,")
    desk.expected.append("503")
    page.route("**/live.csv*", lambda route: route.fulfill(status=503, json={"detail": "away"}))
    button(page, "csv").click()
    expect(page.get_by_text(KO["report.csv.failed"])).to_be_visible()


def test_strangers_names_are_text_and_what_is_not_there_is_a_dash_with_its_reason(server: Server, desks: Desks) -> None:
    desk = desks(**PHONE)
    site_id, empty = server.site(), server.site()
    hostile(server, site_id)
    page = desk.sign_in(server.user(**{site_id: "viewer", empty: "viewer"}), path(FREQUENT, site=site_id))
    for products in page.locator(".report-top").all():
        expect(products.locator(".cut")).to_have_text(EVIL.replace("\u202e", "\\u202e"))
    expect(page.locator(".report-counts strong")).to_have_text(["2개", "3개", "1개"])
    assert page.locator("main script").count() == 0
    assert overflow(page) == 0
    expect(page.locator(".report-said")).to_contain_text(KO("report.headline.few", n="1번"))

    page.goto(server.url + path({"field": "visits", "op": "<", "value": 5}, site=site_id))
    order = row(page, KO, "average_order_value")
    expect(order.locator(".report-side-figure")).to_have_text([f"– {KO['report.none.no_orders']}", "5,000원"])
    expect(order.get_by_role("cell").nth(1)).to_have_text(f"– {KO['report.none.no_orders']}")
    expect(row(page, KO, "purchase_rate").get_by_role("cell").nth(1)).to_have_text("▼ -100.0%")
    expect(row(page, KO, "purchase_rate").get_by_role("cell").nth(2)).to_have_text("▼ -50.0%p")

    page.goto(server.url + path({"field": "visits", "op": ">=", "value": 99}, site=site_id))
    expect(page.locator(".report-first")).to_have_text(KO["report.headline.nobody"])
    expect(row(page, KO, "purchase_rate").locator(".report-side-figure").first).to_have_text(
        f"– {KO['report.none.no_visits']}"
    )
    expect(page.get_by_text(KO["report.top.none"])).to_have_count(3)

    page.goto(server.url + path(VIEWING, site=site_id))
    expect(page.get_by_text(KO["report.now_condition"])).to_be_visible()
    expect(page.locator(".report-alone dd").first).to_have_text("2명")
    assert page.locator(".report-table, .report-top").count() == 0

    page.goto(server.url + path(site=empty))
    expect(page.get_by_text(KO["report.empty"])).to_be_visible()
    expect(page.locator(".report-fresh")).to_contain_text(KO["common.never"])
    assert overflow(page) == 0


def test_what_goes_wrong_is_told_and_tried_again(server: Server, desk: Desk) -> None:
    desk.expected += ["503", "404"]
    site_id = server.site()
    frequent(server, site_id)
    desk.context.route("**/v1/reports/live", lambda route: route.fulfill(status=503, json={"detail": "away"}))
    page = desk.sign_in(server.user(**{site_id: "viewer"}), path(FREQUENT))
    expect(page.get_by_role("alert")).to_contain_text(KO["common.failed"])
    expect(button(page, "csv")).to_be_disabled()
    desk.context.unroute("**/v1/reports/live")
    page.get_by_role("button", name=KO["common.retry"]).click()
    expect(row(page, KO, "visits").get_by_role("cell").first).to_have_text("170회")

    def late(route: Any) -> None:
        told = route.fetch().json()
        route.fulfill(json={**told, "as_of": "2026-05-04T03:02:01.000Z", "age_seconds": 60, "stale": True})

    page.route("**/v1/reports/live", late)
    button(page, "refresh").click()
    expect(page.locator(".report-fresh.late")).to_contain_text(KO("common.stale", time="12:02:01"))
    page.unroute("**/v1/reports/live")
    page.route("**/v1/reports/live", lambda route: route.fulfill(status=503, json={"detail": "away"}))
    button(page, "refresh").click()
    expect(page.get_by_role("alert")).to_contain_text(KO("report.behind", time="12:02:01"))
    expect(row(page, KO, "visits").get_by_role("cell").first).to_have_text("170회")

    for wrong, said in (("segment=seg_gone", "report.gone"), ("expression=%7B", "common.wrong_expression")):
        page = desk.go(f"/report?{wrong}")
        expect(page.get_by_role("alert")).to_contain_text(KO[said])
        page.get_by_role("button", name="자주 방문").click()
        expect(row(page, KO, "visits").get_by_role("cell").first).to_have_text("170회")


def test_it_is_renewed_while_looked_at(server: Server, desk: Desk) -> None:
    site_id = server.site()
    frequent(server, site_id)
    page = desk.tab()
    page.clock.install()
    page.goto(f"{server.url}{path(FREQUENT)}")
    desk.context.pages[0].locator("[name=email]").fill(server.user(**{site_id: "viewer"}))
    page.locator("[name=password]").fill("correct horse battery")
    page.locator("[type=submit]").click()
    expect(row(page, KO, "visits").get_by_role("cell").first).to_have_text("170회")
    insert_visitors(server.store, site_id, of_now(visitors("new", 1, 1, 0, 0, {"visits": 10})))
    page.evaluate("() => { window.kept = document.querySelector('.report-rates tr:nth-child(2)'); }")
    page.clock.run_for(31_000)
    expect(row(page, KO, "visits").get_by_role("cell").first).to_have_text("171회")
    assert page.evaluate("() => window.kept.isConnected")


def test_a_viewer_is_offered_what_he_may_do_and_keys_alone_are_enough(server: Server, desk: Desk) -> None:
    site_id = server.site()
    frequent(server, site_id)
    page = desk.sign_in(server.user(**{site_id: "viewer"}), path(FREQUENT))
    expect(row(page, KO, "visits").get_by_role("cell").first).to_have_text("170회")
    for name in ("edit", "save_segment", "hook", "build"):
        assert page.get_by_role("link", name=KO[f"report.{name}"]).count() == 0
    page.locator("main").focus()
    reached = []
    for _ in range(9):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("() => document.activeElement.textContent"))
    names = ["refresh", "window.24h", "window.7d", "compare.site", "compare.others", "change", "live", "copy", "csv"]
    assert reached == [KO[f"{'common' if '.24h' in one or '.7d' in one else 'report'}.{one}"] for one in names]
    button(page, "change").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(button(page, "change")).to_be_focused()
    page.keyboard.press("Enter")
    mobile_one = page.get_by_role("dialog").get_by_role("button", name="모바일", exact=True)
    mobile_one.focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("heading", level=1)).to_contain_text("모바일")
    expect(page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.parametrize(("colours", "size"), [("light", {}), ("dark", PHONE)], ids=["light desk", "dark phone"])
def test_axe_finds_nothing_wrong(server: Server, desks: Desks, colours: str, size: dict[str, Any]) -> None:
    site_id = server.site()
    frequent(server, site_id)
    told_over_time(server, site_id, "seg_none")
    page = desks(color_scheme=colours, **size).sign_in(server.user(**{site_id: "editor"}), path(FREQUENT))
    expect(row(page, KO, "visits").get_by_role("cell").first).to_have_text("170회")
    assert violations(page) == []
    assert overflow(page) == 0
    page.goto(server.url + path())
    expect(page.locator(".report-first")).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("지금 900명"))).to_be_visible()
    assert violations(page) == []
    assert overflow(page) == 0


def report(segment: dict[str, Any], site: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A report as the API tells it, of the few figures that sentences are about."""

    def filled(told: dict[str, Any]) -> dict[str, Any]:
        zero = {"visitors": 100, "visits": 100, "orders": 0, "avg_stay_seconds": 60}
        figures = {**zero, **told}
        return {**figures, "purchase_rate": figures["orders"] / figures["visits"] if figures["visits"] else None}

    one, all_ = filled(segment), filled(site)
    rate = (one["purchase_rate"] or 0) - (all_["purchase_rate"] or 0)
    return {
        "compare": "site",
        "segment": one,
        "site": all_,
        "share": {name: one[name] / all_[name] if all_[name] else None for name in ("visitors", "orders")},
        "diff_pct": {
            "purchase_rate": rate / all_["purchase_rate"] * 100 if all_["purchase_rate"] and one["visits"] else None,
            "avg_stay_seconds": (one["avg_stay_seconds"] / all_["avg_stay_seconds"] - 1) * 100,
        },
        "diff_pp": {"purchase_rate": rate * 100},
        **more,
    }


def test_sentences_say_only_what_figures_support(desk: Desk) -> None:
    page = desk.go("/login")
    site = {"visitors": 1000, "visits": 1000, "orders": 100}
    cases: list[tuple[dict[str, Any], bool, list[str]]] = [
        (report({"visitors": 180, "visits": 180, "orders": 40}, site), False, ["more", "rate_higher"]),
        (report({"visitors": 500, "visits": 500, "orders": 10}, site), False, ["less", "rate_lower"]),
        (report({"visitors": 500, "visits": 500, "orders": 51}, site), False, ["even", "rate_even"]),
        (report({"visitors": 10, "visits": 20, "orders": 9}, site), False, ["more", "few"]),
        (report({"orders": 5}, {"visitors": 1000, "visits": 1000, "orders": 9}), False, ["part"]),
        (report({"orders": 0}, {"visitors": 1000, "visits": 1000, "orders": 0}), False, ["part"]),
        (report({"avg_stay_seconds": 90, "orders": 10}, site), False, ["even", "rate_even", "stay_longer"]),
        (report({"avg_stay_seconds": 30, "orders": 10}, site), False, ["even", "rate_even", "stay_shorter"]),
        (report({"visitors": 0, "visits": 0}, site), False, ["nobody"]),
        (report({}, {"visitors": 0, "visits": 0}), False, []),
        ({**report({}, site), "segment": None}, False, []),
        (report({}, site), True, ["everyone"]),
        (report({}, {"orders": 0}), True, ["everyone_no_orders"]),
        (report({}, {"visitors": 0, "visits": 0}), True, []),
        (
            report({"orders": 30}, site, compare="others", others={"visits": 20, "orders": 70, "purchase_rate": 3.5}),
            False,
            ["more"],
        ),
    ]
    said = page.evaluate(
        """async ([at, cases]) => { const { headline } = await import(at);
            return cases.map(([report, everyone]) => headline(report, everyone).map((one) => one.name)); }""",
        [assets().url("report/headline.js"), [[told, everyone] for told, everyone, _ in cases]],
    )
    assert said == [names for _, _, names in cases]
