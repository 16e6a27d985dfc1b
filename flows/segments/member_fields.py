"""Fields about members: who they are and what the shop told of them, their coupons and their consents."""

from __future__ import annotations

from flows.segments.columns import (
    Always,
    AtLeast,
    Compare,
    Condition,
    DaysToBirthday,
    Distinct,
    Either,
    Every,
    Exists,
    Fixed,
    Instant,
    Maybe,
    Now,
    OneOf,
    Opposite,
    Present,
    Sum,
    Text,
    Whole,
)
from flows.segments.field import Field, days, leaf, number, records, string, time, truth
from flows.segments.sources import Truth

CHANNELS = (
    ("sms", "문자 광고", "ads by SMS"),
    ("kakao", "카카오톡 광고", "ads by KakaoTalk"),
    ("push", "푸시 광고", "ads by push"),
    ("email", "이메일 광고", "ads by email"),
    ("night", "야간 광고", "ads at night"),
)

_EXPIRES_AT = Instant("coupon_expires_at")
_USABLE = Every(
    (
        Compare(Always("coupon_used_at"), "=", Fixed(0)),
        Either((Opposite(Present(_EXPIRES_AT)), Compare(_EXPIRES_AT, ">", Now()))),
    )
)
_COUPON = (
    string("id", "record", "쿠폰 ID", "coupon id", Text("coupon_id"), "C-1"),
    string("name", "record", "이름", "name", Text("coupon_name"), "장바구니 20%"),
    time("issued_at", "record", "발급 시각", "issued", Instant("coupon_issued_at")),
    time("expires_at", "record", "만료 시각", "expiry", _EXPIRES_AT),
    days("expires_in", "record", "만료까지 남은 날", "days until it expires", _EXPIRES_AT, 3),
)
_TOLD_PART = Present(Text("part_row"))  # the others lost their events to somebody else


def member_fields() -> list[Field]:
    """The member, and what the shop told of him."""
    return [
        truth(
            "logged_in",
            "member",
            "로그인 경험",
            "has logged in",
            Present(Text("member_id")),
            ("로그인한 적 있음", "로그인한 적 없음", "has logged in", "has never logged in"),
        ),
        string("member_id", "member", "회원 ID", "member id", Text("member_id"), "member-7"),
        number(
            "devices",
            "member",
            "기기 수",
            "devices",
            AtLeast(Distinct(Text("part_visitor"), _TOLD_PART), 1),  # a visitor nobody knows is one device
            "devices",
            2,
        ),
        string("grade", "member", "등급", "grade", Text("member_grade"), "VIP"),
        number("points", "member", "적립금", "points", Maybe("member_points"), "points", 1000),
        time("joined_at", "member", "가입", "joined", Instant("member_joined_at", True)),
        days(
            "birthday",
            "member",
            "생일까지 남은 날",
            "days until the birthday",
            DaysToBirthday("member_birthday_day"),
            7,
        ),
        time("last_login_at", "member", "마지막 로그인", "last login", Instant("login_at")),
        time("member_data_at", "member", "회원 정보 기준 시각", "member data as of", Instant("member_as_of", True)),
    ]


def coupon_fields() -> list[Field]:
    """Coupons that can be used: neither used nor expired."""
    return [
        truth(
            "has_coupon",
            "coupon",
            "쿠폰 보유",
            "has a coupon",
            Exists(_USABLE),
            ("쓸 수 있는 쿠폰이 있음", "쓸 수 있는 쿠폰이 없음", "has a usable coupon", "has no usable coupon"),
        ),
        number(
            "usable_coupons",
            "coupon",
            "쓸 수 있는 쿠폰 수",
            "number of usable coupons",
            Sum(Fixed(1), _USABLE),
            "coupons",
            1,
        ),
        records(
            "coupons",
            "coupon",
            "쓸 수 있는 쿠폰",
            "usable coupons",
            _USABLE,
            _COUPON,
            {"all": [leaf("name", "is", "장바구니 20%"), leaf("expires_in", "<=", 3)]},
        ),
    ]


def consent_fields() -> list[Field]:
    """What the member allowed; absent while nobody said."""
    channels = [
        truth(
            f"consent_{channel}",
            "consent",
            f"{ko} 수신 동의",
            f"consent to {en}",
            Truth(_consented(channel, 1), _consented(channel)),
            (f"{ko} 수신에 동의함", f"{ko} 수신을 거부함", f"has agreed to {en}", f"has refused {en}"),
        )
        for channel, ko, en in CHANNELS
    ]
    friend = truth(
        "kakao_friend",
        "consent",
        "카카오톡 채널 친구",
        "Kakao channel friend",
        Truth(Compare(Maybe("kakao_friend"), ">", Fixed(0)), Present(Maybe("kakao_friend"))),
        (
            "카카오톡 채널 친구임",
            "카카오톡 채널 친구가 아님",
            "is a Kakao channel friend",
            "is no Kakao channel friend",
        ),
    )
    return [*channels, friend]


def _consented(channel: str, granted: int | None = None) -> Condition:
    """Whether something was said of a channel; with `granted`, whether that was it."""
    said: Condition = OneOf(Text("consent_channel"), (channel,))
    if granted is not None:
        said = Every((said, Compare(Whole("consent_granted"), "=", Fixed(granted))))
    return Exists(said)
