"""Nothing is stored or sent that the visitor did not allow, and who the visitor is stays with this browser."""

from __future__ import annotations

from tests.browser.conftest import STORED, Visit

STORES = "() => [Object.keys(localStorage).length, document.cookie]"


def test_before_consent_nothing_is_stored_or_sent(visit: Visit) -> None:
    page = visit.tab()
    page.clock.install()
    page.goto(visit.lay("/landing?utm_source=naver", consent="required", dataLayer=True))
    page.evaluate(
        "() => { sonnim('view_cart'); sonnim('identify', {member_id: 'm'}); history.pushState({}, '', '/p') }"
    )
    page.evaluate("() => { sonnim('visitor_id', (id) => { window.told = id }) }")
    page.clock.fast_forward(120_000)
    page.evaluate("() => { dispatchEvent(new Event('online')); dispatchEvent(new Event('pagehide')) }")
    assert page.evaluate("() => window.told") == ""
    assert page.evaluate(STORES) == [0, ""]
    page.evaluate("() => sonnim('consent', true)")
    (event,) = visit.arrived(page, "page_view")
    assert (event["url"].rpartition("/")[2], event["member_id"]) == ("p", "m")
    assert len(visit.calls()) == 1


def test_consent_given_right_away_keeps_the_first_page(visit: Visit) -> None:
    page = visit.open("/landing", consent="required", before="sonnim('consent', true); sonnim('view_cart');")
    visit.arrived(page, "page_view", "view_cart")
    page.goto(visit.lay("/next", consent="required"))
    visit.arrived(page, "page_view", "view_cart", "page_view")


def test_consent_withdrawn_deletes_everything_and_stops(visit: Visit) -> None:
    page = visit.open("/", consent="required", cookieDomain="127.0.0.1", before="sonnim('consent', true);")
    visit.arrived(page, "page_view")
    visit.collector.log.away = True
    page.evaluate("() => { sonnim('identify', {member_id: 'm'}); sonnim('view_cart') }")
    visit.until(page, "it waits for the server", lambda: page.evaluate("() => localStorage['sonnim.w']"))
    assert {name[:8] for name in page.evaluate(STORED)} == {f"sonnim.{name}" for name in "cikqvw"}
    assert "sonnim_v=" in page.evaluate("() => document.cookie")
    page.evaluate("() => { sonnim('consent', false); sonnim('view_cart') }")
    assert page.evaluate(STORES) == [0, ""]
    visit.collector.log.away = False
    visit.lay("/", consent="required", cookieDomain="127.0.0.1")
    page.reload()
    page.wait_for_function("() => window.sonnim.loaded")
    page.evaluate("() => sonnim('consent', false)")
    assert page.evaluate(STORES) == [0, ""]
    assert visit.names() == ["page_view"]
    page.evaluate("() => sonnim('consent', true)")
    first, second = visit.arrived(page, "page_view", "page_view")
    assert first["visitor_id"] != second["visitor_id"]
    assert "member_id" not in second


def test_a_refusal_is_remembered_where_consent_is_not_required(visit: Visit) -> None:
    page = visit.enter("/")
    other = visit.open("/other")
    visit.arrived(page, "page_view", "page_view")
    page.evaluate("() => sonnim('consent', false)")
    assert page.evaluate(STORED) == ["sonnim.c"]
    visit.until(other, "the other tab knows", lambda: other.evaluate("() => localStorage['sonnim.c'] === '0'"))
    other.evaluate("() => { sonnim('view_cart'); sonnim('visitor_id', (id) => { window.told = id }) }")
    assert other.evaluate("() => window.told") == ""
    page.goto(visit.lay("/next"))
    page.wait_for_function("() => window.sonnim.loaded")
    page.evaluate("() => sonnim('visitor_id', (id) => { window.told = id })")
    assert page.evaluate("() => window.told") == ""
    assert page.evaluate(STORED) == ["sonnim.c"]
    page.evaluate("() => sonnim('consent', true)")
    visit.arrived(page, "page_view", "page_view", "page_view")


def test_the_visitor_is_the_same_on_the_next_page_and_sets_no_cookie(visit: Visit) -> None:
    visit.arrived(visit.open("/"), "page_view")
    page = visit.open("/next")
    first, second = visit.arrived(page, "page_view", "page_view")
    assert first["visitor_id"] == second["visitor_id"]
    assert visit.context.cookies() == []


CLOSED = "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('closed', 'SecurityError') }});"


def test_where_the_store_is_closed_a_cookie_of_the_shop_keeps_the_visitor(visit: Visit) -> None:
    visit.context.add_init_script(CLOSED)
    page = visit.open("/")
    visit.until(page, "it arrived", lambda: len(visit.names()) == 1)
    page.goto(visit.lay("/next"))
    visit.until(page, "the next arrived", lambda: len(visit.names()) == 2)
    first, second = visit.events()
    (cookie,) = visit.context.cookies()
    assert first["visitor_id"] == second["visitor_id"] == cookie["value"]
    assert (cookie["name"], cookie["domain"], cookie["sameSite"]) == ("sonnim_v", "127.0.0.1", "Lax")


def test_a_cookie_shared_by_the_shops_hosts_names_the_visitor(visit: Visit) -> None:
    known = "0123456789abcdef0123456789abcdef"
    visit.context.add_cookies([{"name": "sonnim_v", "value": known, "url": visit.server.url}])
    page = visit.open("/", cookieDomain="127.0.0.1")
    assert visit.arrived(page, "page_view")[0]["visitor_id"] == known
