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


@dataclass(frozen=True)
class Link:
    """A page in the navigation: the name of its text, and its path."""

    name: str
    path: str


NAVIGATION: Final = (Link("live", "/"),)
"""The pages there are, in their order."""


@dataclass(frozen=True)
class Frame:
    """`shop` None: the user has no site."""

    user: User
    shops: tuple[Shop, ...]
    shop: Shop | None
    here: str


def frame_of(found: SignedIn, asked: str, remembered: str, here: str) -> Frame:
    """The frame of a page at path `here`: the site that is asked for, else that of last time, else the first."""
    return Frame(found.user, tuple(found.shops.values()), _shop(found.shops, asked, remembered), here)


def theme_of(cookie: str) -> Theme:
    """The colours that were chosen; else those of the system."""
    return next((theme for theme in THEMES if theme == cookie), "auto")


def safe_path(told: str) -> str:
    """A path of ours to go on to; `/` for anything that may lead elsewhere."""
    plain = told.startswith("/") and not told.startswith(("//", "/\\")) and told.isprintable() and "\\" not in told
    return told if plain and len(told) < 2_000 else "/"


def _shop(shops: Mapping[str, Shop], *wanted: str) -> Shop | None:
    for site_id in wanted:
        if site_id in shops:
            return shops[site_id]
    return next(iter(shops.values()), None)
