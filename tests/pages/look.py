"""What tests look at a page with: its words, axe-core, and whether it fits its window."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from api.pages.texts import template, text
from sql.users import Language

PHONE = {"viewport": {"width": 360, "height": 740}}
_AXE = Path(__file__).parent / "axe" / "axe.min.js"


class Words:
    """Texts of a language: `KO["live.title"]`, and with values put in `KO("login.too_many", seconds=2)`."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def __getitem__(self, name: str) -> str:
        return template(self._language, name)

    def __call__(self, name: str, /, **values: object) -> str:
        return text(self._language, name, **values)


KO, EN = Words("ko"), Words("en")


def violations(page: Page) -> list[str]:
    """What axe-core finds. Laid into the page by the browser's own console, which no policy of the page holds back."""
    page.evaluate(_AXE.read_text())
    found: list[dict[str, Any]] = page.evaluate("() => axe.run().then((found) => found.violations)")
    return [f"{one['impact']} {one['id']}: {[node['html'] for node in one['nodes']]}" for one in found]


def overflow(page: Page) -> int:
    """How much wider than the window the page is."""
    wide: int = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return wide
