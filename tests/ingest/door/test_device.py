"""User agents as they are met in Korean shops."""

from typing import Any

import pytest

from ingest.door.device import Device, device_of, recognise_device
from ingest.door.draft import Arrival, Draft, SiteRules

ANDROID = "Mozilla/5.0 (Linux; Android 14; SM-S921N) AppleWebKit/537.36 (KHTML, like Gecko) "
WEBVIEW = "Mozilla/5.0 (Linux; Android 14; SM-S921N; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 "
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
IPAD = "Mozilla/5.0 (iPad; CPU OS 16_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
CHROME = WINDOWS + "Chrome/124.0.0.0 Safari/537.36"
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


@pytest.mark.parametrize(
    ("agent", "environment", "os", "browser"),
    [
        (CHROME, "pc_web", "Windows", "Chrome"),
        (WINDOWS + "Chrome/124.0.0.0 Whale/3.25.232.19 Safari/537.36", "pc_web", "Windows", "Whale"),
        (ANDROID + "Chrome/124.0.0.0 Mobile Safari/537.36", "mobile_web", "Android", "Chrome Mobile"),
        (IPHONE + "Version/17.4 Mobile/15E148 Safari/604.1", "mobile_web", "iOS", "Mobile Safari"),
        (IPAD + "Version/16.5 Mobile/15E148 Safari/604.1", "mobile_web", "iOS", "Mobile Safari"),
        (IPHONE + "Mobile/15E148 KAKAOTALK 10.7.5", "mobile_web", "iOS", "KakaoTalk"),
        (WEBVIEW + "Chrome/124 Mobile Safari/537.36 KAKAOTALK 10.4.2", "mobile_web", "Android", "KakaoTalk"),
        (
            WEBVIEW + "Chrome/124 Mobile Safari/537.36 NAVER(inapp; search; 1000; 12.1)",
            "mobile_web",
            "Android",
            "Naver",
        ),
        (IPHONE + "Mobile/15E148 Instagram 320.0.0.42.101", "mobile_web", "iOS", "Instagram"),
        (IPHONE + "Mobile/15E148 [FBAN/FBIOS;FBAV/450.0]", "mobile_web", "iOS", "Facebook"),
        (WEBVIEW + "Chrome/124.0.0.0 Mobile Safari/537.36 DaumApps/7.0", "mobile_web", "Android", "Daum"),
    ],
)
def test_browsers_tell_environment_os_and_browser(agent: str, environment: str, os: str, browser: str) -> None:
    assert device_of(agent) == Device(environment, os, browser, False)


@pytest.mark.parametrize(
    "agent",
    [
        WEBVIEW + "Chrome/124.0.0.0 Mobile Safari/537.36 ShopApp/1.2",
        IPHONE + "Mobile/15E148",
        IPHONE + "Mobile/15E148 Shop/3",
    ],
)
def test_a_web_view_of_no_known_browser_is_the_shops_own_app(agent: str) -> None:
    assert device_of(agent).environment == "hybrid_app"


@pytest.mark.parametrize(
    "agent",
    [
        GOOGLEBOT,
        "Mozilla/5.0 (compatible; Yeti/1.1; +https://naver.me/spd)",
        "Mozilla/5.0 (compatible; Daumoa/4.0)",
        "facebookexternalhit/1.1",
        WINDOWS + "HeadlessChrome/124.0.0.0 Safari/537.36",
        "curl/8.5.0",
        "python-requests/2.32",
    ],
)
def test_machines_are_bots(agent: str) -> None:
    assert device_of(agent).bot


@pytest.mark.parametrize("agent", ["", "x", "\0", "가" * 5_000, "(" * 5_000])
def test_any_text_is_looked_at_without_harm(agent: str) -> None:
    assert device_of(agent) == Device("", "", "", False)


def recognised(
    name: str = "page_view",
    agent: str = "",
    request_agent: str = "",
    server: bool = False,
    app: object = None,
    **told: str,
) -> dict[str, Any]:
    draft = Draft({})
    draft.record = {"name": name, **({"user_agent": agent} if agent else {}), **told}
    draft.told = {"app": app} if app else {}
    recognise_device(draft, Arrival(SiteRules("shop", "KRW"), 0, server, False, request_agent, "203.0.113.9"))
    return draft.record


def test_the_agent_of_the_request_speaks_for_events_that_tell_none() -> None:
    assert recognised(request_agent=CHROME)["environment"] == "pc_web"
    assert recognised(request_agent=CHROME)["ip"] == "203.0.113.9"
    assert recognised(agent=IPAD + "Version/16.5 Safari/604.1", request_agent=CHROME)["environment"] == "mobile_web"
    assert recognised(request_agent=GOOGLEBOT)["bot"]
    assert len(recognised(request_agent="x" * 5_000)["user_agent"]) == 2_000


def test_a_program_that_passes_events_on_says_nothing_of_the_visitor() -> None:
    assert recognised(request_agent="curl/8.5.0") == {"name": "page_view", "ip": "203.0.113.9", "bot": False}
    assert recognised(agent="curl/8.5.0")["bot"]


def test_the_agent_and_address_of_the_shops_server_are_not_the_visitors() -> None:
    assert recognised(request_agent=CHROME, server=True) == {"name": "page_view", "bot": False}


@pytest.mark.parametrize("name", ["purchase", "refund"])
def test_an_order_sent_with_the_secret_key_is_never_a_bots(name: str) -> None:
    assert not recognised(name, agent=GOOGLEBOT, server=True)["bot"]
    assert recognised(name, agent=GOOGLEBOT)["bot"]
    assert recognised("page_view", agent=GOOGLEBOT, server=True)["bot"]


def test_what_the_sender_told_itself_is_kept() -> None:
    record = recognised(agent=CHROME, environment="hybrid_app", os="HarmonyOS", browser="Own")
    assert (record["environment"], record["os"], record["browser"]) == ("hybrid_app", "HarmonyOS", "Own")


def test_an_event_that_tells_of_the_app_is_from_the_app() -> None:
    assert recognised(agent=CHROME, app={"name": "Shop"})["environment"] == "hybrid_app"
