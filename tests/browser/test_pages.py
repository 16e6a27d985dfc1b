"""What a visitor does on a shop's pages arrives, once and as it was."""

from __future__ import annotations

import re
from typing import Any

from tests.browser.conftest import STORED, Visit


def paths(visit: Visit, events: list[dict[str, Any]], field: str = "url") -> list[str]:
    """The addresses without the shop's own beginning."""
    return [event.get(field, "").removeprefix(visit.server.url) for event in events]


def test_a_page_view_arrives_with_what_the_browser_knows(visit: Visit) -> None:
    page = visit.open("/product?utm_source=naver&utm_medium=cpc", title="라운드 니트")
    (event,) = visit.arrived(page, "page_view")
    assert re.fullmatch("[0-9a-f]{32}", event["visitor_id"])
    assert re.fullmatch("[0-9a-f]{32}", event["event_id"])
    assert paths(visit, [event]) == ["/product?utm_source=naver&utm_medium=cpc"]
    assert (event["title"], event["locale"], event["pageview"]) == ("라운드 니트", "ko-KR", True)
    assert (event["channel"], event["utm_source"]) == ("paid_search", "naver")
    assert (event["environment"], event["browser"], event["bot"]) == ("pc_web", "Chrome", False)
    assert event["sent_at"] >= event["occurred_at"] - 1_000
    assert visit.said == []


def test_calls_made_before_the_script_is_there_are_kept_in_their_order(visit: Visit) -> None:
    early = "sonnim('view_item', {items: [{item_id: 'P1'}]}); sonnim('view_cart'); sonnim('my_own', {colour: 'red'})"
    page = visit.open(before=early)
    events = visit.arrived(page, "page_view", "view_item", "view_cart", "my_own")
    assert [event["occurred_at"] for event in events] == sorted({event["occurred_at"] for event in events})
    assert events[3]["properties"] == '{"colour":"red"}'


def test_a_single_page_shop_tells_every_change_of_its_address_once(visit: Visit) -> None:
    page = visit.enter("/")
    page.evaluate("() => { history.pushState({}, '', '/a'); document.title = 'A' }")
    visit.arrived(page, *["page_view"] * 2)
    page.evaluate("() => history.replaceState({scroll: 10}, '')")
    page.evaluate("() => history.replaceState({}, '', '/a')")
    page.evaluate("() => history.pushState({}, '', '/b?page=2')")
    visit.arrived(page, *["page_view"] * 3)
    page.evaluate("() => history.replaceState({}, '', '/b?page=3')")
    page.evaluate("() => { location.hash = '#reviews' }")
    visit.arrived(page, *["page_view"] * 4)
    page.evaluate("() => { location.hash = '#/cart' }")
    visit.arrived(page, *["page_view"] * 5)
    page.evaluate("() => history.go(-2)")
    visit.arrived(page, *["page_view"] * 6)
    page.go_back()
    events = visit.arrived(page, *["page_view"] * 7)
    assert paths(visit, events) == ["/", "/a", "/b?page=2", "/b?page=3", "/b?page=3#/cart", "/b?page=3", "/a"]
    assert paths(visit, events, "referrer") == [
        "",
        "/",
        "/a",
        "/b?page=2",
        "/b?page=3",
        "/b?page=3#/cart",
        "/b?page=3",
    ]
    assert [event["title"] for event in events[:2]] == ["Shop", "A"]
    assert {event["channel"] for event in events[1:]} == {"internal"}


def test_anchors_count_as_pages_where_the_shop_says_so(visit: Visit) -> None:
    page = visit.enter("/", anchors=True)
    page.evaluate("() => { location.hash = '#step-2' }")
    assert paths(visit, visit.arrived(page, "page_view", "page_view")) == ["/", "/#step-2"]


def test_an_event_right_after_a_change_of_address_belongs_to_the_new_page(visit: Visit) -> None:
    page = visit.enter("/")
    page.evaluate("() => { history.pushState({}, '', '/p'); sonnim('view_item', {items: [{item_id: 'P'}]}) }")
    events = visit.arrived(page, "page_view", "page_view", "view_item")
    assert paths(visit, events) == ["/", "/p", "/p"]


