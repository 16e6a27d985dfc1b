"""Who comes to the demo shop, with what in hand, and from where."""

from dataclasses import dataclass, field
from random import Random
from typing import Any, Final
from urllib.parse import quote

from ingest.demo.catalogue import SHOP, Product

_ANDROID: Final = "Mozilla/5.0 (Linux; Android {os}; {model}{wv}) AppleWebKit/537.36 (KHTML, like Gecko) "
_APPLE: Final = "Mozilla/5.0 (iPhone; CPU iPhone OS {os} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
_CHROME_MOBILE: Final = "Chrome/{chrome}.0.0.0 Mobile Safari/537.36"
_SAMSUNG: Final = "SamsungBrowser/24.0 Chrome/117.0.0.0 Mobile Safari/537.36"
_IPHONE_SAFARI: Final = "Version/17.4 Mobile/15E148 Safari/604.1"
_WINDOWS: Final = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
_MAC: Final = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "

#: (share, user agent, version of the shop's app or '')
_DEVICES: Final[tuple[tuple[int, str, str], ...]] = (
    (20, _ANDROID.format(os="14", model="SM-S921N", wv="") + _CHROME_MOBILE.format(chrome=124), ""),
    (12, _ANDROID.format(os="13", model="SM-A546S", wv="") + _SAMSUNG, ""),
    (22, _APPLE.format(os="17_4") + _IPHONE_SAFARI, ""),
    (8, _APPLE.format(os="17_2") + "Mobile/15E148 KAKAOTALK 10.7.5", ""),
    (5, _APPLE.format(os="16_6") + "Mobile/15E148 Instagram 320.0.0.42.101", ""),
    (
        4,
        _ANDROID.format(os="14", model="SM-S928N", wv="; wv") + "Version/4.0 Chrome/124.0.0.0 NAVER(inapp; search)",
        "",
    ),
    (7, _ANDROID.format(os="14", model="SM-F741N", wv="; wv") + "Version/4.0 Chrome/124.0.0.0 DemoShop/3.2.0", "3.2.0"),
    (5, _APPLE.format(os="17_4") + "Mobile/15E148 DemoShop/3.1.4", "3.1.4"),
    (11, _WINDOWS + "Chrome/124.0.0.0 Safari/537.36", ""),
    (3, _WINDOWS + "Chrome/124.0.0.0 Whale/3.25.232.19 Safari/537.36", ""),
    (3, _MAC + "Version/17.4 Safari/605.1.15", ""),
)
_BOTS: Final = (
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; Yeti/1.1; +https://naver.me/spd)",
    "Mozilla/5.0 (X11; Linux x64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/124.0.0.0 Safari/537.36",
)

SEARCH_TERMS: Final = (
    "니트",
    "가디건",
    "코트",
    "운동화",
    "선크림",
    "텀블러",
    "가방",
    "이불",
    "선물",
    "양말",
    "슬랙스",
    "세럼",
)
_WORDS_ELSEWHERE: Final = ("가을 니트 추천", "데일리 가방", "집들이 선물", "와이드 슬랙스", "수분크림 순위", "데모샵")


@dataclass(slots=True)
class Person:
    """A visitor of the demo shop, which is a device; the cart lasts from visit to visit."""

    visitor_id: str
    user_agent: str
    app_version: str
    clock_ahead_ms: int
    member_id: str = ""
    account: str = ""  # the member who will log in here: it is his second device
    cart: dict[str, tuple[Product, int]] = field(default_factory=dict)

    @property
    def context(self) -> dict[str, Any]:
        context: dict[str, Any] = {"user_agent": self.user_agent, "locale": "ko-KR"}
        if self.app_version:
            context["app"] = {"name": "DemoShop", "version": self.app_version}
        return context


def new_person(random: Random, visitor_id: str) -> Person:
    """Someone never seen; one in thirty has a clock that is minutes to hours wrong, one in seventy is a bot."""
    if random.random() < 1 / 70:
        return Person(visitor_id, random.choice(_BOTS), "", 0)
    shares = [share for share, _, _ in _DEVICES]
    _, user_agent, app_version = random.choices(_DEVICES, shares)[0]
    wrong_clock = random.random() < 1 / 30
    return Person(visitor_id, user_agent, app_version, random.randint(-3, 3) * 1_900_000 if wrong_clock else 0)


def is_bot(person: Person) -> bool:
    return person.user_agent in _BOTS


def entry(random: Random, person: Person, landing: str) -> tuple[str, str]:
    """(url, referrer) of a visit's first page, which is `landing` and what campaigns add to it."""
    if is_bot(person):
        return landing, ""
    if person.app_version:
        return (_campaign(landing, "app", "push", "weekend_deal"), "") if random.random() < 0.3 else (landing, "")
    words = quote(random.choice(_WORDS_ELSEWHERE))
    return random.choices(
        (
            (landing, ""),
            (landing, f"https://m.search.naver.com/search.naver?query={words}"),
            (
                f"{landing}?n_media=27758&n_query={words}&n_ad=nad-a001",
                f"https://search.naver.com/search.naver?query={words}",
            ),
            (landing, "https://www.google.com/"),
            (landing, f"https://search.daum.net/search?q={words}"),
            (_campaign(landing, "instagram", "social", "autumn_lookbook"), "https://l.instagram.com/"),
            (_campaign(landing, "kakao", "message", "friend_coupon"), ""),
            (_campaign(landing, "newsletter", "email", "new_arrivals"), "https://mail.naver.com/"),
            (landing, "https://style-note.example/posts/12"),
            (landing, f"{SHOP}/"),
        ),
        (26, 22, 9, 7, 4, 12, 9, 3, 4, 4),
    )[0]


def _campaign(landing: str, source: str, medium: str, campaign: str) -> str:
    return f"{landing}?utm_source={source}&utm_medium={medium}&utm_campaign={campaign}"
