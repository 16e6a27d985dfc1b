"""Whatever happens to the network, the server and the page: every event arrives once, or is refused once."""

from __future__ import annotations

import json

from sql.keys import create_key
from tests.browser.conftest import QUEUED, Visit


def test_what_happened_offline_arrives_when_the_browser_is_online_again(visit: Visit) -> None:
    page = visit.enter("/")
    visit.context.set_offline(True)
    page.evaluate("() => { sonnim('view_cart'); history.pushState({}, '', '/p') }")
    visit.until(page, "sending failed", lambda: any("ERR_INTERNET_DISCONNECTED" in line for line in visit.said))
    assert page.evaluate(QUEUED) == 2
    visit.context.set_offline(False)
    visit.arrived(page, "page_view", "view_cart", "page_view")
    assert visit.collector.repeats(visit.site_id) == []


def test_a_queue_survives_a_reload_and_a_server_that_is_away(visit: Visit) -> None:
    visit.collector.log.away = True
    page = visit.open("/")
    page.evaluate("() => sonnim('add_to_cart', {items: [{item_id: 'P1'}]})")
    visit.until(page, "it was sent in vain", lambda: visit.calls())
    page.reload()
    page.wait_for_function("() => window.sonnim.loaded")
    visit.until(page, "three events wait", lambda: page.evaluate(QUEUED) == 3)
    assert visit.events() == []
    visit.collector.log.away = False
    visit.arrived(page, "page_view", "add_to_cart", "page_view")
    assert visit.collector.repeats(visit.site_id) == []
    assert {call.status for call in visit.calls()} == {503, 202}


def test_a_server_that_asks_for_time_gets_it_from_every_tab_and_page(visit: Visit) -> None:
    page = visit.tab()
    page.clock.install()
    away = {"Retry-After": "60", "Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Retry-After"}
    asked: list[str] = []

    def refuse(route, request) -> None:  # type: ignore[no-untyped-def]
        asked.append(request.post_data)
        route.fulfill(status=429, headers=away)

    visit.context.route("**/v1/events?*", refuse)
    page.goto(visit.lay("/"))
    visit.until(page, "it was asked to wait", lambda: page.evaluate("() => localStorage['sonnim.w']"))
    page.evaluate("() => sonnim('view_cart')")
    page.clock.fast_forward(40_000)
    page.reload()
    page.wait_for_function("() => window.sonnim.loaded")
    page.evaluate("() => sonnim('view_cart')")
    page.clock.fast_forward(10_000)
    visit.until(page, "four events wait", lambda: page.evaluate(QUEUED) == 4)
    assert len(asked) == 1
    visit.context.unroute("**/v1/events?*")
    page.clock.fast_forward(60_000)
    visit.arrived(page, "page_view", "view_cart", "page_view", "view_cart")


def test_a_lost_connection_is_tried_again(visit: Visit) -> None:
    visit.context.route("**/v1/events?*", lambda route: route.abort())
    page = visit.open("/")
    visit.until(page, "it failed", lambda: any("ERR_FAILED" in line for line in visit.said))
    visit.context.unroute("**/v1/events?*")
    visit.arrived(page, "page_view")


def test_a_refused_event_is_told_to_the_console_and_not_sent_again(visit: Visit) -> None:
    page = visit.enter("/")
    page.evaluate("() => { sonnim('view_item', {items: [{item_id: 'P', price: 9.5}]}); sonnim('view_cart') }")
    visit.arrived(page, "page_view", "view_cart")
    page.evaluate("() => sonnim('view_cart')")
    visit.arrived(page, "page_view", "view_cart", "view_cart")
    assert visit.said == ["sonnim: refused: fractional_money, items[0].price: 9.5"]
    assert sum("9.5" in call.body.decode() for call in visit.calls()) == 1


def test_an_unknown_key_is_told_once_and_nothing_more_is_sent(visit: Visit) -> None:
    key = "snm_w_unknown"
    page = visit.open("/", key=key)
    visit.until(page, "it was refused", lambda: any("sonnim:" in line for line in visit.said))
    page.evaluate("() => { sonnim('view_cart'); sonnim('consent', true); dispatchEvent(new Event('online')) }")
    assert page.evaluate(QUEUED) == 0
    assert [line for line in visit.said if "sonnim" in line and "Failed" not in line] == [
        "sonnim: events refused, status 401"
    ]
    assert [call.status for call in visit.collector.calls(key)] == [401]


def test_a_secret_key_in_a_page_sends_nothing(visit: Visit) -> None:
    key, _ = create_key(visit.collector.store, visit.site_id, "secret", 0)
    page = visit.open("/", key=key)
    page.evaluate("() => sonnim('view_cart')")
    assert page.evaluate("() => Object.keys(localStorage)") == []
    assert visit.collector.calls(key) == []
    assert visit.said == ["sonnim: a write key (snm_w_...) is needed; a secret key never goes into a page"]