def test_a_shop_may_tell_its_pages_itself(visit: Visit) -> None:
    page = visit.open("/", pageview=False)
    page.evaluate("() => { history.pushState({}, '', '/p'); sonnim('page_view', {page: {title: 'Own'}}) }")
    (event,) = visit.arrived(page, "page_view")
    assert (event["title"], paths(visit, [event])) == ("Own", ["/p"])


def test_a_page_that_comes_back_out_of_the_browsers_memory_is_shown_again(visit: Visit) -> None:
    page = visit.enter("/")
    page.evaluate("() => dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    visit.arrived(page, "page_view", "page_view")


def test_a_page_loaded_ahead_of_its_visit_counts_when_it_is_shown(visit: Visit) -> None:
    page = visit.tab()
    page.add_init_script("Object.defineProperty(document, 'prerendering', {value: true, configurable: true})")
    page.goto(visit.lay("/", before="sonnim('view_cart');"))
    page.wait_for_function("() => window.sonnim.loaded")
    page.evaluate("() => sonnim('visitor_id', (id) => { window.shown = id })")
    assert page.evaluate("() => window.shown") is None
    assert page.evaluate(STORED) == []
    page.evaluate(
        "() => { delete document.prerendering; document.dispatchEvent(new Event('prerenderingchange')) }",
    )
    visit.arrived(page, "page_view", "view_cart")
    assert page.evaluate("() => window.shown") == visit.events()[0]["visitor_id"]


def test_an_addition_to_the_cart_arrives_with_its_items(visit: Visit) -> None:
    page = visit.enter("/")
    page.evaluate(
        "() => sonnim('add_to_cart', {currency: 'KRW', value: 79800, name: 'spring', list: 'best', items: ["
        "{item_id: 'P1001', item_name: '라운드 니트', price: 39900, quantity: 2, item_category: '의류'}]})"
    )
    event = visit.arrived(page, "page_view", "add_to_cart")[1]
    assert event["items"] == [
        {"item_id": "P1001", "item_name": "라운드 니트", "price": 39900, "quantity": 2, "category": "의류"}
    ]
    assert (event["value"], event["currency"]) == (79800, "KRW")
    assert event["properties"] == '{"name":"spring","list":"best"}'


def test_a_member_is_on_every_event_from_identify_to_logout(visit: Visit) -> None:
    page = visit.enter("/")
    page.evaluate("() => sonnim('identify', {member_id: 'member-7', grade: 'VIP', name: '김손님'})")
    page.evaluate("() => sonnim('identify', {member_id: 'member-7', grade: 'VIP', name: '김손님'})")
    page.evaluate("() => { sonnim('view_cart'); sonnim('logout'); sonnim('view_cart') }")
    events = visit.arrived(page, "page_view", "identify", "view_cart", "logout", "view_cart")
    assert [event.get("member_id") for event in events] == [None, "member-7", "member-7", "member-7", None]
    assert events[1]["properties"] == '{"traits":{"grade":"VIP","name":"김손님"}}'
    page.evaluate("() => sonnim('identify', {member_id: 'member-7', grade: 'VIP', name: '김손님'})")
    visit.until(page, "a new login is told", lambda: visit.names().count("identify") == 2)


def test_a_page_that_says_again_who_is_logged_in_repeats_no_login(visit: Visit) -> None:
    says = "sonnim('identify', {member_id: 7})"
    visit.arrived(visit.open("/", before=says), "page_view", "identify")
    events = visit.arrived(visit.open("/next", before=says), "page_view", "identify", "page_view")
    assert [event.get("member_id") for event in events] == ["7", "7", "7"]
    page = visit.open("/third", before="sonnim('identify', {member_id: 7, grade: 'VIP'})")
    visit.until(page, "a new trait is told", lambda: visit.names().count("identify") == 2)


def test_leaving_a_page_takes_along_what_was_just_done(visit: Visit) -> None:
    visit.server.put("/elsewhere", "<title>no snippet</title>")
    page = visit.enter("/")
    page.evaluate("() => { sonnim('add_to_cart', {items: [{item_id: 'P1'}]}); location.href = '/elsewhere' }")
    page.wait_for_url("**/elsewhere")
    visit.until(page, "the last event arrived", lambda: visit.names() == ["page_view", "add_to_cart"])
    page.goto(visit.lay("/next"))
    visit.until(page, "the next page arrived", lambda: len(visit.names()) == 3)
    visit.settle(page)
    assert visit.names() == ["page_view", "add_to_cart", "page_view"]
    assert not any(event["bot"] for event in visit.events())


def test_an_older_browser_leaves_with_a_beacon(visit: Visit) -> None:
    visit.server.put("/elsewhere", "<title>no snippet</title>")
    page = visit.tab()
    page.add_init_script("delete Request.prototype.keepalive")
    page.goto(visit.lay("/"))
    visit.arrived(page, "page_view")
    page.evaluate("() => { sonnim('view_cart'); location.href = '/elsewhere' }")
    visit.until(page, "the beacon arrived", lambda: visit.names() == ["page_view", "view_cart"])
    assert visit.calls()[-1].status == 202


def test_closing_the_tab_tells_how_long_the_page_was_open(visit: Visit) -> None:
    other = visit.tab()
    page = visit.tab()
    page.clock.install()
    page.goto(visit.lay("/", heartbeat=30))
    visit.arrived(page, "page_view")
    page.clock.fast_forward(12_000)
    page.close(run_before_unload=True)
    visit.until(other, "the last heartbeat arrived", lambda: visit.events("heartbeat"))
    (view,), (beat,) = visit.events("page_view"), visit.events("heartbeat")
    assert beat["occurred_at"] > view["occurred_at"]
    assert beat["pageview"] is False


SHOWN = "Object.defineProperty(document, 'visibilityState', {get: () => window.shown || 'visible'});"


def test_a_heartbeat_beats_while_the_page_is_to_be_seen(visit: Visit) -> None:
    page = visit.tab()
    page.add_init_script(SHOWN)
    page.clock.install()
    page.goto(visit.lay("/", heartbeat=20))
    visit.arrived(page, "page_view")
    for beats in (1, 2):
        page.clock.fast_forward(20_000)
        visit.until(page, "it beats", lambda beats=beats: len(visit.events("heartbeat")) == beats)  # type: ignore[misc]
    page.evaluate("() => { window.shown = 'hidden' }")
    page.clock.fast_forward(200_000)
    page.evaluate("() => { window.shown = 'visible'; sonnim('view_cart') }")
    visit.until(page, "the page is back", lambda: "view_cart" in visit.names())
    assert len(visit.events("heartbeat")) == 2
    page.clock.fast_forward(20_000)
    visit.until(page, "it beats again", lambda: len(visit.events("heartbeat")) == 3)


def test_a_page_that_lies_open_with_nothing_happening_stops_beating(visit: Visit) -> None:
    page = visit.tab()
    page.clock.install()
    page.goto(visit.lay("/", heartbeat=30))
    visit.arrived(page, "page_view")
    page.clock.fast_forward(30 * 60_000 + 1)
    page.clock.fast_forward(60_000)
    page.evaluate("() => sonnim('view_cart')")
    visit.arrived(page, "page_view", "view_cart")
    assert visit.events("heartbeat") == []


def test_a_strict_content_security_policy_is_enough(visit: Visit) -> None:
    of = visit.collector.url
    policy = f"default-src 'none'; script-src 'self' {of}; connect-src {of}; img-src data:; require-trusted-types-for 'script'"
    visit.server.put("/shop.js", "sonnim('view_cart')", "text/javascript")
    markup = (
        "<!doctype html><link rel=icon href=data:,><title>Strict</title>"
        f'<script src="{of}/v1/sonnim.js" data-key="{visit.key}" data-heartbeat="0" data-pageview="true"></script>'
        "<script src=/shop.js></script>"
    )
    page = visit.tab()
    page.goto(visit.server.put("/", markup, Content_Security_Policy=policy))
    visit.arrived(page, "page_view", "view_cart")
    assert visit.said == []


def test_the_script_twice_in_a_page_is_the_script_once(visit: Visit) -> None:
    again = f'<script src="{visit.collector.url}/v1/sonnim.js" data-key="{visit.key}"></script>'
    page = visit.open("/", body=again + again)
    page.evaluate("(key) => { sonnim('init', {key}); sonnim('view_cart') }", visit.key)
    visit.arrived(page, "page_view", "view_cart")


def test_a_server_may_be_told_the_visitor(visit: Visit) -> None:
    page = visit.open("/")
    told = page.evaluate("() => new Promise((resolve) => sonnim('visitor_id', resolve))")
    assert visit.arrived(page, "page_view")[0]["visitor_id"] == told
