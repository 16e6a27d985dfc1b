"""Korean particles (조사), chosen by the sound a word ends in."""

from __future__ import annotations

import re

_DIGITS_ENDING_IN_CONSONANT = frozenset("013678")  # 영 일 삼 육 칠 팔
_DIGITS_ENDING_IN_RIEUL = frozenset("178")  # 일 칠 팔
_SPELLED = re.compile(r"(?<![A-Za-z])[A-Z]{1,3}$")  # ID and 10P are read letter by letter
_LETTERS_ENDING_IN_CONSONANT = frozenset("LMNR")  # 엘 엠 엔 알
_LETTERS_ENDING_IN_RIEUL = frozenset("LR")
_STEMS = (
    ("아님", "아니"),
    ("있음", "있"),
    ("없음", "없"),
    ("않음", "않"),
    ("포함", "포함하"),
    ("함", "하"),
    ("시작", "시작하"),
    ("지남", "지나"),
    ("임", "이"),
)
# Index of the final ㄹ in a Hangul syllable (Unicode, section 3.12: syllable = lead * 588 + vowel * 28 + final).
_RIEUL = 8


def subject(word: str) -> str:
    """The word with 이 or 가; without either where its sound is not known."""
    return word + _choose(word, "이", "가", "")


def object_(word: str) -> str:
    """The word with 을 or 를; without either where its sound is not known."""
    return word + _choose(word, "을", "를", "")


def topic(word: str) -> str:
    """The word with 은 or 는; without either where its sound is not known."""
    return word + _choose(word, "은", "는", "")


def joined(phrases: list[str], ending: str) -> str:
    """Nominal phrases as one sentence: all but the last take the ending 고 (and) or 거나 (or) on their verb."""
    return " ".join([_connective(phrase) + ending for phrase in phrases[:-1]] + phrases[-1:])


def toward(word: str) -> str:
    """The word with 으로 or 로 (로 also after ㄹ)."""
    last = _last(word)
    spelled = last in _LETTERS_ENDING_IN_RIEUL and _SPELLED.search(word)
    if spelled or last in _DIGITS_ENDING_IN_RIEUL or ("가" <= last <= "힣" and _final(last) == _RIEUL):
        return word + "로"
    return word + _choose(word, "으로", "로", "(으)로")


def _connective(phrase: str) -> str:
    """The phrase with its last verb as a stem: 있음 -> 있, 10회 이상 -> 10회 이상이."""
    for noun, stem in _STEMS:
        if phrase.endswith(noun):
            return phrase.removesuffix(noun) + stem
    return phrase + "이"


def _choose(word: str, consonant: str, vowel: str, unknown: str) -> str:
    last = _last(word)
    if "가" <= last <= "힣":
        return consonant if _final(last) else vowel
    if last.isdecimal() and last.isascii():
        return consonant if last in _DIGITS_ENDING_IN_CONSONANT else vowel
    if _SPELLED.search(word):
        return consonant if last in _LETTERS_ENDING_IN_CONSONANT else vowel
    return unknown


def _last(word: str) -> str:
    """The last character that is spoken: closing quotes and brackets are not."""
    return word.rstrip("'\"’”)] ")[-1:]


def _final(syllable: str) -> int:
    return (ord(syllable) - ord("가")) % 28