def test_two_tabs_share_one_visitor_and_send_every_event_once(visit: Visit) -> None:
    first, second = visit.open("/one"), visit.open("/two")
    for page in (first, second):
        page.evaluate(
            "() => { let n = 0; const timer = setInterval(() => {"
            " if (n++ < 30) sonnim('my_event', {n, at: location.pathname}); else clearInterval(timer) }, 20) }"
        )
    visit.until(first, "all arrived", lambda: len(visit.events("my_event")) == 60)
    visit.settle(first)
    assert visit.names().count("page_view") == 2
    assert len({event["properties"] for event in visit.events("my_event")}) == 60
    second.evaluate("() => sonnim('view_cart')")
    visit.until(first, "one more arrived", lambda: visit.events("view_cart"))
    (last,) = visit.events("view_cart")
    first.evaluate("() => sonnim('begin_checkout')")
    visit.until(first, "and one of the other tab", lambda: visit.events("begin_checkout"))
    assert visit.events("begin_checkout")[0]["visitor_id"] == last["visitor_id"]


def test_many_events_go_in_batches_that_a_browser_lets_outlive_the_page(visit: Visit) -> None:
    page = visit.open("/")
    page.evaluate("() => { for (let n = 0; n < 450; n++) sonnim('my_event', {n, words: '손님'.repeat(n % 40)}) }")
    visit.until(page, "all arrived", lambda: len(visit.events("my_event")) == 450)
    visit.settle(page)
    assert sorted(json.loads(event["properties"])["n"] for event in visit.events("my_event")) == list(range(450))
    assert all(len(call.items) <= 200 and len(call.body) < 65_536 for call in visit.calls())
    assert visit.collector.repeats(visit.site_id) == []


def test_one_large_event_goes_alone_and_a_huge_one_not_at_all(visit: Visit) -> None:
    page = visit.open("/")
    page.evaluate(
        "() => { const items = (length) => Array.from({length: 200}, (_, n) => ({item_id: String(n), item_name: '긴'.repeat(length)}));"
        "sonnim('view_item_list', {items: items(600)}); sonnim('view_item_list', {items: items(1900)}); sonnim('view_cart') }"
    )
    visit.until(page, "all arrived", lambda: len(visit.names()) == 3)
    visit.settle(page)
    assert sorted(visit.names()) == ["page_view", "view_cart", "view_item_list"]
    assert visit.said == ["sonnim: view_item_list is too large"]


def test_the_queue_is_bounded_in_count_size_and_age(visit: Visit) -> None:
    visit.collector.log.away = True
    page = visit.open("/")
    old = "() => localStorage.setItem('sonnim.q' + (Date.now() - 7 * 86400000) + 'old', '{\"name\":\"view_cart\"}')"
    page.evaluate(old)
    page.evaluate("() => { for (let n = 0; n < 1100; n++) sonnim('my_event', {n}) }")
    kept = page.evaluate("() => Object.keys(localStorage).filter((name) => name.startsWith('sonnim.q')).sort()")
    assert len(kept) == 1_000
    assert not any(name.endswith("old") for name in kept)
    large = "() => { for (let n = 0; n < 60; n++) sonnim('my_event', {words: 'x'.repeat(20000)}) }"
    page.evaluate(large)
    assert page.evaluate("() => Object.values(localStorage).join('').length") < 510_000
    newest = page.evaluate(
        "() => localStorage[Object.keys(localStorage).filter((n) => n.startsWith('sonnim.q')).sort().pop()]"
    )
    assert "x" * 20_000 in newest


def test_a_browser_without_locks_sends_all_the_same(visit: Visit) -> None:
    page = visit.tab()
    page.add_init_script("Object.defineProperty(Navigator.prototype, 'locks', {value: undefined})")
    page.goto(visit.lay("/"))
    visit.arrived(page, "page_view")


def test_a_wrong_clock_is_corrected(visit: Visit) -> None:
    page = visit.tab()
    page.clock.install(time="2031-01-01T00:00:00Z")
    page.goto(visit.lay("/"))
    visit.arrived(page, "page_view")
    page.evaluate("() => sonnim('view_cart')")
    for event in visit.arrived(page, "page_view", "view_cart"):
        assert event["sent_at"] > event["received_at"] + 10**9
        assert event["occurred_at"] <= event["received_at"] < event["occurred_at"] + 10**9


def test_a_right_clock_is_left_alone_once_that_is_known(visit: Visit) -> None:
    page = visit.enter("/")
    page.evaluate("() => sonnim('view_cart')")
    first, second = visit.arrived(page, "page_view", "view_cart")
    assert ("sent_at" in first, "sent_at" in second) == (True, False)
