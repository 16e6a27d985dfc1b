"""Texts of the pages: one catalogue a language, `texts/ko.json` and `texts/en.json`, with the same names in both."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

import orjson

from sql.users import Language

LANGUAGES: Final[Mapping[Language, str]] = {"ko": "한국어", "en": "English"}
"""Languages by what they call themselves, the first one where nothing else is known."""

FOR_SCRIPTS: Final = "js."
"""Names that begin so are told to the pages' scripts, without it."""


@cache
def texts(language: Language) -> Mapping[str, str]:
    """All texts of a language, by name."""
    told: dict[str, str] = orjson.loads((Path(__file__).parent / "texts" / f"{language}.json").read_bytes())
    return told


def text(language: Language, name: str, **values: object) -> str:
    """A text, with `{values}` put in. Raises `KeyError` for a name that is not there."""
    return texts(language)[name].format(**values)


def for_scripts(language: Language) -> str:
    """Those of the scripts, as JSON."""
    told = {
        name.removeprefix(FOR_SCRIPTS): one for name, one in texts(language).items() if name.startswith(FOR_SCRIPTS)
    }
    return orjson.dumps(told).decode()


def preferred(accept_language: str, chosen: str = "") -> Language:
    """The language of who is not signed in: what he chose (a cookie), else the first one of his browser that there is, else Korean."""
    for told in (chosen, *accept_language.split(",")):
        name = told.partition(";")[0].strip().lower().partition("-")[0]
        for language in LANGUAGES:
            if name == language:
                return language
    return next(iter(LANGUAGES))
