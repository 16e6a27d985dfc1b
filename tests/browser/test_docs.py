"""The code that docs/snippet.md gives to copy works as it stands there, with the shop's own address and key."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.browser.conftest import Visit

PAGE = (Path(__file__).parents[2] / "docs" / "snippet.md").read_text(encoding="utf-8")
MARKUP = re.findall(r"```html\n(.*?)```", PAGE, re.DOTALL)
EVENTS, GOOGLE = re.findall(r"```js\n(.*?)```", PAGE, re.DOTALL)


def with_own(visit: Visit, markup: str) -> str:
    own = markup.replace("https://sonnim.shop.example", visit.collector.url).replace("snm_w_...", visit.key)
    return f"<!doctype html><meta charset=utf-8><link rel=icon href=data:,><title>Shop</title>{own}"


@pytest.mark.parametrize("number", range(len(MARKUP)))
def test_every_tag_sends_page_views(visit: Visit, number: int) -> None:
    page = visit.tab()
    page.goto(visit.server.put("/", with_own(visit, MARKUP[number])))
    visit.arrived(page, "page_view")
    assert visit.said == []


def test_every_event_of_the_examples_is_accepted(visit: Visit) -> None:
    page = visit.enter("/")
    page.evaluate(f"() => {{ {EVENTS} }}")
    names = re.findall(r"^sonnim\('(\w+)'", EVENTS, re.MULTILINE)
    visit.arrived(page, "page_view", *names)
    assert visit.said == []


def test_googles_examples_are_sent_on(visit: Visit) -> None:
    page = visit.tab()
    listening = next(markup for markup in MARKUP if "data-data-layer" in markup)
    page.goto(visit.server.put("/", with_own(visit, listening)))
    visit.arrived(page, "page_view")
    page.evaluate(f"() => {{ window.gtag = function () {{ dataLayer.push(arguments) }}; {GOOGLE} }}")
    _, added, bought = visit.arrived(page, "page_view", "add_to_cart", "purchase")
    assert (added["value"], bought["value"]) == (1999, 39900)


def test_every_option_that_is_documented_is_there() -> None:
    files = (Path(__file__).parents[2] / "ingest" / "tracker").glob("*.js")
    known = {name for file in files for name in re.findall(r"(?:config|told)\.([a-zA-Z]+)", file.read_text())}
    options = set(re.findall(r"^\| `(\w+)` \|", PAGE.partition("## Options")[2].partition("\n## ")[0], re.MULTILINE))
    assert options
    assert options <= known
