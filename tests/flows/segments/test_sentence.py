"""A segment reads as one sentence, in Korean and in English."""

from __future__ import annotations

from typing import Any

import pytest

from flows.segments.korean import joined, object_, subject, topic, toward
from flows.segments.parse import parse
from flows.segments.sentence import sentence
from tests.flows.segments.visitor_rows import TRAITS


def leaf(field: str, op: str, value: Any = None) -> dict[str, Any]:
    return {"field": field, "op": op, "value": value}


FREQUENT, BUYER, MOBILE = (
    leaf("visits", ">=", 10),
    leaf("has_bought", "is", True),
    leaf("environment", "is", "mobile_web"),
)


@pytest.mark.parametrize(
    ("document", "ko", "en"),
    [
        ({"all": []}, "모든 방문자", "every visitor"),
        (FREQUENT, "방문 횟수가 10회 이상", "visits at least 10"),
        (
            {"all": [FREQUENT, {"not": BUYER}]},
            "방문 횟수가 10회 이상이고 (구매한 적 있음)에 해당하지 않음",
            "visits at least 10 and not (has bought)",
        ),
        (
            {"all": [{"any": [FREQUENT, BUYER]}, MOBILE]},
            "(방문 횟수가 10회 이상이거나 구매한 적 있음)이고 사용 환경이 모바일 웹임",
            "(visits at least 10 or has bought) and environment is mobile web",
        ),
        (
            {"any": [{"all": [MOBILE, BUYER]}, FREQUENT]},
            "(사용 환경이 모바일 웹이고 구매한 적 있음)이거나 방문 횟수가 10회 이상",
            "(environment is mobile web and has bought) or visits at least 10",
        ),
        ({"not": {"all": [FREQUENT]}}, "(방문 횟수가 10회 이상)에 해당하지 않음", "not (visits at least 10)"),
        (
            leaf("visit_stay_seconds", ">=", 353),
            "이번 방문의 체류시간이 5분 53초 이상",
            "stay in this visit at least 5m 53s",
        ),
        (leaf("visit_stay_seconds", "=", 0), "이번 방문의 체류시간이 정확히 0초", "stay in this visit exactly 0s"),
        (leaf("stay_seconds", "<", 3600), "누적 체류시간이 1시간 미만", "total stay under 1h"),
        (
            leaf("last_seen", "after", "2026-10-01T09:00:00+09:00"),
            "마지막 활동이 2026-10-01 09:00 (UTC+09:00) 이후",
            "last activity at or after 2026-10-01 09:00 (UTC+09:00)",
        ),
        (
            leaf("last_seen", "before", "2026-10-01T09:00:07.5Z"),
            "마지막 활동이 2026-10-01 09:00:07.500 (UTC) 전",
            "last activity before 2026-10-01 09:00:07.500 (UTC)",
        ),
        (leaf("last_order_at", "never"), "마지막 구매 기록이 없음", "last order never"),
        (
            leaf("last_seen", "within_last", {"days": 1, "hours": 12}),
            "마지막 활동이 최근 1일 12시간 이내",
            "last activity within the last 1 day 12 hours",
        ),
        (
            leaf("viewed_items", "contains_none", ["A1"]),
            "본 상품이 있으나 그중 'A1'은 없음",
            "viewed items are not empty and do not include 'A1'",
        ),
        (
            leaf("viewed_items", "contains_any", [f"S-{n}" for n in range(9)]),
            "본 상품에 'S-0', 'S-1', 'S-2', 'S-3', 'S-4' 외 4개 중 하나 이상 있음",
            "viewed items include any of 'S-0', 'S-1', 'S-2', 'S-3', 'S-4', 4 more",
        ),
        (
            {"field": "cart_products", "op": "none", "where": {"not": {"all": []}}},
            "장바구니 품목이 있으나 그중 ((무엇이든 해당)에 해당하지 않음)에 해당하는 것은 없음",
            "products in cart are not empty and include none where (not (anything))",
        ),
        (leaf("points", ">=", 1_000), "적립금이 1,000P 이상", "points at least 1,000"),
        (leaf("birthday", "<=", 7), "생일까지 남은 날이 7일 이하", "days until the birthday at most 7"),
        (
            {"all": [leaf("consent_sms", "is", True), leaf("consent_night", "is", False), leaf("visits", ">", 1)]},
            "문자 광고 수신에 동의하고 야간 광고 수신을 거부하고 방문 횟수가 1회 초과",
            "has agreed to ads by SMS and has refused ads at night and visits more than 1",
        ),
        (leaf("trait.score", ">=", 1_234.5), "점수가 1,234.5 이상", "score at least 1,234.5"),
        (leaf("trait.score", "between", [1, 1e15]), "점수가 1 이상 1,000,000,000,000,000 미만", None),
        (leaf("trait.golf", "is", False), "골프가 '아니요'임", "plays golf is false"),
    ],
)
def test_sentences(document: Any, ko: str, en: str | None) -> None:
    tree = parse(document, TRAITS)
    assert sentence(tree, "ko") == ko
    assert en is None or sentence(tree, "en") == en


def test_money_is_said_in_the_currency_of_the_site() -> None:
    tree = parse(leaf("revenue", "between", [1_999, 250_000]))
    assert sentence(tree, "ko") == "누적 구매 금액이 1,999원 이상 250,000원 미만"
    assert sentence(tree, "ko", "USD") == "누적 구매 금액이 19.99 USD 이상 2,500.00 USD 미만"
    assert sentence(tree, "en", "JPY") == "revenue from 1,999 JPY to under 250,000 JPY"
    assert sentence(parse(leaf("revenue", ">", -5)), "en", "USD") == "revenue more than -0.05 USD"


@pytest.mark.parametrize(
    ("word", "as_subject", "as_object", "as_topic", "as_direction"),
    [
        ("횟수", "횟수가", "횟수를", "횟수는", "횟수로"),
        ("상품", "상품이", "상품을", "상품은", "상품으로"),
        ("채널", "채널이", "채널을", "채널은", "채널로"),
        ("'신발'", "'신발'이", "'신발'을", "'신발'은", "'신발'로"),
        ("A-1", "A-1이", "A-1을", "A-1은", "A-1로"),
        ("A-2", "A-2가", "A-2를", "A-2는", "A-2로"),
        ("A-3", "A-3이", "A-3을", "A-3은", "A-3으로"),
        ("iOS", "iOS", "iOS", "iOS", "iOS(으)로"),
        ("회원 ID", "회원 ID가", "회원 ID를", "회원 ID는", "회원 ID로"),
        ("1,000P", "1,000P가", "1,000P를", "1,000P는", "1,000P로"),
        ("UTM", "UTM이", "UTM을", "UTM은", "UTM으로"),
        ("URL", "URL이", "URL을", "URL은", "URL로"),
        ("'VIP'", "'VIP'", "'VIP'", "'VIP'", "'VIP'(으)로"),
        ("", "", "", "", "(으)로"),
    ],
)
def test_particles_follow_the_last_sound(
    word: str, as_subject: str, as_object: str, as_topic: str, as_direction: str
) -> None:
    assert (subject(word), object_(word), topic(word), toward(word)) == (as_subject, as_object, as_topic, as_direction)


def test_all_but_the_last_phrase_take_a_connective_ending() -> None:
    phrases = ["있음", "없음", "'A'임", "아님", "포함", "로 시작", "지남", "해당하지 않음", "10회 이상", "끝"]
    said = "있고 없고 'A'이고 아니고 포함하고 로 시작하고 지나고 해당하지 않고 10회 이상이고 끝"
    assert joined(phrases, "고") == said
