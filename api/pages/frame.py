"""What the frame around every page shows: who is signed in, at which site, in which language and colours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from api.accounts.doorkeeper import Shop, SignedIn
from sql.users import User

Theme = Literal["auto", "light", "dark"]
THEMES: Final[tuple[Theme, ...]] = ("auto", "light", "dark")

SITE_COOKIE: Final = "sonnim_site"
THEME_COOKIE: Final = "sonnim_theme"
LANGUAGE_COOKIE: Final = "sonnim_language"
KEPT_SECONDS: Final = 365 * 24 * 3_600
LONGEST_PATH: Final = 30_000
"""Characters: an address holds the conditions that somebody draws, and a server takes no longer one twice encoded."""


@dataclass(frozen=True)
class PageKind:
    """A kind of page: its scripts and styles are `static/<name>/main.js` and `main.css`, its texts `texts/<language>/<name>.json`.

    `path` as routes have it. `under`: the name of the page in the navigation that leads to it.
    """

    name: str
    path: str
    under: str


PAGES: Final = (
    PageKind("live", "/", "live"),
    PageKind("person", "/people/{person_id:path}", "live"),
    PageKind("segments", "/segments", "segments"),
    PageKind("segment", "/segments/{segment_id}", "segments"),
    PageKind("report", "/report", "report"),
    PageKind("hooks", "/hooks", "hooks"),
    PageKind("hook", "/hooks/{hook_id}", "hooks"),
    PageKind("health", "/health", "health"),
    PageKind("access", "/access", "access"),
)
"""The pages for who is signed in, those of the navigation in its order."""


@dataclass(frozen=True)
class Frame:
    """`shop` None: the user has no site. `here`: where another site or language of this page is."""

    user: User
    shops: tuple[Shop, ...]
    shop: Shop | None
    page: PageKind
    here: str

    @property
    def top(self) -> str:
        """The path of the page in the navigation this one stands under."""
        return next(page.path for page in PAGES if page.name == self.page.under)

    @property
    def same_site(self) -> str:
        """What an address needs to stay at this site."""
        return f"?site={self.shop.site_id}" if self.shop and len(self.shops) > 1 else ""

    @property
    def navigation(self) -> list[PageKind]:
        """The pages one is led to."""
        return [page for page in PAGES if page.name == page.under]


def frame_of(found: SignedIn, page: PageKind, asked: str, remembered: str, here: str) -> Frame:
    """The frame of a page: the site that is asked for, else that of last time, else the first."""
    return Frame(found.user, tuple(found.shops.values()), _shop(found.shops, asked, remembered), page, here)


def theme_of(cookie: str) -> Theme:
    """The colours that were chosen; else those of the system."""
    return next((theme for theme in THEMES if theme == cookie), "auto")


def safe_path(told: str) -> str:
    """A path of ours to go on to; `/` for anything that may lead elsewhere."""
    plain = told.startswith("/") and not told.startswith(("//", "/\\")) and told.isprintable() and "\\" not in told
    return told if plain and len(told) <= LONGEST_PATH else "/"


def _shop(shops: Mapping[str, Shop], *wanted: str) -> Shop | None:
    for site_id in wanted:
        if site_id in shops:
            return shops[site_id]
    return next(iter(shops.values()), None)
