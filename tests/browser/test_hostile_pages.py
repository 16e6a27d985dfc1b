"""Pages that replace what the snippet stands on: it goes on where it can, and never throws into them."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Visit

BROKEN = {
    "a broken JSON": "JSON.stringify = () => { throw new Error('mine') };",
    "no fetch": "window.fetch = undefined;",
    "a throwing fetch": "window.fetch = () => { throw new Error('mine') };",
    "no random numbers": "Object.defineProperty(window, 'crypto', {value: {}});",
    "a strange dataLayer": "window.dataLayer = 'none';",
    "a frozen history": "Object.freeze(history); Object.freeze(History.prototype);",
    "no console": "console.warn = () => { throw new Error('mine') };",
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_page_that_breaks_the_browser_sees_no_error_of_the_snippet(visit: Visit, what: str) -> None:
    page = visit.tab()
    page.add_init_script(
        BROKEN[what] + "window.unhandled = []; addEventListener('unhandledrejection', (e) => unhandled.push(e.reason));"
    )
    page.goto(visit.lay("/", dataLayer=True))
    page.wait_for_function("() => window.sonnim.loaded")
    page.evaluate(
        "() => { sonnim('view_cart', {get secret() { throw new Error('mine') }}); sonnim(); sonnim('init');"
        "const round = {}; round.round = round; sonnim('my_event', {round}); sonnim('my_event', {big: 10n ** 30n});"
        "sonnim('visitor_id', null); sonnim('consent', true); sonnim('identify'); sonnim('logout', 7);"
        "sonnim('my_event', 'text'); sonnim({}, []); dispatchEvent(new Event('pagehide')) }"
    )
    page.wait_for_timeout(600)
    assert page.evaluate("() => window.unhandled") == []


def test_what_the_page_replaces_later_does_not_matter(visit: Visit) -> None:
    page = visit.enter("/")
    page.evaluate(
        "() => { JSON.stringify = () => '\"no\"'; Object.assign = () => { throw new Error() }; window.fetch = () => 7;"
        "Date.now = () => 5; Object.prototype.polluted = {toString() { throw new Error() }};"
        "Array.prototype.toJSON = () => 'old library'; String.prototype.toJSON = () => 'older' }"
    )
    page.evaluate("() => sonnim('add_to_cart', {items: [{item_id: 'P1', quantity: 2}]})")
    visit.until(page, "it arrived", lambda: visit.names() == ["page_view", "add_to_cart"])
    assert visit.events()[1]["items"] == [{"item_id": "P1", "quantity": 2}]
    assert page.evaluate("() => [[].toJSON(), 'x'.toJSON()]") == ["old library", "older"]


def test_a_router_keeps_its_own_errors_and_answers(visit: Visit) -> None:
    page = visit.tab()
    page.add_init_script(
        "const own = history.pushState; history.pushState = function () { own.apply(this, arguments); return 'mine' };"
    )
    page.goto(visit.lay("/"))
    visit.arrived(page, "page_view")
    assert page.evaluate("() => history.pushState({}, '', '/p')") == "mine"
    with pytest.raises(Exception, match="SecurityError"):
        page.evaluate("() => history.pushState({}, '', 'https://other.example/')")
    visit.arrived(page, "page_view", "page_view")


def test_one_global_and_no_script_is_added(visit: Visit) -> None:
    visit.server.put("/bare", "<!doctype html><link rel=icon href=data:,>")
    bare = visit.tab()
    bare.goto(visit.server.url + "/bare")
    names = set(bare.evaluate("() => Object.getOwnPropertyNames(window)"))
    page = visit.open("/")
    assert set(page.evaluate("() => Object.getOwnPropertyNames(window)")) - names == {"sonnim"}
    assert page.evaluate("() => document.scripts.length") == 2
