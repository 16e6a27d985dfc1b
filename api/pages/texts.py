"""Texts of the pages: a folder a language, a file a page (`texts/ko/live.json`), with the same names in every language.

Templates name a text by file and name (`live.title`); those of `frame.json` by name alone. Scripts are told the texts of
`common.json` and of their own page, by name alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

import orjson

from sql.users import Language

LANGUAGES: Final[Mapping[Language, str]] = {"ko": "한국어", "en": "English"}
"""Languages by what they call themselves, the first one where nothing else is known."""

FRAME: Final = "frame"
COMMON: Final = "common"
_HERE: Final = Path(__file__).parent / "texts"


@cache
def texts(language: Language) -> Mapping[str, Mapping[str, str]]:
    """All texts of a language, by file and name."""
    return {path.stem: orjson.loads(path.read_bytes()) for path in sorted((_HERE / language).glob("*.json"))}


def text(language: Language, name: str, /, **values: object) -> str:
    """A text by the name templates have for it, with `{values}` put in. Raises `KeyError` for one that is not there."""
    return template(language, name).format(**values)


def template(language: Language, name: str) -> str:
    """The same as it is written."""
    told = texts(language)
    file, _, rest = name.partition(".")
    return told[FRAME][name] if name in told[FRAME] else told[file][rest]


def for_scripts(language: Language, page: str) -> str:
    """What scripts of a page are told, as JSON."""
    told = texts(language)
    return orjson.dumps({**told[COMMON], **told.get(page, {})}).decode()


def preferred(accept_language: str, chosen: str = "") -> Language:
    """The language of who is not signed in: what he chose (a cookie), else the first one of his browser that there is, else Korean."""
    for told in (chosen, *accept_language.split(",")):
        name = told.partition(";")[0].strip().lower().partition("-")[0]
        for language in LANGUAGES:
            if name == language:
                return language
    return next(iter(LANGUAGES))
