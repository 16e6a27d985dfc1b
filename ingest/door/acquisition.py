"""Step 5, acquisition: url and referrer -> utm fields, search keyword and channel."""

from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from ingest.door.draft import Arrival, Draft
from ingest.vocabulary import TEXT_CHARACTERS_MAX

_UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")

#: Search engines by a label of the host name, and the parameters their result pages keep the words in.
_ENGINES: dict[str, tuple[str, ...]] = {
    "naver": ("query",),
    "daum": ("q",),
    "google": ("q",),
    "bing": ("q",),
    "zum": ("query", "q"),
    "yahoo": ("p",),
    "nate": ("q",),
    "duckduckgo": ("q",),
    "baidu": ("wd", "word"),
    "yandex": ("text",),
}
#: Hosts of those companies that are no search: mail, blogs, shopping and the like come first in the name.
_SEARCH_LABELS = frozenset({"www", "m", "search", "cn"})
_MAIL_LABELS = frozenset({"mail", "webmail", "outlook"})
_SOCIAL_HOSTS = frozenset(
    {
        "facebook.com",
        "fb.com",
        "instagram.com",
        "threads.net",
        "threads.com",
        "twitter.com",
        "x.com",
        "t.co",
        "youtube.com",
        "youtu.be",
        "tiktok.com",
        "pinterest.com",
        "linkedin.com",
        "band.us",
        "story.kakao.com",
        "blog.naver.com",
        "cafe.naver.com",
        "cafe.daum.net",
        "brunch.co.kr",
        "tistory.com",
    }
)
_SOCIAL_SOURCES = frozenset(
    {"facebook", "fb", "instagram", "ig", "meta", "threads", "twitter", "x", "youtube", "tiktok", "pinterest", "band"}
)
_PAID_MEDIUMS = frozenset(
    {"cpc", "ppc", "paidsearch", "paid_search", "paid-search", "sem", "sa", "searchad", "powerlink"}
)
_ORGANIC_MEDIUMS = frozenset({"organic", "seo"})
_SOCIAL_MEDIUMS = frozenset(
    {"social", "sns", "social-network", "social_network", "social-media", "paid_social", "paidsocial", "paid-social"}
)
_EMAIL_MEDIUMS = frozenset({"email", "e-mail", "mail", "newsletter", "edm"})
_MESSAGE_MEDIUMS = frozenset(
    {"message", "sms", "lms", "mms", "rcs", "push", "kakao", "alimtalk", "friendtalk", "brandtalk", "brandmessage"}
)
_MESSAGE_SOURCES = frozenset({"kakao", "kakaotalk", "alimtalk", "friendtalk", "sms", "lms", "mms", "rcs"})
#: Parameters that an advertising system adds to a landing page: Google, Microsoft, Naver.
_PAID_PARAMETERS = frozenset({"gclid", "gbraid", "wbraid", "msclkid", "n_ad", "n_keyword_id", "NaPm"})


class Acquisition(NamedTuple):
    """Where a page call came from; '' is absent. `utm` is in the order source, medium, campaign, term, content."""

    channel: str
    search_keyword: str
    utm: tuple[str, str, str, str, str]


def find_acquisition(draft: Draft, arrival: Arrival) -> None:
    """Adds utm fields of the url, search keyword and channel to an event that has a url, a referrer or a utm source.
    What the sender told itself is kept."""
    record = draft.record
    url = record.get("url", "")
    referrer = record.get("referrer", "")
    source, medium = record.get("utm_source", ""), record.get("utm_medium", "")
    if not (url or referrer or source or medium):
        return
    found = acquisition(url, referrer, source, medium)
    _fill(record, "channel", found.channel)
    _fill(record, "search_keyword", found.search_keyword)
    for field, value in zip(_UTM, found.utm, strict=True):
        _fill(record, field, value)


def _fill(record: dict[str, Any], field: str, value: str) -> None:
    if value and field not in record:
        record[field] = value


@lru_cache(maxsize=4096)
def acquisition(url: str, referrer: str, utm_source: str = "", utm_medium: str = "") -> Acquisition:
    """The acquisition of a page call with this url and referrer; utm source and medium, if told apart, override.

    The channel is decided by utm medium and source first, then by advertising parameters, then by the referrer:
    organic_search, social, email, referral, internal (same host, `www.` and `m.` aside) or direct.
    """
    host, parameters = _taken_apart(url)
    from_host, from_parameters = _taken_apart(referrer)
    utm = (
        parameters.get("utm_source", ""),
        parameters.get("utm_medium", ""),
        parameters.get("utm_campaign", ""),
        parameters.get("utm_term", ""),
        parameters.get("utm_content", ""),
    )
    engine = _engine(from_host, from_parameters)
    keyword = next((from_parameters[name] for name in _ENGINES.get(engine, ()) if from_parameters.get(name)), "")
    if not keyword and not parameters.keys().isdisjoint(_PAID_PARAMETERS):
        keyword = parameters.get("n_query", "")
    channel = _channel_of_campaign((utm_source or utm[0]).lower(), (utm_medium or utm[1]).lower())
    if not channel:
        if not parameters.keys().isdisjoint(_PAID_PARAMETERS):
            channel = "paid_search"
        elif "fbclid" in parameters:
            channel = "social"
        else:
            channel = _channel_of_referrer(host, from_host, engine, referrer)
    return Acquisition(channel, keyword, utm)


def _taken_apart(url: str) -> tuple[str, dict[str, str]]:
    """Host without `www.`/`m.`, and the parameters (first of each name, cut at 2,000 characters)."""
    if not url:
        return "", {}
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").removeprefix("www.").removeprefix("m.")
    except ValueError:
        return "", {}
    pairs = parse_qsl(parts.query) if parts.query else []
    parameters: dict[str, str] = {}
    for name, value in pairs:
        parameters.setdefault(name, value[:TEXT_CHARACTERS_MAX])
    return host, parameters


def _engine(host: str, parameters: dict[str, str]) -> str:
    labels = host.split(".")
    for position, label in enumerate(labels[:-1]):
        words = _ENGINES.get(label)
        if words is None:
            continue
        if all(before in _SEARCH_LABELS for before in labels[:position]):
            return label
        if any(parameters.get(word) for word in words) and not _MAIL_LABELS.intersection(labels[:position]):
            return label
    return ""


def _channel_of_campaign(source: str, medium: str) -> str:
    if medium in _PAID_MEDIUMS:
        return "social" if source in _SOCIAL_SOURCES else "paid_search"
    if medium in _SOCIAL_MEDIUMS:
        return "social"
    if medium in _EMAIL_MEDIUMS:
        return "email"
    if medium in _MESSAGE_MEDIUMS or source in _MESSAGE_SOURCES:
        return "message"
    if medium in _ORGANIC_MEDIUMS:
        return "organic_search"
    if source in _SOCIAL_SOURCES:
        return "social"
    if source in _EMAIL_MEDIUMS:
        return "email"
    return "referral" if source or medium else ""


def _channel_of_referrer(host: str, from_host: str, engine: str, referrer: str) -> str:
    if not referrer:
        return "direct"
    if from_host and from_host == host:
        return "internal"
    if _SOCIAL_HOSTS.intersection(_endings(from_host)):
        return "social"
    if engine:
        return "organic_search"
    if _MAIL_LABELS.intersection(from_host.split(".")):
        return "email"
    return "referral"


def _endings(host: str) -> list[str]:
    """`a.b.c` -> `a.b.c`, `b.c`, `c`."""
    labels = host.split(".")
    return [".".join(labels[position:]) for position in range(len(labels))]
