"""How it goes, in a real Chromium: old figures, segments that fail, hooks that wait, erasures under way."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from api.erasure_receipts import ERASING, Receipt, save
from deploy.clock import now_ms
from sql.hooks import disable_hook
from tests.api.visitors import insert_rows
from tests.pages.conftest import Desk, Desks, Server
from tests.pages.look import EN, KO, PHONE, overflow, violations
from tests.pages.test_hooks import DAY, EVIL, LONG, MINUTE, SEEN, hook, segment, written


@pytest.fixture(autouse=True)
def _no_commits(server: Server) -> None:
    server.forget_commits()


AHEAD = 10 * MINUTE


def committed(server: Server, at: int) -> None:
    """Every partition of the log is applied to its end, and everything received until then is in the figures."""
    rows = [{"partition": one, "from_offset": 0, "to_offset": 0, "at": at} for one in range(4)]
    insert_rows(server.store, "commits", rows)


def rolled_up(server: Server, site_id: str, *ages: int) -> None:
    """Figures were written down so many minutes ago, and will be once more: so that the number of shards is known."""
    now = now_ms()
    rows = [
        {"site_id": site_id, "window": "24h", "shard": 0, "shards": 1, "visitors": 1, "at": now - age * MINUTE}
        for age in (*ages, -AHEAD // MINUTE)
    ]
    insert_rows(server.store, "rollups", rows)


def judged(server: Server, site_id: str, segment_id: str, evaluated: int, problem: str = "") -> None:
    """The flow told of a segment: a while from now, so that no pause of this machine makes it old."""
    now = now_ms() + AHEAD
    row = {"site_id": site_id, "segment_id": segment_id, "at": now, "shard": 0, "segment_version": 1, "members": 3}
    insert_rows(
        server.store,
        "segment_counts",
        [{**row, "people": 10, "evaluated": evaluated, "as_of": now, "problem": problem}],
    )


def chosen_at_leisure(server: Server, site_id: str, name: str) -> str:
    """A segment that was saved long ago, so that it counts."""
    segment_id = segment(server, site_id, name)
    server.store.command(
        "INSERT INTO segments SELECT * REPLACE (created_at - INTERVAL 1 HOUR AS created_at) FROM segments FINAL"
        f" WHERE segment_id = '{segment_id}'"
    )
    return segment_id


def test_old_figures_and_a_failing_segment_are_seen_at_a_glance(server: Server, desk: Desk) -> None:
    site_id = server.site()
    failing = chosen_at_leisure(server, site_id, "실패하는 세그먼트")
    under_way = chosen_at_leisure(server, site_id, "판정 중인 세그먼트")
    rolled_up(server, site_id, *range(20, 60), *range(1, 10))
    judged(server, site_id, failing, 0, "the trait grade is not declared")
    judged(server, site_id, under_way, 4)
    committed(server, now_ms() - 5 * MINUTE)
    server.app.state.context.log.append([(0, b"{}")] * 7)
    page = desk.sign_in(server.user(**{site_id: "viewer"}), "/health")
    figures = page.locator("[data-figures=stale]")
    expect(figures).to_contain_text(KO["health.figures_words.stale"])
    expect(figures).to_contain_text("5분 0")
    expect(figures).to_contain_text(KO("health.events.other", n=7))
    expect(figures).to_contain_text(KO("health.partitions", n=4, behind=1))
    stood = page.locator(".strip .stood").count()
    assert 4 <= stood <= 7
    expect(page.locator(".strip")).to_have_accessible_name(KO("health.stood", time=f"{stood * 2}분 00초"))
    assert page.locator("[data-segment]").first.get_attribute("data-segment") == failing
    expect(page.locator(f"[data-segment={failing}]")).to_contain_text("the trait grade is not declared")
    expect(page.locator(f"[data-segment={failing}]")).to_contain_text(KO["common.health_of.failing"])
    expect(page.locator(f"[data-segment={under_way}]")).to_contain_text("40%")
    expect(page.get_by_role("progressbar")).to_have_count(1)
    expect(page.locator("[data-part=log]")).to_contain_text(KO["health.well"])
    expect(page.locator("[data-part=flow]")).to_contain_text(KO["health.unwell"])
    desk.expected.append("503")
    server.app.state.context.log.away = True
    page.reload()
    expect(page.locator("[data-part=log]")).to_contain_text(KO["health.unwell"])
    server.app.state.context.log.away = False
    committed(server, now_ms() + MINUTE // 2)  # so that no pause of this machine makes it old
    expect(page.locator("[data-figures]")).to_have_attribute("data-figures", "fresh")


def test_hooks_that_fail_or_wait_and_erasures_under_way_are_named(server: Server, desks: Desks) -> None:
    desk = desks(**PHONE)
    site_id = server.site()
    chosen_at_leisure(server, site_id, EVIL + LONG[:150])
    failing, waiting, off, well = (hook(server, site_id, f"https://{name}.invalid/x") for name in ("a", "b", "c", "d"))
    written(server, failing, {"status": "failed"}, {"status": "failed"}, {})
    written(server, waiting, {"status": "waiting", "created_at": now_ms() - 2 * DAY, "next_attempt_at": now_ms() + DAY})
    written(server, well, {})
    disable_hook(server.store, site_id, off.hook_id, EVIL + LONG[:200], now_ms())
    save(server.store, Receipt(site_id, "era_open", 1, ERASING, now_ms() - DAY), new=True)
    committed(server, now_ms())
    page = desk.sign_in(server.user("en", **{site_id: "viewer"}), "/health")
    expect(page.locator(f"[data-hook={failing.hook_id}]")).to_contain_text(EN("health.failed_day.other", n=2))
    expect(page.locator(f"[data-hook={waiting.hook_id}]")).to_contain_text("waiting since 2 days ago")
    expect(page.locator(f"[data-hook={off.hook_id}]")).to_contain_text(SEEN)
    expect(page.locator(f"[data-hook={well.hook_id}]")).to_have_count(0)
    expect(page.get_by_text("era_open")).to_be_visible()
    expect(page.get_by_text(EN["health.erasure.erasing"])).to_be_visible()
    expect(page.locator("[data-segment]")).to_contain_text(SEEN)
    assert page.locator("#app img, #app script").count() == 0
    assert overflow(page) == 0
    page.locator(f"[data-hook={failing.hook_id}] a").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"{server.url}/hooks/{failing.hook_id}")


@pytest.mark.parametrize(("colours", "size"), [("light", {}), ("dark", PHONE)])
def test_axe_finds_nothing_wrong_with_health(server: Server, desks: Desks, colours: str, size: dict[str, Any]) -> None:
    desk = desks(color_scheme=colours, **size)
    desk.expected.append("503")
    site_id = server.site()
    page = desk.sign_in(server.user(**{site_id: "viewer"}), "/health")
    expect(page.get_by_text(KO["health.figures_words.never"])).to_be_visible()
    expect(page.get_by_text(KO["health.no_hooks"])).to_be_visible()
    assert (violations(page), overflow(page)) == ([], 0)
    failing = chosen_at_leisure(server, site_id, "실패하는 세그먼트")
    judged(server, site_id, failing, 0, "the trait grade is not declared")
    judged(server, site_id, chosen_at_leisure(server, site_id, "판정 중인 세그먼트"), 4)
    rolled_up(server, site_id, 1, 2, 30)
    of = hook(server, site_id)
    written(server, of, {"status": "failed"}, {"status": "waiting", "next_attempt_at": now_ms() + DAY})
    committed(server, now_ms() - MINUTE)
    page.reload()
    expect(page.locator("[data-hook]")).to_be_visible()
    expect(page.locator("[data-part=flow]")).to_be_visible()
    assert (violations(page), overflow(page)) == ([], 0)
    desk.context.route("**/v1/**", lambda route: route.fulfill(status=503, json={"detail": "away"}))
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text(KO["health.health_failed"])
    expect(page.locator("[data-part=flow]")).to_be_visible()
    assert violations(page) == []
