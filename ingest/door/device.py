"""Step 6, device and bots: the user agent -> environment, os, browser; and whether it is a machine's."""

import re
from functools import lru_cache
from typing import NamedTuple

from ua_parser import parse

from ingest.door.draft import Arrival, Draft
from ingest.vocabulary import ORDER_EVENTS, TEXT_CHARACTERS_MAX

_PARSED_CHARACTERS = 1_000
_MOBILE_SYSTEMS = frozenset(
    {"iOS", "iPadOS", "Android", "Windows Phone", "Windows Mobile", "Tizen", "KaiOS", "HarmonyOS"}
)

#: Machines that ua-parser does not call a spider: browsers without a screen, checks of availability and speed.
_BOT = re.compile(
    r"headless|phantomjs|puppeteer|playwright|selenium|webdriver|lighthouse|gtmetrix|pingdom|uptimerobot|site24x7"
    r"|statuscake|datadog|prerender|scrapy|crawler|spider|\bbot\b|bot/|yeti/|daumoa|facebookexternalhit|kakaotalk-scrap",
    re.IGNORECASE,
)
#: Programs that call us over HTTP. Told by an event, one of these is a bot. As the agent of the request it says nothing
#: of the visitor: a program that passes events on.
_PROGRAM = re.compile(
    r"^(curl|wget|python|httpx|aiohttp|go-http-client|java/|apache-httpclient|libwww-perl|ruby|php|guzzlehttp|node|axios"
    r"|undici|got|postmanruntime|insomnia|httpie|testclient|schemathesis|dart/)",
    re.IGNORECASE,
)
#: Browsers inside another company's app: web, not the shop's own app.
_IN_APP = {
    "KAKAOTALK": "KakaoTalk",
    "KAKAOSTORY": "KakaoStory",
    "NAVER(inapp": "Naver",
    "DaumApps": "Daum",
    "Instagram": "Instagram",
    "FBAN": "Facebook",
    "FBAV": "Facebook",
    "FB_IAB": "Facebook",
    "Line/": "LINE",
    "BAND/": "Band",
    "Twitter": "Twitter",
    "musical_ly": "TikTok",
    "BytedanceWebview": "TikTok",
    "Pinterest": "Pinterest",
    "LinkedInApp": "LinkedIn",
    "MicroMessenger": "WeChat",
    "Snapchat": "Snapchat",
    "everytimeApp": "Everytime",
    "GSA/": "Google",
}
_APPLE_MOBILE = ("iPhone", "iPad", "iPod")


class Device(NamedTuple):
    """What a user agent tells; '' is absent."""

    environment: str
    os: str
    browser: str
    bot: bool


_UNKNOWN = Device("", "", "", False)


def recognise_device(draft: Draft, arrival: Arrival) -> None:
    """Adds environment, os, browser and `bot`; what the sender told itself is kept.

    The agent is the event's own or, for events from a page (not with the secret key), the request's. Orders sent with
    the secret key are never a bot's.
    """
    record = draft.record
    agent = record.get("user_agent", "")
    if not arrival.server:
        if not agent and arrival.user_agent and not _PROGRAM.match(arrival.user_agent):
            agent = record["user_agent"] = arrival.user_agent[:TEXT_CHARACTERS_MAX]
        if arrival.ip and "ip" not in record:
            record["ip"] = arrival.ip[:TEXT_CHARACTERS_MAX]
    device = device_of(agent) if agent else _UNKNOWN
    environment = device.environment
    if environment != "hybrid_app" and draft.told.get("app"):
        environment = "hybrid_app"
    if environment and "environment" not in record:
        record["environment"] = environment
    if device.os and "os" not in record:
        record["os"] = device.os
    if device.browser and "browser" not in record:
        record["browser"] = device.browser
    record["bot"] = device.bot and not (arrival.server and record["name"] in ORDER_EVENTS)


def device_of(agent: str) -> Device:
    """Environment (a tablet is `mobile_web`), os and browser family; of the agent 1,000 characters are looked at."""
    return _parsed(agent[:_PARSED_CHARACTERS])


@lru_cache(maxsize=10_000)
def _parsed(agent: str) -> Device:
    result = parse(agent)
    os = result.os.family if result.os else ""
    browser = result.user_agent.family if result.user_agent else ""
    hardware = result.device.family if result.device else ""
    bot = hardware == "Spider" or _BOT.search(agent) is not None or _PROGRAM.match(agent) is not None
    in_app = next((name for mark, name in _IN_APP.items() if mark in agent), "")
    if not in_app and _is_webview(agent):
        environment = "hybrid_app"
    elif os in _MOBILE_SYSTEMS or (os and "Mobile" in agent):
        environment = "mobile_web"
    elif os:
        environment = "pc_web"
    else:
        environment = ""
    return Device(environment, os, in_app or browser, bot)


def _is_webview(agent: str) -> bool:
    """Android says `; wv)`; on iOS only Safari itself and other browsers, not an app's web view, say `Safari/`."""
    if "; wv)" in agent:
        return True
    return "AppleWebKit" in agent and "Safari/" not in agent and any(name in agent for name in _APPLE_MOBILE)
